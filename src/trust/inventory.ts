import { UsherError } from '#base';
import { hostsOf, type Host, type Role, type Topology } from '#topology';
import { TrustAnchors } from './anchors.ts';
import {
  describeCertificate,
  readCertificates,
  type CertificateDescription,
} from './certificate.ts';
import { credentialFiles, loadCredentials, type Finding } from './credentials.ts';
import { bringsItsOwn, hostState, ownAnchors, type HostState } from './pki.ts';
import type { Revocation } from './revocation.ts';
import { pkiPaths, readIfThere } from './store.ts';

/** How one host stands: the worst that is known of its certificate. */
export interface HostInventory {
  readonly fqdn: string;
  readonly role: Role;
  readonly file: string;
  readonly certificate: CertificateDescription | undefined;
  /** `good`, what the next renewal mends, or what peers object to. */
  readonly state: HostState | Finding['code'] | 'unusable';
  readonly findings: readonly Pick<Finding, 'message' | 'remedy'>[];
}

/** Everything `usher pki show` knows. */
export interface Inventory {
  readonly ca: {
    readonly file: string;
    /** True for the CA Usher made. */
    readonly own: boolean;
    readonly certificates: readonly CertificateDescription[];
  };
  readonly revocations: {
    readonly file: string;
    readonly thisUpdate: Date | undefined;
    readonly nextUpdate: Date | undefined;
    readonly revoked: readonly Revocation[];
  };
  readonly hosts: readonly HostInventory[];
}

/** Reads CA, revocation lists and the certificate of every host; changes nothing. */
export async function inventory(
  stateDirectory: string,
  topology: Topology,
  now: Date,
): Promise<Inventory> {
  const { ca, crl } = credentialFiles(stateDirectory, topology, '');
  const caText = await readIfThere(ca);
  const anchors =
    caText === undefined ? undefined : new TrustAnchors(caText, await readIfThere(crl));
  const lists = anchors?.authorities.flatMap((each) => anchors.listsOf(each)) ?? [];
  const hosts: HostInventory[] = [];
  for (const host of hostsOf(topology)) {
    hosts.push(await inspect(stateDirectory, topology, host, now));
  }
  return {
    ca: {
      file: ca,
      own: topology.trust.caFile === undefined,
      certificates: (anchors?.authorities ?? []).map(describeCertificate),
    },
    revocations: {
      file: crl,
      thisUpdate: lists[0]?.thisUpdate,
      nextUpdate: lists[0]?.nextUpdate,
      revoked: lists.flatMap((list) => [...list.revoked.values()]),
    },
    hosts,
  };
}

async function inspect(
  stateDirectory: string,
  topology: Topology,
  host: Host,
  now: Date,
): Promise<HostInventory> {
  const { certificate: file } = credentialFiles(stateDirectory, topology, host.fqdn);
  const about = { fqdn: host.fqdn, role: host.role, file };
  const pem = await readIfThere(file);
  if (pem === undefined) {
    return { ...about, certificate: undefined, state: 'missing', findings: [] };
  }
  try {
    const { findings = [] } = await loadCredentials(stateDirectory, topology, host.fqdn, { now });
    const state =
      findings[0]?.code ?? (await renewalState(stateDirectory, topology, host, now)) ?? 'good';
    return { ...about, certificate: describeCertificate(pem), state, findings };
  } catch (error) {
    if (!(error instanceof UsherError)) throw error;
    const finding = { message: error.message, remedy: error.remedy };
    return { ...about, certificate: describe(pem), state: 'unusable', findings: [finding] };
  }
}

/** What the next `ensurePki` would find; undefined where certificates come from outside. */
async function renewalState(
  stateDirectory: string,
  topology: Topology,
  host: Host,
  now: Date,
): Promise<HostState | undefined> {
  if (bringsItsOwn(topology)) return undefined;
  const paths = pkiPaths(stateDirectory);
  const anchors = await ownAnchors(paths);
  return anchors === undefined ? undefined : await hostState(paths, anchors, topology, host, now);
}

function describe(pem: string): CertificateDescription | undefined {
  try {
    const [certificate] = readCertificates(pem);
    return certificate === undefined ? undefined : describeCertificate(certificate);
  } catch {
    // The caller reports the file as unusable, in OpenSSL's words.
    return undefined;
  }
}
