import type { User, Verifiers } from './user.ts';

/** One user with everything a sign-in needs. */
export interface KnownUser {
  readonly user: User;
  readonly verifiers: Verifiers;
}

/** Users kept at most; above it all are forgotten, which costs one look-up each. */
const capacity = 131_072;

/**
 * Users looked up lately, so that a sign-in costs no statement. What changes in the store is noticed by
 * its version, which is asked for once in `staleness` milliseconds. Unknown names are not kept: strangers
 * can think of any number of them.
 */
export class UserCache {
  readonly #version: () => unknown;
  readonly #staleness: number;
  readonly #now: () => number;
  readonly #users = new Map<string, KnownUser>();
  #seen: unknown;
  #nextLook = -Infinity;

  /** `staleness`: milliseconds a change elsewhere may go unnoticed; 0 looks every time. */
  constructor(version: () => unknown, staleness: number, now: () => number) {
    this.#version = version;
    this.#staleness = staleness;
    this.#now = now;
  }

  get(aor: string): KnownUser | undefined {
    const now = this.#now();
    if (now >= this.#nextLook) {
      this.#nextLook = now + this.#staleness;
      const version = this.#version();
      if (version !== this.#seen) this.#users.clear();
      this.#seen = version;
    }
    return this.#users.get(aor);
  }

  set(aor: string, known: KnownUser): void {
    if (this.#users.size >= capacity) this.#users.clear();
    this.#users.set(aor, known);
  }

  clear(): void {
    this.#users.clear();
  }
}
