import { detach } from '#sip';

/** How many wrong answers one key may give, and what then happens. Times in milliseconds. */
export interface BackoffLimits {
  /** Failures inside the window that are still answered with a new challenge. */
  readonly tolerated: number;
  /** A key without failures for this long is forgotten. */
  readonly window: number;
  /** Pause after the first failure too many; doubled with each further one. */
  readonly pause: number;
  readonly longestPause: number;
}

/**
 * The pair of user and source is slowed down first; the other two only stop guessing that is spread over
 * many sources or many users, and their pauses stay short so that an attacker cannot lock a user out.
 */
export const signInLimits: Readonly<Record<'pair' | 'user' | 'source', BackoffLimits>> = {
  pair: { tolerated: 5, window: 600_000, pause: 2_000, longestPause: 300_000 },
  user: { tolerated: 60, window: 600_000, pause: 1_000, longestPause: 10_000 },
  source: { tolerated: 120, window: 600_000, pause: 1_000, longestPause: 30_000 },
};

interface Failures {
  count: number;
  last: number;
  blockedUntil: number;
}

/** Counts the failures of keys; holds at most `capacity` keys, the longest silent one goes first. */
export class FailureCounter {
  readonly #limits: BackoffLimits;
  readonly #capacity: number;
  readonly #failures = new Map<string, Failures>();

  constructor(limits: BackoffLimits, capacity = 20_000) {
    this.#limits = limits;
    this.#capacity = capacity;
  }

  /** Milliseconds this key still has to wait; 0 when it may try. */
  wait(key: string, now: number): number {
    return Math.max(0, (this.#failures.get(key)?.blockedUntil ?? 0) - now);
  }

  /** Notes one wrong answer. */
  failed(key: string, now: number): void {
    const known = this.#failures.get(key);
    const count =
      known !== undefined && now - known.last <= this.#limits.window ? known.count + 1 : 1;
    const excess = count - this.#limits.tolerated;
    // 2^30 pauses are longer than any longestPause; the cap keeps the power finite.
    const pause = excess <= 0 ? 0 : this.#limits.pause * 2 ** Math.min(excess - 1, 30);
    // Deleting first moves the key to the end: the map stays ordered by silence.
    this.#failures.delete(key);
    // The key was cut from the request, which would be kept with it.
    this.#failures.set(detach(key), {
      count,
      last: now,
      blockedUntil: pause === 0 ? 0 : now + Math.min(pause, this.#limits.longestPause),
    });
    if (this.#failures.size > this.#capacity) {
      const [oldest] = this.#failures.keys();
      if (oldest !== undefined) this.#failures.delete(oldest);
    }
  }

  /** A right answer clears the slate of this key; false when it was clear. */
  succeeded(key: string): boolean {
    return this.#failures.delete(key);
  }

  get size(): number {
    return this.#failures.size;
  }
}

/** Slows down guessing of passwords, per user, per source address and per pair of both. */
export class SignInBackoff {
  readonly #pair: FailureCounter;
  readonly #user: FailureCounter;
  readonly #source: FailureCounter;

  constructor(limits = signInLimits, capacity?: number) {
    this.#pair = new FailureCounter(limits.pair, capacity);
    this.#user = new FailureCounter(limits.user, capacity);
    this.#source = new FailureCounter(limits.source, capacity);
  }

  /** Milliseconds until credentials of this user from this source are looked at again. */
  wait(user: string, source: string, now: number): number {
    // Where nobody has failed, nobody is looked for.
    if (this.size === 0) return 0;
    return Math.max(
      this.#pair.wait(`${source} ${user}`, now),
      this.#user.wait(user, now),
      this.#source.wait(source, now),
    );
  }

  failed(user: string, source: string, now: number): void {
    this.#pair.failed(`${source} ${user}`, now);
    this.#user.failed(user, now);
    this.#source.failed(source, now);
  }

  /**
   * Clears the pair only: a guesser's own valid account must not buy new attempts on others. False when
   * there was nothing to clear.
   */
  succeeded(user: string, source: string): boolean {
    return this.#pair.size > 0 && this.#pair.succeeded(`${source} ${user}`);
  }

  /** Keys remembered. */
  get size(): number {
    return this.#pair.size + this.#user.size + this.#source.size;
  }
}
