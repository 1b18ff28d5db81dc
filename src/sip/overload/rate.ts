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

  /** Whether a sender that expects its next request then has used more than a quarter of its burst. */
  usesMuch(expected: number, now: number): boolean {
    return expected - now > this.#tolerance / 4;
  }

  /** When the next one is expected if so many more were let in elsewhere; no later than would be refused. */
  after(expected: number, count: number, now: number): number {
    const latest = now + this.#favouredTolerance + this.#interval;
    return Math.min(Math.max(expected, now) + count * this.#interval, Math.max(expected, latest));
  }

  /** Seconds a refused sender should stay away, after which half of the burst is free again. */
  get pause(): number {
    return Math.max(1, Math.ceil(this.rate.burst / this.rate.perSecond / 2));
  }
}

/** One sender under a limit. */
export class Bucket {
  readonly #limiter: RateLimiter;
  readonly #usesMuch: (() => void) | undefined;
  #expected = 0;
  #refused = 0;

  /** `usesMuch`: called for each request taken while much of the limit is used. */
  constructor(rate: Rate, usesMuch?: () => void) {
    this.#limiter = new RateLimiter(rate);
    this.#usesMuch = usesMuch;
  }

  /** Counts one request at `now`; false when it is one too many. */
  allows(now: number, favoured = false): boolean {
    const next = this.#limiter.next(this.#expected, now, favoured);
    if (next === undefined) {
      this.#refused += 1;
      return false;
    }
    this.#expected = next;
    if (this.#limiter.usesMuch(next, now)) this.#usesMuch?.();
    return true;
  }

  /** Counts requests that were taken elsewhere. */
  add(count: number, now: number): void {
    this.#expected = this.#limiter.after(this.#expected, count, now);
  }

  /** Refused so far. */
  get refused(): number {
    return this.#refused;
  }
}
