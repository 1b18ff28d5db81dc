import type { Cancel, Clock } from '#base';

/** How often the event loop is looked at; milliseconds. */
const period = 100;
/** Weight of the newest look: one stall is no overload, a row of them is. */
const weight = 0.2;
/** Requests between two looks below which refusing them would not make the loop any faster. */
const worthRefusing = 50;
/** A longer delay is the clock being set or the machine having slept; milliseconds. */
const longest = 10_000;
/** Delays of the event loop at which pressure reaches 1, 2 and 3; milliseconds. */
const delays = [0, 100, 250, 1_000] as const;
/** Shares of the requests that may be unfinished at which it does. */
const shares = [0, 0.5, 0.75, 1] as const;

/**
 * How much the process has to do, as one number: its pressure. Below 1 there is room for everything; from
 * 1 on new requests are refused, all of them at 2; from 2 on those inside dialogs, all at 3.
 *
 * It is the higher of two: how late the event loop comes to a timer, on average over the last second or
 * so, and how many requests are unfinished.
 */
export class LoadMeter {
  readonly #clock: Clock;
  readonly #most: number;
  #delay = 0;
  #pressure = 0;
  #arrivals = 0;
  #stop: Cancel | undefined = undefined;

  /** `most`: unfinished requests beyond which nothing is taken any more. */
  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  start(): void {
    const due = this.#clock.now() + period;
    this.#stop = this.#clock.after(period, () => {
      this.#look(this.#clock.now() - due);
      this.start();
    });
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Counts one request; its pressure, 0 to 3. */
  pressureOf(unfinished: number): number {
    this.#arrivals += 1;
    return Math.max(this.#pressure, placeOf(unfinished / this.#most, shares));
  }

  /** Average delay of the event loop; milliseconds. */
  get delay(): number {
    return this.#delay;
  }

  #look(late: number): void {
    const counts = this.#arrivals >= worthRefusing && late <= longest;
    this.#arrivals = 0;
    this.#delay += (Math.max(0, counts ? late : 0) - this.#delay) * weight;
    this.#pressure = placeOf(this.#delay, delays);
  }
}

/** Where a value stands among ascending marks: 1.5 is half way between the second and the third; 3 at most. */
function placeOf(value: number, marks: readonly [number, number, number, number]): number {
  for (let at = 1; at < marks.length; at += 1) {
    const from = marks[at - 1] ?? 0;
    const to = marks[at] ?? 0;
    if (value < to) return at - 1 + (value - from) / (to - from);
  }
  return marks.length - 1;
}
