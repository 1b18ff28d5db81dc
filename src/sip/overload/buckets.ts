import { RateLimiter } from './rate.ts';
import type { Rate } from './rate.ts';

/** Numbers in a table: a megabyte, whoever comes. */
const slots = 2 ** 17;

/**
 * One limit for very many senders, each under a name: a table of numbers found by a hash of the name. It
 * never grows, so nobody can fill it, and counting allocates nothing. Two names that meet in a slot share
 * one limit; the seed differs in every process, so nobody can choose whom to meet, and a restart or
 * another server parts them.
 */
export class Buckets {
  readonly #limiter: RateLimiter;
  readonly #seed: number;
  readonly #usesMuch: ((name: string) => void) | undefined;
  readonly #expected = new Float64Array(slots);
  #refused = 0;

  /**
   * `seed`: 32 random bits; `usesMuch`: called for each request taken of a sender that uses much of its
   * limit.
   */
  constructor(rate: Rate, seed: number, usesMuch?: (name: string) => void) {
    this.#limiter = new RateLimiter(rate);
    this.#seed = seed;
    this.#usesMuch = usesMuch;
  }

  /** Counts one request of this sender at `now` (milliseconds); false when it is one too many. */
  allows(name: string, now: number, favoured = false): boolean {
    const slot = slotOf(name, this.#seed);
    const next = this.#limiter.next(this.#expected[slot] ?? 0, now, favoured);
    if (next === undefined) {
      this.#refused += 1;
      return false;
    }
    this.#expected[slot] = next;
    if (this.#usesMuch !== undefined && this.#limiter.usesMuch(next, now)) this.#usesMuch(name);
    return true;
  }

  /** Counts requests of this sender that were taken elsewhere. */
  add(name: string, count: number, now: number): void {
    const slot = slotOf(name, this.#seed);
    this.#expected[slot] = this.#limiter.after(this.#expected[slot] ?? 0, count, now);
  }

  /** Seconds a refused sender should stay away. */
  get pause(): number {
    return this.#limiter.pause;
  }

  /** Refused so far. */
  get refused(): number {
    return this.#refused;
  }
}

/** Multiplies and rotates, character by character, so that every bit of the name reaches the slot. */
function slotOf(name: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x9e3779b1);
    hash = (hash << 13) | (hash >>> 19);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) & (slots - 1);
}
