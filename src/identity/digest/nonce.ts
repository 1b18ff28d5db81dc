import { timingSafeEqual } from 'node:crypto';
import { ShortMac } from './mac.ts';

/** Bytes: 6 of time, 9 of randomness, 15 of HMAC; 40 characters as base64url, no padding. */
const timeBytes = 6;
const randomLength = 9;
const macBytes = 15;
const bodyBytes = timeBytes + randomLength;

/** What a nonce turned out to be. */
export type NonceState = 'fresh' | 'expired' | 'foreign';

/**
 * Nonces that any member of the pool can verify without having seen them: time of issue, randomness, and
 * an HMAC-SHA-256 over both and the realm under the pool's key. Nobody else can make one, and nothing has
 * to be remembered about those that were handed out.
 */
export class NonceMint {
  readonly #mac: ShortMac;
  readonly #label: string;
  readonly #random: (bytes: number) => Buffer;
  readonly #lifetime: number;
  #pool: Buffer = Buffer.alloc(0);

  /** `lifetime` in milliseconds. */
  constructor(key: Buffer, realm: string, random: (bytes: number) => Buffer, lifetime: number) {
    this.#label = Buffer.from(`usher digest nonce ${realm}`, 'utf8').toString('latin1');
    this.#mac = new ShortMac(key, bodyBytes + this.#label.length);
    this.#random = random;
    this.#lifetime = lifetime;
  }

  /** A new nonce; `now` in milliseconds since the epoch. */
  issue(now: number): string {
    const nonce = Buffer.alloc(bodyBytes + macBytes);
    nonce.writeUIntBE(now, 0, timeBytes);
    this.#nextRandom().copy(nonce, timeBytes);
    nonce.write(this.#macOf(nonce), bodyBytes, macBytes, 'latin1');
    return nonce.toString('base64url');
  }

  /** Asking for random bytes costs more than the bytes: they are asked for by the hundred, and used once. */
  #nextRandom(): Buffer {
    if (this.#pool.length < randomLength) this.#pool = this.#random(randomLength * 256);
    const next = this.#pool.subarray(0, randomLength);
    this.#pool = this.#pool.subarray(randomLength);
    return next;
  }

  /** A nonce from the future counts as fresh for one lifetime: members' clocks differ a little. */
  check(text: string, now: number): NonceState {
    if (text.length !== ((bodyBytes + macBytes) * 4) / 3) return 'foreign';
    const nonce = Buffer.from(text, 'base64url');
    if (nonce.length !== bodyBytes + macBytes) return 'foreign';
    const mac = Buffer.from(this.#macOf(nonce), 'latin1').subarray(0, macBytes);
    if (!timingSafeEqual(mac, nonce.subarray(bodyBytes))) return 'foreign';
    const age = now - nonce.readUIntBE(0, timeBytes);
    return Math.abs(age) <= this.#lifetime ? 'fresh' : 'expired';
  }

  #macOf(nonce: Buffer): string {
    return this.#mac.of(nonce.toString('latin1', 0, bodyBytes) + this.#label);
  }
}

/** What tells a nonce of ours from all others: its randomness, as it is written in it. */
export function identityOf(nonce: string): string {
  return nonce.slice((timeBytes * 4) / 3, (bodyBytes * 4) / 3);
}
