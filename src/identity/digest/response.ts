import { type DigestAlgorithm, digestHash } from '../verifier.ts';

/** What goes into the request-digest besides HA1; all as the client wrote it. */
export interface ResponseInput {
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  /** Undefined for RFC 2069 servers, which name no qop. */
  readonly qop: 'auth' | undefined;
  /** Eight hexadecimal digits. */
  readonly nc: string;
  readonly cnonce: string;
}

/** The request-digest of RFC 7616 3.4.1, hexadecimal. */
export function requestDigest(
  algorithm: DigestAlgorithm,
  ha1: string,
  input: ResponseInput,
): string {
  const ha2 = digestHash(algorithm, `${input.method}:${input.uri}`);
  const middle =
    input.qop === undefined
      ? input.nonce
      : `${input.nonce}:${input.nc}:${input.cnonce}:${input.qop}`;
  return digestHash(algorithm, `${ha1}:${middle}:${ha2}`);
}
