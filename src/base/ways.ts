import type { Clock } from './clock.ts';

/** Somewhere to connect to, perhaps with a second way there: the other address family. */
export interface Forked<Self> {
  readonly otherwise?: Self | undefined;
}

/** Milliseconds for which a way that failed comes after the other one. */
const memory = 60_000;

/** The ways to one place, the preferred one first. */
export function waysTo<Hop extends Forked<Hop>>(hop: Hop): readonly Hop[] {
  return hop.otherwise === undefined ? [hop] : [hop, hop.otherwise];
}

/** Which way to a place is tried first: the preferred one, unless it failed a moment ago. */
export class Ways<Hop extends Forked<Hop>> {
  readonly #clock: Clock;
  readonly #failedUntil = new WeakMap<Hop, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** In the order to try them. */
  to(hop: Hop): readonly Hop[] {
    if (hop.otherwise === undefined) return [hop];
    const ways = waysTo(hop);
    const now = this.#clock.now();
    const fresh = ways.filter((way) => (this.#failedUntil.get(way) ?? 0) <= now);
    return [...fresh, ...ways.filter((way) => !fresh.includes(way))];
  }

  /** Nobody could be connected to by this way. */
  failed(way: Hop): void {
    this.#failedUntil.set(way, this.#clock.now() + memory);
  }
}
