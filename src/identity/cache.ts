import type { User, Verifiers } from './user.ts';
import { type StoredUser, UserTable } from './user-table.ts';

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
  readonly #users = new UserTable();
  #seen: unknown;
  #emptied = 0;
  #nextLook = -Infinity;

  /** `staleness`: milliseconds a change elsewhere may go unnoticed; 0 looks every time. */
  constructor(version: () => unknown, staleness: number, now: () => number) {
    this.#version = version;
    this.#staleness = staleness;
    this.#now = now;
  }

  get(aor: string): StoredUser | undefined {
    this.refresh();
    return this.#users.find(aor);
  }

  /** Forgets all users when the store has changed. */
  refresh(): void {
    const now = this.#now();
    if (now < this.#nextLook) return;
    this.#nextLook = now + this.#staleness;
    const version = this.#version();
    if (version !== this.#seen) this.clear();
    this.#seen = version;
  }

  /** True while more users fit in. */
  get hasRoom(): boolean {
    return this.#users.size < capacity;
  }

  /** Keeps a user who was not there; an address that no record has room for is looked up each time. */
  add(user: User, verifiers: Verifiers): void {
    if (this.#users.size >= capacity) this.clear();
    this.#users.add(user, verifiers);
  }

  clear(): void {
    this.#users.clear();
    this.#emptied += 1;
  }

  /** How often all users were forgotten. */
  get emptied(): number {
    return this.#emptied;
  }
}
