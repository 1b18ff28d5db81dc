import { timingSafeEqual } from 'node:crypto';
import { ShortMac } from './mac.ts';

/** Bytes: 6 of time, 6 of the process's name, 3 of a count, 15 of HMAC; 40 characters as base64url, no padding. */
const timeBytes = 6;
const nameBytes = 6;
const countBytes = 3;
const macBytes = 15;
const bodyBytes = timeBytes + nameBytes + countBytes;

/** Who issues nonces, and how many so far: no two of a process are alike, whichever realm they are for. */
export interface NonceNumbers {
  /** Name of the process (`newProcessName`). */
  readonly name: string;
  /** 0 to 2²⁴−1, round and round. */
  next(): number;
}

/** How many numbers there are: they come round long after the millisecond has passed. */
export const nonceNumbers = 2 ** (8 * countBytes);

/** What a nonce turned out to be. */
export type NonceState = 'fresh' | 'expired' | 'foreign';

/**
 * Nonces that any member of the pool can verify without having seen them: time of issue, who issued it and
 * the how-manieth it was, and an HMAC-SHA-256 over these and the realm under the pool's key. Nobody else can
 * make one, and nothing has to be remembered about those that were handed out.
 */
export class NonceMint {
  readonly #mac: ShortMac;
  readonly #label: string;
  readonly #numbers: NonceNumbers;
  readonly #name: Buffer;
  readonly #lifetime: number;

  /** `lifetime` in milliseconds. */
  constructor(key: Buffer, realm: string, numbers: NonceNumbers, lifetime: number) {
    this.#label = Buffer.from(`usher digest nonce ${realm}`, 'utf8').toString('latin1');
    this.#mac = new ShortMac(key, bodyBytes + this.#label.length);
    this.#numbers = numbers;
    this.#name = Buffer.from(numbers.name, 'hex');
    this.#lifetime = lifetime;
  }

  /** A new nonce; `now` in milliseconds since the epoch. */
  issue(now: number): string {
    const nonce = Buffer.alloc(bodyBytes + macBytes);
    nonce.writeUIntBE(now, 0, timeBytes);
    this.#name.copy(nonce, timeBytes);
    nonce.writeUIntBE(this.#numbers.next(), timeBytes + nameBytes, countBytes);
    nonce.write(this.#macOf(nonce), bodyBytes, macBytes, 'latin1');
    return nonce.toString('base64url');
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

/** What tells a nonce of ours from all others: everything but its HMAC, as it is written in it. */
export function identityOf(nonce: string): string {
  return nonce.slice(0, (bodyBytes * 4) / 3);
}

/** The process that issued a nonce of ours, as it is written in it. */
export function issuerOf(nonce: string): string {
  return nonce.slice((timeBytes * 4) / 3, ((timeBytes + nameBytes) * 4) / 3);
}
