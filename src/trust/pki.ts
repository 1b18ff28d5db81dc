import { randomBytes, X509Certificate } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UsherError } from '#base';
import { findHost, hostsOf, type Host, type Topology } from '#topology';
import { TrustAnchors } from './anchors.ts';
import {
  createAuthority,
  issueCertificate,
  signRevocationList,
  type KeyAndCertificate,
} from './authority.ts';
import { describeCertificate, identitiesOf, type CertificateDescription } from './certificate.ts';
import { parseChain, parseKey } from './credentials.ts';
import { distributionPointOf, namesOf } from './names.ts';
import { normalSerial, type Revocation, type RevocationReason } from './revocation.ts';
import {
  makePrivateDirectory,
  pkiPaths,
  readIfThere,
  withPkiLock,
  writeAtomically,
  type PkiPaths,
} from './store.ts';

const day = 86_400_000;
/** A certificate or list with less time left than this is replaced. */
const renewalWindow = 30 * day;

/** How a host's certificate in the state directory stands. */
export type HostState =
  | 'good'
  | 'missing'
  /** Less than 30 days left. */
  | 'due'
  /** The topology names the host differently now. */
  | 'names-changed'
  /** The key is gone or is another certificate's. */
  | 'key-mismatch'
  /** Revoked by this CA; only `issueHost` replaces it. */
  | 'revoked'
  /** Not of this CA, or not readable: somebody put it there, so it stays. */
  | 'foreign';

/** What `ensurePki` did and what it left alone. */
export interface PkiReport {
  /** True when there was no CA before. */
  readonly created: boolean;
  /** Hosts that got a new certificate. */
  readonly issued: string[];
  /** Hosts whose certificate is not replaced although the proof may object to it. */
  readonly kept: { readonly fqdn: string; readonly state: HostState }[];
}

/** True when the certificates come from outside: Usher then neither makes a CA nor issues. */
export function bringsItsOwn(topology: Topology): boolean {
  return topology.trust.caFile !== undefined || topology.trust.certificateDirectory !== undefined;
}

/**
 * Brings the state directory to what the topology needs: a CA, a revocation list, a certificate
 * for every host; renews what has less than 30 days left or names the host differently. Idempotent;
 * two processes may do it at once. A certificate somebody else put in place, and one that is
 * revoked, stays and is reported as kept.
 *
 * @param options `all` renews every certificate of this CA, however long it lasts
 * @throws UsherError `USHER_PKI_*` when the state directory or the CA cannot be used
 */
export async function ensurePki(
  stateDirectory: string,
  topology: Topology,
  now: Date,
  options: { readonly all?: boolean } = {},
): Promise<PkiReport> {
  if (bringsItsOwn(topology)) return { created: false, issued: [], kept: [] };
  return await withPkiLock(pkiPaths(stateDirectory), async () => {
    const paths = pkiPaths(stateDirectory);
    const { authority, created } = await openOrCreate(paths, topology, now);
    const anchors = await refreshList(paths, authority, now);
    const issued: string[] = [];
    const kept: { fqdn: string; state: HostState }[] = [];
    for (const host of hostsOf(topology)) {
      const state = await hostState(paths, anchors, topology, host, now);
      if (state === 'good' && options.all !== true) continue;
      if (state === 'foreign' || state === 'revoked') kept.push({ fqdn: host.fqdn, state });
      else {
        await issueInto(paths, authority, topology, host, now);
        issued.push(host.fqdn);
      }
    }
    return { created, issued, kept };
  });
}

/**
 * Issues a new certificate to one host, whatever its present one is. The old one stays valid until
 * it ends: revoke it when its key is lost.
 *
 * @param options `replaceForeign` replaces a certificate that is not of this CA
 * @throws UsherError `USHER_PKI_FOREIGN` when that is not given and needed
 */
export async function issueHost(
  stateDirectory: string,
  topology: Topology,
  fqdn: string,
  now: Date,
  options: { readonly replaceForeign?: boolean } = {},
): Promise<CertificateDescription> {
  const host = requireHost(topology, fqdn);
  const paths = pkiPaths(stateDirectory);
  if (bringsItsOwn(topology)) throw notOurs(paths);
  return await withPkiLock(paths, async () => {
    const { authority } = await openOrCreate(paths, topology, now);
    const anchors = await refreshList(paths, authority, now);
    const state = await hostState(paths, anchors, topology, host, now);
    if (state === 'foreign' && options.replaceForeign !== true) {
      throw new UsherError(
        'USHER_PKI_FOREIGN',
        `${join(paths.hosts, `${fqdn}.crt`)} was not issued by this CA and is not replaced unasked`,
        { remedy: `To replace it and its key: usher pki issue ${fqdn} --force` },
      );
    }
    return describeCertificate(await issueInto(paths, authority, topology, host, now));
  });
}

