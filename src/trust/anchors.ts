import type { X509Certificate } from 'node:crypto';
import { readCertificates } from './certificate.ts';
import {
  normalSerial,
  readRevocationLists,
  type Revocation,
  type RevocationList,
} from './revocation.ts';

/** Why a certificate is not accepted, apart from its names. */
export type ChainFault =
  | { readonly code: 'foreign-ca'; readonly issuer: string }
  | { readonly code: 'expired'; readonly notAfter: Date }
  | { readonly code: 'not-yet-valid'; readonly notBefore: Date }
  | { readonly code: 'revoked'; readonly revocation: Revocation }
  | { readonly code: 'wrong-purpose' };

/** Longer chains than this are refused: no deployment needs them, a hostile peer might send them. */
const longestChain = 6;

/** `id-kp-serverAuth`, `id-kp-clientAuth`, `id-kp-sipDomain` (RFC 5924), `anyExtendedKeyUsage`. */
const purposes: readonly string[] = [
  '1.3.6.1.5.5.7.3.1',
  '1.3.6.1.5.5.7.3.2',
  '1.3.6.1.5.5.7.3.20',
  '2.5.29.37.0',
];

/**
 * The configured CA certificates and their revocation lists: the one place that says whether a
 * certificate is genuine, used on both ends of every connection and when files are loaded.
 *
 * OpenSSL judges too. Two of its habits make a second judgement necessary: as a server it calls a
 * certificate without clientAuth `INVALID_PURPOSE`, which Lync certificates are, and that verdict
 * replaces the one on the chain; and it refuses everyone once a revocation list is out of date.
 */
export class TrustAnchors {
  readonly #authorities: readonly X509Certificate[];
  readonly #lists: readonly RevocationList[];
  /** Lists of each CA, by its fingerprint; signatures are checked once. */
  readonly #listsOf = new Map<string, readonly RevocationList[]>();

  /**
   * @param ca PEM; every certificate in it is an anchor, an intermediate CA too
   * @param crl PEM of any number of revocation lists
   * @throws Error when a block cannot be read
   */
  constructor(ca: string, crl: string | undefined) {
    this.#authorities = readCertificates(ca);
    this.#lists = crl === undefined ? [] : readRevocationLists(crl);
  }

  get authorities(): readonly X509Certificate[] {
    return this.#authorities;
  }

  /** The lists a CA has signed, out-of-date ones included: what they name stays revoked. */
  listsOf(authority: X509Certificate): readonly RevocationList[] {
    const known = this.#listsOf.get(authority.fingerprint256);
    if (known !== undefined) return known;
    const lists = this.#lists.filter((list) => list.issuedBy(authority));
    // Only anchors are kept: a peer chooses what else comes by here.
    if (this.#authorities.includes(authority)) {
      this.#listsOf.set(authority.fingerprint256, lists);
    }
    return lists;
  }

  /** True when an anchor itself issued the certificate, with no other CA between them. */
  issuedDirectly(certificate: X509Certificate): boolean {
    return this.#authorities.some((anchor) => issued(anchor, certificate));
  }

  /** Undefined when no revocation list names the certificate under any of the anchors. */
  revocationOf(certificate: X509Certificate): Revocation | undefined {
    for (const authority of this.#authorities) {
      if (!issued(authority, certificate)) continue;
      const revocation = this.#revocationBy(authority, certificate);
      if (revocation !== undefined) return revocation;
    }
    return undefined;
  }

  /**
   * Judges a certificate: chain to an anchor, revocation and validity of every link, and a purpose
   * that has to do with TLS, of an intermediate CA too. Names are judged elsewhere.
   *
   * @param presented certificates the peer sent beside its own, in any order
   * @param now milliseconds since the epoch
   * @returns undefined when the certificate is genuine
   */
  judge(
    certificate: X509Certificate,
    presented: readonly X509Certificate[],
    now: number,
  ): ChainFault | undefined {
    let late: ChainFault | undefined;
    let link = certificate;
    for (let depth = 0; depth < longestChain; depth++) {
      late ??= validity(link, now);
      if (this.#authorities.some((anchor) => anchor.raw.equals(link.raw))) return late;
      const issuer =
        this.#authorities.find((anchor) => issued(anchor, link)) ??
        presented.find((each) => each.ca && issued(each, link));
      if (issuer === undefined) break;
      const revocation = this.#revocationBy(issuer, link);
      if (revocation !== undefined) return { code: 'revoked', revocation };
      if (!servesTls(link)) late ??= { code: 'wrong-purpose' };
      link = issuer;
    }
    return { code: 'foreign-ca', issuer: certificate.issuer.split('\n').join(', ') };
  }

  #revocationBy(authority: X509Certificate, certificate: X509Certificate): Revocation | undefined {
    const serial = normalSerial(certificate.serialNumber);
    for (const list of this.listsOf(authority)) {
      const revocation = list.revoked.get(serial);
      if (revocation !== undefined) return revocation;
    }
    return undefined;
  }
}

function issued(authority: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  } catch {
    // A key of a kind OpenSSL does not know; only a peer's "CA" can have one.
    return false;
  }
}

/** OpenSSL's word on this is among those `admit` overrules. */
function servesTls(certificate: X509Certificate): boolean {
  const usage = certificate.keyUsage as readonly string[] | undefined;
  return usage === undefined || usage.some((each) => purposes.includes(each));
}

function validity(certificate: X509Certificate, now: number): ChainFault | undefined {
  if (now > certificate.validToDate.getTime()) {
    return { code: 'expired', notAfter: certificate.validToDate };
  }
  if (now < certificate.validFromDate.getTime()) {
    return { code: 'not-yet-valid', notBefore: certificate.validFromDate };
  }
  return undefined;
}

/** Says a chain fault as the end of a sentence that begins with "the certificate". */
export function describeChainFault(fault: ChainFault): string {
  if (fault.code === 'foreign-ca') {
    return `was issued by ${JSON.stringify(fault.issuer)}, which is not the configured CA`;
  }
  if (fault.code === 'expired') return `expired on ${fault.notAfter.toISOString()}`;
  if (fault.code === 'not-yet-valid') {
    return `is not valid before ${fault.notBefore.toISOString()}`;
  }
  if (fault.code === 'wrong-purpose') return 'was issued for another purpose than TLS';
  const { at, reason } = fault.revocation;
  return `was revoked on ${at.toISOString()} (${reason})`;
}
