import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, systemErrorCode, UsherError } from '#base';
import type { Topology } from '#topology';
import { describeChainFault, TrustAnchors } from './anchors.ts';
import { fingerprint, identitiesOf, namesMatch, readCertificates } from './certificate.ts';
import { pkiPaths } from './store.ts';

/** What one host proves itself with and judges others by; all PEM. */
export interface Credentials {
  readonly fqdn: string;
  readonly key: string;
  /** The host's certificate first, then intermediates. */
  readonly certificate: string;
  /** The configured CA; several certificates are possible. */
  readonly ca: string;
  /** Revocation lists; undefined when the CA has none. */
  readonly crl: string | undefined;
  /** What is wrong with them and does not keep the host from starting: log it, peers will object. */
  readonly findings?: readonly Finding[];
}

/** One thing wrong with certificate files that only peers can object to. */
export interface Finding {
  readonly code:
    | 'foreign-ca'
    | 'expired'
    | 'not-yet-valid'
    | 'revoked'
    | 'wrong-purpose'
    | 'name-missing'
    | 'key-exposed'
    | 'no-revocation-list'
    | 'revocation-list-outdated';
  readonly message: string;
  readonly remedy: string;
}

/** The files a host's credentials are read from. */
export interface CredentialFiles {
  readonly key: string;
  readonly certificate: string;
  readonly ca: string;
  readonly crl: string;
  /** True when the site has to provide the list; the one of Usher's own CA may be missing. */
  readonly crlRequired: boolean;
}

/** Where the credentials of a host lie: the topology's `trust` section, else the state directory. */
export function credentialFiles(
  stateDirectory: string,
  topology: Topology,
  fqdn: string,
): CredentialFiles {
  const paths = pkiPaths(stateDirectory);
  const { caFile, certificateDirectory, crlFile } = topology.trust;
  const directory = certificateDirectory ?? paths.hosts;
  return {
    key: join(directory, `${fqdn}.key`),
    certificate: join(directory, `${fqdn}.crt`),
    ca: caFile ?? paths.caCertificate,
    crl: crlFile ?? paths.revocations,
    crlRequired: crlFile !== undefined,
  };
}

/**
 * Reads what a host needs to prove itself and to judge its peers. Whatever only a peer would object
 * to (issuer, names, dates) becomes a finding: the host starts, and the proof names the row.
 *
 * @throws UsherError `USHER_CREDENTIALS_MISSING` or `USHER_CREDENTIALS_UNUSABLE`: a file that is
 *   not there, not readable, no PEM, or a key that is not the certificate's
 */
export async function loadCredentials(
  stateDirectory: string,
  topology: Topology,
  fqdn: string,
  options: { readonly now?: Date } = {},
): Promise<Credentials> {
  const files = credentialFiles(stateDirectory, topology, fqdn);
  const ca = await readRequired(files.ca, fqdn);
  const crl = await readList(files, topology);
  const anchors = readAnchors(files, ca, crl);
  const pair = await readPair(files, fqdn);
  const findings = [
    ...judgeCertificate(files.certificate, fqdn, pair.chain, anchors, options.now ?? new Date()),
    ...judgeLists(files, anchors, crl, options.now ?? new Date()),
    ...(await judgeMode(files.key)),
  ];
  return { fqdn, key: pair.key, certificate: pair.certificate, ca, crl, findings };
}

interface Pair {
  readonly key: string;
  readonly certificate: string;
  readonly chain: readonly X509Certificate[];
}

/** Reads key and certificate; a renewal between the two reads shows as a mismatch: read again. */
async function readPair(files: CredentialFiles, fqdn: string): Promise<Pair> {
  for (let attempt = 1; ; attempt++) {
    const certificate = await readRequired(files.certificate, fqdn);
    const key = await readRequired(files.key, fqdn);
    const chain = parseChain(files.certificate, certificate);
    const matches = chain[0].checkPrivateKey(parseKey(files.key, key));
    if (matches) return { key, certificate, chain };
    if (attempt === 3) {
      throw unusable(
        `${files.key} is not the key of ${files.certificate} (sha256 ${fingerprint(chain[0])})`,
        `Put the key that belongs to the certificate in place, or run: usher pki issue ${fqdn}`,
      );
    }
    await sleep(50);
  }
}

/**
 * Judges a certificate for a host without a connection: the same rules its peers apply.
 *
 * @param where file name for the messages
 */
