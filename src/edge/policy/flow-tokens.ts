import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a token turned out to be. */
export type FlowToken =
  /** Issued by this process: the id of the connection it stands for, open or not. */
  | { readonly kind: 'own'; readonly connection: string }
  /** Issued by this Edge, but by a process that has ended or runs beside this one. */
  | { readonly kind: 'elsewhere' }
  /** Not issued by this Edge. */
  | { readonly kind: 'forged' };

const instanceLength = 8;
/** Bytes of the HMAC kept: 128 bits. */
const macLength = 16;
/** Longest token looked at, in characters; ours have about half of it. */
const maximumLength = 128;

/**
 * Flow tokens of RFC 5626 5.2: the user part by which an Edge, getting a request back from the
 * inside, recognises the connection of the client it is for.
 *
 * A token is base64url of instance, connection id and HMAC-SHA-256 over both. The instance keeps
 * a restarted Edge, whose connection ids begin anew, from taking one client for another.
 */
export class FlowTokens {
  readonly #key: Buffer;
  readonly #instance: Buffer;

  /**
   * @param key 32 bytes derived for this Edge from the deployment's secret
   * @param instance 8 random bytes, new in every process
   */
  constructor(key: Buffer, instance: Buffer) {
    if (instance.length !== instanceLength) throw new RangeError('The instance is 8 bytes long.');
    this.#key = key;
    this.#instance = instance;
  }

  /** The token of a connection: letters, digits, `-` and `_` only, so that it needs no escaping. */
  issue(connection: string): string {
    const payload = Buffer.concat([this.#instance, Buffer.from(connection, 'latin1')]);
    return Buffer.concat([payload, this.#mac(payload)]).toString('base64url');
  }

  /** Reads a token somebody sent; takes the same time for every wrong one of a length. */
  read(token: string): FlowToken {
    if (token.length > maximumLength || !/^[\w-]+$/u.test(token)) return { kind: 'forged' };
    const bytes = Buffer.from(token, 'base64url');
    const end = bytes.length - macLength;
    // Shorter, or written in another of base64's ways: not a token of ours.
    if (end <= instanceLength || bytes.toString('base64url') !== token) return { kind: 'forged' };
    const payload = bytes.subarray(0, end);
    if (!timingSafeEqual(bytes.subarray(end), this.#mac(payload))) return { kind: 'forged' };
    if (!payload.subarray(0, instanceLength).equals(this.#instance)) return { kind: 'elsewhere' };
    return { kind: 'own', connection: payload.toString('latin1', instanceLength) };
  }

  #mac(payload: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(payload).digest().subarray(0, macLength);
  }
}
