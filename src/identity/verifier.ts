import { hash } from 'node:crypto';
import type { Verifiers } from './user.ts';

/** Digest algorithms (RFC 7616, RFC 8760), best first. */
export const digestAlgorithms = ['SHA-256', 'MD5'] as const;
export type DigestAlgorithm = (typeof digestAlgorithms)[number];

/**
 * What clients send as Digest username: the local part (`alice`) or the whole address-of-record
 * (`alice@contoso.com`). HA1 covers the username, so each form needs a verifier of its own. Kamailio
 * calls the two `ha1` and `ha1b`.
 */
export const usernameForms = ['local', 'aor'] as const;
export type UsernameForm = (typeof usernameForms)[number];

/** Hash of the algorithm over UTF-8 text, in lower-case hexadecimal. */
export function digestHash(algorithm: DigestAlgorithm, text: string): string {
  return hash(algorithm === 'MD5' ? 'md5' : 'sha256', text, 'hex');
}

/** `H(username:realm:password)` (RFC 7616 3.4.2), hexadecimal. */
export function ha1(
  algorithm: DigestAlgorithm,
  username: string,
  realm: string,
  password: string,
): string {
  return digestHash(algorithm, `${username}:${realm}:${password}`);
}

/** Local part and domain of an address-of-record; the domain is the Digest realm. */
export function splitAor(aor: string): { local: string; domain: string } {
  const at = aor.lastIndexOf('@');
  return { local: aor.slice(0, Math.max(at, 0)), domain: aor.slice(at + 1) };
}

/** All verifiers of a user, so that the password itself can be forgotten at once. */
export function verifiersOf(aor: string, password: string): Verifiers {
  const { local, domain } = splitAor(aor);
  const both = (algorithm: DigestAlgorithm): Record<UsernameForm, string> => ({
    local: ha1(algorithm, local, domain, password),
    aor: ha1(algorithm, aor, domain, password),
  });
  return { 'SHA-256': both('SHA-256'), MD5: both('MD5') };
}

/** True for the hexadecimal form of a hash of this algorithm. */
export function isVerifier(algorithm: DigestAlgorithm, text: string): boolean {
  return (algorithm === 'MD5' ? /^[\da-f]{32}$/u : /^[\da-f]{64}$/u).test(text);
}
