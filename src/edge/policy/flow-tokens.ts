import { createHmac, timingSafeEqual } from 'node:crypto';

/** Bytes of the HMAC kept: 128 bits. */
const macLength = 16;
/** Longest token looked at, in characters; ours have about half of it. */
const maximumLength = 128;

/**
 * Flow tokens of RFC 5626 5.2: the user part by which an Edge, getting a request back from the
 * inside, recognises the connection of the client it is for.
 *
 * A token is base64url of the connection's id and an HMAC-SHA-256 over it. Whose connection that is, and
 * that it is not one of an earlier run, the id says itself.
 */
export class FlowTokens {
  readonly #key: Buffer;

  /** `key`: 32 bytes derived for this Edge from the deployment's secret. */
  constructor(key: Buffer) {
    this.#key = key;
  }

  /** The token of a connection: letters, digits, `-` and `_` only, so that it needs no escaping. */
  issue(connection: string): string {
    const payload = Buffer.from(connection, 'latin1');
    return Buffer.concat([payload, this.#mac(payload)]).toString('base64url');
  }

  /**
   * The id of the connection a token of this Edge stands for, open or not; undefined for any other text.
   * Takes the same time for every wrong one of a length.
   */
  read(token: string): string | undefined {
    if (token.length > maximumLength || !/^[\w-]+$/u.test(token)) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    const end = bytes.length - macLength;
    // Shorter, or written in another of base64's ways: not a token of ours.
    if (end <= 0 || bytes.toString('base64url') !== token) return undefined;
    const payload = bytes.subarray(0, end);
    if (!timingSafeEqual(bytes.subarray(end), this.#mac(payload))) return undefined;
    return payload.toString('latin1');
  }

  #mac(payload: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(payload).digest().subarray(0, macLength);
  }
}
