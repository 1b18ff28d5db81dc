import { X509Certificate } from 'node:crypto';
import { pemBlocks } from './pem.ts';
import { normalSerial } from './revocation.ts';

/** What a person and a proof want to know of a certificate. */
export interface CertificateDescription {
  /** Distinguished name on one line, e.g. `CN=dirpool01.contoso.net`. */
  readonly subject: string;
  readonly issuer: string;
  /** DNS and SIP names it proves, lower case, in the order of the certificate. */
  readonly names: readonly string[];
  /** Upper-case hexadecimal without leading zeros. */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SHA-256 over the DER, lower-case hexadecimal. */
  readonly sha256: string;
  /** E.g. `ec prime256v1`, `rsa 2048`. */
  readonly key: string;
}

/**
 * Every certificate of a PEM text, in order.
 *
 * @throws Error of OpenSSL when a block is no certificate
 */
export function readCertificates(pem: string): X509Certificate[] {
  return pemBlocks(pem, 'CERTIFICATE').map((block) => new X509Certificate(block.der));
}

/** Describes a certificate, or the first one of a PEM text. */
export function describeCertificate(source: string | X509Certificate): CertificateDescription {
  const certificate = typeof source === 'string' ? new X509Certificate(source) : source;
  const details = certificate.publicKey.asymmetricKeyDetails;
  const type = certificate.publicKey.asymmetricKeyType ?? 'unknown';
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: identitiesOf(certificate),
    serial: normalSerial(certificate.serialNumber),
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
    sha256: fingerprint(certificate),
    key: `${type} ${details?.namedCurve ?? details?.modulusLength ?? ''}`.trim(),
  };
}

/** SHA-256 over the DER of a certificate, lower-case hexadecimal. */
export function fingerprint(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/**
 * The names a certificate proves (RFC 5922 section 7.1): dNSName and `sip:` URIs without a user of
 * the subjectAltName, lower case. The common name counts only where there is no subjectAltName at
 * all, as on the inside certificate of an Edge.
 */
export function identitiesOf(certificate: X509Certificate): string[] {
  const alternatives = certificate.subjectAltName;
  if (alternatives === undefined) return commonNames(certificate);
  const names: string[] = [];
  // Node quotes a value that could be mistaken for a separator; no host name needs that.
  for (const match of alternatives.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/gu)) {
    const [, type, value = ''] = match;
    const name =
      type === 'DNS'
        ? value
        : type === 'URI'
          ? /^sip:([^@;?]+)(?:[;?][^@]*)?$/iu.exec(value)?.[1]
          : undefined;
    if (name !== undefined && isName(name)) names.push(normalName(name));
  }
  return [...new Set(names)];
}

function commonNames(certificate: X509Certificate): string[] {
  return certificate.subject
    .split('\n')
    .flatMap((line) => /^CN=(.+)$/u.exec(line)?.[1] ?? [])
    .filter(isName)
    .map(normalName);
}

/** A host name, perhaps with a wildcard as its first label. */
function isName(text: string): boolean {
  return text.length <= 253 && /^(?:\*\.)?[\w-]+(?:\.[\w-]+)*\.?$/u.test(text);
}

/**
 * True when one of the names is `wanted`. RFC 5922 section 7.2: no wildcards between SIP servers;
 * `wildcards` admits one as the whole first label, for web names only.
 */
export function namesMatch(
  names: readonly string[],
  wanted: string,
  options: { readonly wildcards?: boolean } = {},
): boolean {
  const name = normalName(wanted);
  const parent = name.slice(name.indexOf('.') + 1);
  return names.some(
    (presented) =>
      presented === name ||
      (options.wildcards === true && parent.includes('.') && presented === `*.${parent}`),
  );
}

function oneLine(distinguishedName: string): string {
  return distinguishedName.split('\n').join(', ');
}

function normalName(name: string): string {
  return name.toLowerCase().replace(/\.$/u, '');
}
