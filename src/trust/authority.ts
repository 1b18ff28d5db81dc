import { randomBytes, webcrypto } from 'node:crypto';
import type * as X509 from '@peculiar/x509';
import type { CertificateNames } from './names.ts';
import { revocationReasons, type Revocation } from './revocation.ts';

/** A private key and what certifies it, both PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
}

const day = 86_400_000;
/** Ten years. */
const caLifetime = 3653 * day;
/** Days a host certificate is valid: the longest that browsers and phones accept. */
const hostLifetime = 398 * day;
/** As long as a host certificate: a host that renews in time never runs on an old list. */
const listLifetime = hostLifetime;
/** Clocks of the hosts may disagree by this much. */
const clockSkew = 3_600_000;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * The X.509 library, loaded on the first certificate that is made: a server that only reads PEM
 * files never pays for it.
 */
async function library(): Promise<typeof X509> {
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}

/**
 * Makes a CA: EC P-256, self-signed, ten years, may sign hosts but no further CA.
 *
 * @param name common name of the subject
 */
export async function createAuthority(name: string, now: Date): Promise<KeyAndCertificate> {
  const x509 = await library();
  const keys = await generate();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: commonName(name),
    keys,
    notBefore: new Date(now.getTime() - clockSkew),
    notAfter: new Date(now.getTime() + caLifetime),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { key: await exportKey(x509, keys.privateKey), certificate: pem(certificate) };
}

/**
 * Issues a host certificate with a new EC P-256 key: serverAuth and clientAuth, 398 days but never
 * longer than the CA lives, random serial number of 127 bits.
 *
 * @param distributionPoint URL of the revocation list, written into the certificate when given
 */
export async function issueCertificate(
  authority: KeyAndCertificate,
  wanted: CertificateNames,
  now: Date,
  distributionPoint?: string,
): Promise<KeyAndCertificate> {
  const x509 = await library();
  const { ca, caKey } = await openAuthority(x509, authority);
  const keys = await generate();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: commonName(wanted.subject),
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKey,
    notBefore: new Date(now.getTime() - clockSkew),
    // Counted from notBefore: one second more than 398 days and browsers refuse it.
    notAfter: new Date(Math.min(now.getTime() - clockSkew + hostLifetime, ca.notAfter.getTime())),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      alternativeNames(x509, wanted),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      ...(distributionPoint === undefined
        ? []
        : [new x509.CRLDistributionPointsExtension([distributionPoint])]),
    ],
  });
  return { key: await exportKey(x509, keys.privateKey), certificate: pem(certificate) };
}

/** Makes a key and a PKCS #10 request with the same names, for a CA outside. */
export async function createRequest(
  wanted: CertificateNames,
): Promise<{ key: string; request: string }> {
  const x509 = await library();
  const keys = await generate();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: commonName(wanted.subject),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      alternativeNames(x509, wanted),
    ],
  });
  return { key: await exportKey(x509, keys.privateKey), request: pem(request) };
}

/** Signs a revocation list (RFC 5280 section 5) as PEM; its number is the time in milliseconds. */
export async function signRevocationList(
  authority: KeyAndCertificate,
  revoked: Iterable<Revocation>,
  now: Date,
): Promise<string> {
  const x509 = await library();
  const { ca, caKey } = await openAuthority(x509, authority);
  const list = await x509.X509CrlGenerator.create({
    issuer: ca.subject,
    thisUpdate: new Date(now.getTime() - clockSkew),
    nextUpdate: new Date(now.getTime() + listLifetime),
    entries: [...revoked].map((entry) => ({
      serialNumber: entry.serial.padStart(entry.serial.length + (entry.serial.length % 2), '0'),
      revocationDate: entry.at,
      reason: revocationReasons[entry.reason],
    })),
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      new x509.Extension('2.5.29.20', false, listNumber(now)),
    ],
    signingKey: caKey,
    signingAlgorithm: algorithm,
  });
  // Node reads "X509 CRL" (RFC 7468 section 7); the library's own text says "CRL".
  return `${x509.PemConverter.encode(list.rawData, 'X509 CRL')}\n`;
}

async function openAuthority(
  x509: typeof X509,
  authority: KeyAndCertificate,
): Promise<{ ca: X509.X509Certificate; caKey: CryptoKey }> {
  const der = x509.PemConverter.decodeFirst(authority.key);
  const caKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
  return { ca: new x509.X509Certificate(authority.certificate), caKey };
}

async function generate(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function exportKey(x509: typeof X509, key: CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`;
}

function alternativeNames(
  x509: typeof X509,
  wanted: CertificateNames,
): X509.SubjectAlternativeNameExtension {
  return new x509.SubjectAlternativeNameExtension(
    wanted.names.map((value) => ({ type: 'dns', value })),
  );
}

function pem(data: { toString(format: 'pem'): string }): string {
  return `${data.toString('pem')}\n`;
}

/** A subject of one common name; the structured form needs no escaping. */
function commonName(name: string): X509.JsonName {
  return [{ CN: [name] }];
}

/** 127 random bits, positive in DER whatever they are. */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** The DER of the CRL number: an INTEGER of as few bytes as it needs. */
function listNumber(now: Date): Buffer {
  const digits = now.getTime().toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  const positive = (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]);
  return Buffer.concat([Buffer.from([0x02, positive.length]), positive]);
}