/** What to revoke: every certificate a host ever got, or one by its serial number. */
export type RevocationTarget = { readonly fqdn: string } | { readonly serial: string };

/**
 * Puts certificates on the revocation list and signs it anew. Running servers refuse the holder
 * from their next reload on; `ensurePki` does not replace what is revoked.
 *
 * @returns the certificates newly revoked; empty when all were on the list already
 * @throws UsherError `USHER_PKI_UNKNOWN_CERTIFICATE` when the CA issued no such certificate
 */
export async function revokeCertificates(
  stateDirectory: string,
  target: RevocationTarget,
  reason: RevocationReason,
  now: Date,
): Promise<CertificateDescription[]> {
  const paths = pkiPaths(stateDirectory);
  return await withPkiLock(paths, async () => {
    const authority = await openAuthority(paths);
    if (authority === undefined) throw notOurs(paths);
    const found = await issuedTo(paths, target);
    if (found.length === 0) {
      throw new UsherError(
        'USHER_PKI_UNKNOWN_CERTIFICATE',
        `this CA has issued no certificate to ${'fqdn' in target ? target.fqdn : target.serial}`,
        { remedy: 'See what it has issued: usher pki show' },
      );
    }
    const listed = revocationsOf(await readAnchors(paths, authority.certificate));
    const fresh = found.filter(
      (each) => !listed.has(each.serial) && each.notAfter.getTime() > now.getTime(),
    );
    for (const { serial } of fresh) listed.set(serial, { serial, at: now, reason });
    if (fresh.length > 0) await writeList(paths, authority, listed.values(), now);
    return fresh;
  });
}

/** How a host's certificate under the state directory stands against the CA there. */
export async function hostState(
  paths: PkiPaths,
  anchors: TrustAnchors,
  topology: Topology,
  host: Host,
  now: Date,
): Promise<HostState> {
  const pem = await readIfThere(join(paths.hosts, `${host.fqdn}.crt`));
  if (pem === undefined) return 'missing';
  const certificate = tryParse(pem);
  if (certificate === undefined) return 'foreign';
  const fault = anchors.judge(certificate, [], now.getTime());
  if (fault?.code === 'revoked') return 'revoked';
  // An expired certificate of ours is due; every other fault means somebody else made it.
  if (fault !== undefined && fault.code !== 'expired') return 'foreign';
  const key = await readIfThere(join(paths.hosts, `${host.fqdn}.key`));
  if (key === undefined || !keyFits(certificate, key)) return 'key-mismatch';
  if (certificate.validToDate.getTime() - now.getTime() < renewalWindow) return 'due';
  const wanted = namesOf(topology, host);
  const changed =
    new Set(wanted.names).symmetricDifference(new Set(identitiesOf(certificate))).size > 0 ||
    certificate.subject !== `CN=${wanted.subject}`;
  return changed ? 'names-changed' : 'good';
}

/**
 * The anchors of the CA under the state directory, or undefined when there is none. Needs no key:
 * the hosts of a deployment have the certificate alone.
 */
export async function ownAnchors(paths: PkiPaths): Promise<TrustAnchors | undefined> {
  const certificate = await readIfThere(paths.caCertificate);
  return certificate === undefined ? undefined : await readAnchors(paths, certificate);
}

/** @throws UsherError `USHER_UNKNOWN_HOST` */
export function requireHost(topology: Topology, fqdn: string): Host {
  const host = findHost(topology, fqdn);
  if (host !== undefined) return host;
  throw new UsherError('USHER_UNKNOWN_HOST', `${fqdn} is no host of the topology`, {
    remedy: `Name one of: ${hostsOf(topology)
      .map((each) => each.fqdn)
      .join(', ')}`,
  });
}

async function openOrCreate(
  paths: PkiPaths,
  topology: Topology,
  now: Date,
): Promise<{ authority: KeyAndCertificate; created: boolean }> {
  const there = await openAuthority(paths);
  if (there !== undefined) return { authority: there, created: false };
  // The random part tells two CAs of one topology apart, for people and for OpenSSL.
  const name = `Usher CA ${randomBytes(3).toString('hex')} of ${topology.name}`;
  const authority = await createAuthority(name, now);
  await writeAtomically(paths.caKey, authority.key, 0o600);
  await writeAtomically(paths.caCertificate, authority.certificate, 0o644);
  return { authority, created: true };
}

