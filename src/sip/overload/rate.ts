/** How often something may happen. */
export interface Rate {
  /** At once, after a silence. */
  readonly burst: number;
  /** A second, in the long run. */
  readonly perSecond: number;
}

/** The rate of so many a second: three seconds' worth of them may come at once. */
export function rateOf(perSecond: number): Rate {
  return { burst: Math.max(1, Math.ceil(3 * perSecond)), perSecond };
}

/**
 * The rate limit as an arithmetic of one number, the time the next request is expected at (the generic
 * cell rate algorithm; RFC 7415 3.5 uses it for SIP under the name of leaky bucket). Whoever is limited
 * keeps that number, 0 at first; times are milliseconds.
 *
 * What is favoured may come twice as much too early (the second threshold of RFC 7415 3.5.2), so that it
 * still finds room when everything else has used up its own.
 */
export class RateLimiter {
  readonly rate: Rate;
  readonly #interval: number;
  readonly #tolerance: number;
  readonly #favouredTolerance: number;

  constructor(rate: Rate) {
    this.rate = rate;
    this.#interval = 1000 / rate.perSecond;
    this.#tolerance = (rate.burst - 1) * this.#interval;
    this.#favouredTolerance = (2 * rate.burst - 1) * this.#interval;
  }

  /** When the next one is expected if this one is let in at `now`; undefined when it is one too many. */
  next(expected: number, now: number, favoured = false): number | undefined {
    if (expected <= now) return now + this.#interval;
    const early = expected - now;
    if (early > (favoured ? this.#favouredTolerance : this.#tolerance)) return undefined;
    return expected + this.#interval;
  }

  /** Seconds a refused sender should stay away, after which half of the burst is free again. */
  get pause(): number {
    return Math.max(1, Math.ceil(this.rate.burst / this.rate.perSecond / 2));
  }
}

/** One sender under a limit. */
export class Bucket {
  readonly #limiter: RateLimiter;
  #expected = 0;
  #refused = 0;

  constructor(rate: Rate) {
    this.#limiter = new RateLimiter(rate);
  }

  /** Counts one request at `now`; false when it is one too many. */
  allows(now: number, favoured = false): boolean {
    const next = this.#limiter.next(this.#expected, now, favoured);
    if (next === undefined) {
      this.#refused += 1;
      return false;
    }
    this.#expected = next;
    return true;
  }

  /** Refused so far. */
  get refused(): number {
    return this.#refused;
  }
}
