import type { Binding } from './bindings.ts';

/** Users remembered at most in each half, and milliseconds a half lasts: far longer than news is on its way. */
const capacity = 10_000;
const halfLife = 5_000;

/**
 * Bindings that are gone, for as long as an older one for the same place may still be told by a process that
 * has not heard of it.
 */
export class RecentlyGone {
  /** Two halves: when the young one is full or old enough, the old one is forgotten as a whole. */
  #young = new Map<string, readonly Binding[]>();
  #old = new Map<string, readonly Binding[]>();
  #turnedAt = 0;

  add(aor: string, binding: Binding): void {
    if (this.#young.size >= capacity) this.#turn();
    this.#young.set(aor, [...(this.#young.get(aor) ?? []), binding]);
  }

  /** Those of a user. */
  of(aor: string): readonly Binding[] {
    if (this.#young.size + this.#old.size === 0) return [];
    return [...(this.#young.get(aor) ?? []), ...(this.#old.get(aor) ?? [])];
  }

  /** Forgets what is old enough; call it now and then. */
  age(now: number): void {
    if (now - this.#turnedAt < halfLife) return;
    this.#turnedAt = now;
    this.#turn();
  }

  #turn(): void {
    this.#old = this.#young;
    this.#young = new Map();
  }
}