export function judgeCertificate(
  where: string,
  fqdn: string,
  chain: readonly X509Certificate[],
  anchors: TrustAnchors,
  now: Date,
): Finding[] {
  const [own, ...others] = chain;
  if (own === undefined) return [];
  const findings: Finding[] = [];
  const fault = anchors.judge(own, others, now.getTime());
  if (fault !== undefined) {
    findings.push({
      code: fault.code,
      message: `${where}: the certificate of ${fqdn} ${describeChainFault(fault)}`,
      remedy: `Peers will refuse ${fqdn}. Run: usher pki issue ${fqdn}, or import a certificate of the configured CA.`,
    });
  }
  const names = identitiesOf(own);
  if (!namesMatch(names, fqdn)) {
    findings.push({
      code: 'name-missing',
      message: `${where}: the certificate names ${names.join(', ') || 'nothing'}, not ${fqdn}`,
      remedy: `Peers will refuse ${fqdn}. Its subjectAltName must hold ${fqdn} as a dNSName.`,
    });
  }
  return findings;
}

function judgeLists(
  files: CredentialFiles,
  anchors: TrustAnchors,
  crl: string | undefined,
  now: Date,
): Finding[] {
  if (crl === undefined) return [];
  const lists = anchors.authorities.flatMap((authority) => anchors.listsOf(authority));
  if (lists.length === 0) {
    return [
      {
        code: 'no-revocation-list',
        message: `${files.crl} holds no revocation list signed by a CA of ${files.ca}`,
        remedy: 'Name the list of the configured CA (trust.crlFile), as PEM "X509 CRL".',
      },
    ];
  }
  return lists
    .filter((list) => list.nextUpdate !== undefined && list.nextUpdate < now)
    .map((list) => ({
      code: 'revocation-list-outdated' as const,
      message: `${files.crl} should have been replaced on ${list.nextUpdate?.toISOString()}; what it names stays revoked`,
      remedy:
        'Fetch the current list of the CA, then reload; for the CA of Usher: usher pki renew.',
    }));
}

/** Keys other accounts can read are a finding; Windows has no such modes. */
async function judgeMode(path: string): Promise<Finding[]> {
  const { mode } = await stat(path);
  if (process.platform === 'win32' || (mode & 0o077) === 0) return [];
  return [
    {
      code: 'key-exposed',
      message: `${path} can be read by other accounts (mode ${(mode & 0o777).toString(8)})`,
      remedy: `chmod 600 ${path}`,
    },
  ];
}

async function readList(files: CredentialFiles, topology: Topology): Promise<string | undefined> {
  if (files.crlRequired) return await readRequired(files.crl, topology.name);
  // A CA of the site's own has no list under the state directory.
  if (topology.trust.caFile !== undefined) return undefined;
  try {
    return await readFile(files.crl, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw missing(files.crl, error, 'Make the file readable for the account Usher runs under.');
  }
}

async function readRequired(path: string, fqdn: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw missing(
      path,
      error,
      `Name the state directory of the deployment (--state), or make one: usher up, or usher pki init and docs/trust.md. The file is that of ${fqdn}.`,
    );
  }
}

/** @throws UsherError when the CA or the list cannot be read */
export function readAnchors(
  files: Pick<CredentialFiles, 'ca' | 'crl'>,
  ca: string,
  crl: string | undefined,
): TrustAnchors {
  try {
    const anchors = new TrustAnchors(ca, crl);
    if (anchors.authorities.length > 0) return anchors;
  } catch (error) {
    throw unusable(
      `${files.ca} or ${files.crl} cannot be read: ${messageOf(error)}`,
      'Both must be PEM: "CERTIFICATE" and "X509 CRL" blocks.',
      error,
    );
  }
  throw unusable(
    `${files.ca} holds no certificate`,
    'Name the PEM file of the CA that issues the certificates (trust.caFile).',
  );
}

/** @throws UsherError when the text holds no certificate */
export function parseChain(path: string, pem: string): [X509Certificate, ...X509Certificate[]] {
  try {
    const [own, ...others] = readCertificates(pem);
    if (own !== undefined) return [own, ...others];
  } catch (error) {
    throw unusable(`${path}: ${messageOf(error)}`, 'The file must be a PEM certificate.', error);
  }
  throw unusable(`${path} holds no certificate`, 'The file must be a PEM certificate.');
}

/** @throws UsherError when the text is no private key without passphrase */
export function parseKey(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw unusable(
      `${path}: ${messageOf(error)}`,
      'The file must be a PEM private key without a passphrase.',
      error,
    );
  }
}

function missing(path: string, cause: unknown, remedy: string): UsherError {
  return new UsherError('USHER_CREDENTIALS_MISSING', `${path}: ${messageOf(cause)}`, {
    remedy,
    cause,
  });
}

function unusable(message: string, remedy: string, cause?: unknown): UsherError {
  return new UsherError('USHER_CREDENTIALS_UNUSABLE', message, { remedy, cause });
}
