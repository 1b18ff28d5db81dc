import { hash } from 'node:crypto';

/** Bytes of a block of SHA-256, which the key is padded to. */
const block = 64;
const innerPad = 0x36;
const outerPad = 0x5c;

/**
 * HMAC-SHA-256 (RFC 2104) of texts of one character a byte under one key, as such a text. Two one-shot
 * hashes: Node's Hmac object takes three times as long, most of it to come and go.
 */
export class ShortMac {
  readonly #inner: Buffer;
  readonly #outer: Buffer;

  /** `longest`: bytes of the longest text. */
  constructor(key: Uint8Array, longest: number) {
    const short =
      key.length > block ? Buffer.from(hash('sha256', key, 'latin1'), 'latin1') : Buffer.from(key);
    this.#inner = Buffer.alloc(block + longest, innerPad);
    this.#outer = Buffer.alloc(block + 32, outerPad);
    for (const [at, byte] of short.entries()) {
      this.#inner[at] = byte ^ innerPad;
      this.#outer[at] = byte ^ outerPad;
    }
  }

  /** 32 bytes. */
  of(text: string): string {
    const length = this.#inner.write(text, block, 'latin1');
    const digest = hash('sha256', this.#inner.subarray(0, block + length), 'latin1');
    this.#outer.write(digest, block, 'latin1');
    return hash('sha256', this.#outer, 'latin1');
  }
}