/** The CA under the state directory; undefined when it has never been complete. */
async function openAuthority(paths: PkiPaths): Promise<KeyAndCertificate | undefined> {
  const key = await readIfThere(paths.caKey);
  const certificate = await readIfThere(paths.caCertificate);
  if (certificate === undefined) return undefined;
  if (key === undefined) {
    throw new UsherError('USHER_PKI_NO_CA_KEY', `${paths.caKey} is missing beside ca.crt`, {
      remedy:
        'Run usher pki where the CA key is, or name the CA as your own with trust.caFile in the topology.',
    });
  }
  const [own] = parseChain(paths.caCertificate, certificate);
  if (!own.checkPrivateKey(parseKey(paths.caKey, key))) {
    throw new UsherError('USHER_PKI_CA_MISMATCH', `${paths.caKey} is not the key of ca.crt`, {
      remedy: 'Put both files of one CA back; without them every host needs a new certificate.',
    });
  }
  return { key, certificate };
}

async function readAnchors(paths: PkiPaths, ca: string): Promise<TrustAnchors> {
  const crl = await readIfThere(paths.revocations);
  try {
    return new TrustAnchors(ca, crl);
  } catch (error) {
    throw new UsherError('USHER_PKI_LIST', `${paths.revocations}: ${messageOf(error)}`, {
      remedy: 'Put the last good list back: what it names would be trusted again without it.',
      cause: error,
    });
  }
}

/** Signs the revocation list when there is none or it ends soon. */
async function refreshList(
  paths: PkiPaths,
  authority: KeyAndCertificate,
  now: Date,
): Promise<TrustAnchors> {
  const anchors = await readAnchors(paths, authority.certificate);
  const lists = anchors.authorities.flatMap((each) => anchors.listsOf(each));
  const end = Math.max(0, ...lists.map((list) => list.nextUpdate?.getTime() ?? Infinity));
  if (end - now.getTime() >= renewalWindow) return anchors;
  await writeList(paths, authority, revocationsOf(anchors).values(), now);
  return await readAnchors(paths, authority.certificate);
}

function revocationsOf(anchors: TrustAnchors): Map<string, Revocation> {
  const lists = anchors.authorities.flatMap((each) => anchors.listsOf(each));
  return new Map(lists.flatMap((list) => [...list.revoked]));
}

async function writeList(
  paths: PkiPaths,
  authority: KeyAndCertificate,
  revoked: Iterable<Revocation>,
  now: Date,
): Promise<void> {
  const list = await signRevocationList(authority, revoked, now);
  await writeAtomically(paths.revocations, list, 0o644);
}

async function issueInto(
  paths: PkiPaths,
  authority: KeyAndCertificate,
  topology: Topology,
  host: Host,
  now: Date,
): Promise<string> {
  const wanted = namesOf(topology, host);
  const made = await issueCertificate(authority, wanted, now, distributionPointOf(topology));
  const { serial } = describeCertificate(made.certificate);
  // On record first: what is in use can always be revoked.
  await makePrivateDirectory(paths.issued);
  await writeAtomically(join(paths.issued, `${host.fqdn}_${serial}.crt`), made.certificate, 0o644);
  await writeHostPair(paths, host.fqdn, made);
  return made.certificate;
}

/** Puts a key and its certificate in place, one right after the other. */
export async function writeHostPair(
  paths: PkiPaths,
  fqdn: string,
  pair: KeyAndCertificate,
): Promise<void> {
  await makePrivateDirectory(paths.hosts);
  await writeAtomically(join(paths.hosts, `${fqdn}.key`), pair.key, 0o600);
  await writeAtomically(join(paths.hosts, `${fqdn}.crt`), pair.certificate, 0o644);
}

async function issuedTo(
  paths: PkiPaths,
  target: RevocationTarget,
): Promise<CertificateDescription[]> {
  await makePrivateDirectory(paths.issued);
  const wanted =
    'fqdn' in target
      ? (name: string) => name.startsWith(`${target.fqdn.toLowerCase()}_`)
      : (name: string) => name.endsWith(`_${normalSerial(target.serial.replaceAll(':', ''))}.crt`);
  const found: CertificateDescription[] = [];
  for (const name of (await readdir(paths.issued)).filter(wanted)) {
    const pem = await readIfThere(join(paths.issued, name));
    if (pem !== undefined) found.push(describeCertificate(pem));
  }
  return found;
}

function notOurs(paths: PkiPaths): UsherError {
  return new UsherError(
    'USHER_PKI_NOT_OURS',
    `the certificates of this deployment do not come from a CA under ${paths.directory}`,
    {
      remedy:
        'Issue and revoke at the outside CA (usher pki request HOST makes the request); its list goes into trust.crlFile.',
    },
  );
}

function tryParse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function keyFits(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(parseKey('', key));
  } catch {
    return false;
  }
}
