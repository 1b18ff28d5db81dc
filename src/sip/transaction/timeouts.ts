import type { Cancel, Clock } from '#base';

/**
 * Something that can wait for one point in time. Transactions and branches extend it, so that
 * setting a timer allocates nothing.
 */
export abstract class Timeout {
  /** Neighbours and lane while set; owned by `Timeouts`. */
  timeoutPrevious: Timeout | undefined = undefined;
  timeoutNext: Timeout | undefined = undefined;
  timeoutLane: Lane | undefined = undefined;
  timeoutDue = 0;

  /** Called once when the time has come; the timeout is no longer set then. */
  abstract expired(): void;
}

/** All timeouts of one duration: set in order, hence due in order. */
class Lane {
  readonly duration: number;
  first: Timeout | undefined = undefined;
  last: Timeout | undefined = undefined;
  cancel: Cancel | undefined = undefined;

  constructor(duration: number) {
    this.duration = duration;
  }
}

/**
 * Timers of few different durations, many at a time: one clock timer a duration instead of one a
 * transaction. Setting and clearing cost a few pointer writes.
 */
export class Timeouts {
  readonly #clock: Clock;
  readonly #lanes = new Map<number, Lane>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are set. */
  get size(): number {
    return this.#count;
  }

  /** (Re)starts `timeout` to expire in `milliseconds`. */
  set(timeout: Timeout, milliseconds: number): void {
    this.clear(timeout);
    let lane = this.#lanes.get(milliseconds);
    if (lane === undefined) {
      lane = new Lane(milliseconds);
      this.#lanes.set(milliseconds, lane);
    }
    timeout.timeoutDue = this.#clock.now() + milliseconds;
    timeout.timeoutLane = lane;
    timeout.timeoutPrevious = lane.last;
    if (lane.last === undefined) lane.first = timeout;
    else lane.last.timeoutNext = timeout;
    lane.last = timeout;
    this.#count += 1;
    if (lane.cancel === undefined) this.#arm(lane, milliseconds);
  }

  /** Stops `timeout`; nothing happens when it is not set. */
  clear(timeout: Timeout): void {
    const lane = timeout.timeoutLane;
    if (lane === undefined) return;
    const { timeoutPrevious: previous, timeoutNext: next } = timeout;
    if (previous === undefined) lane.first = next;
    else previous.timeoutNext = next;
    if (next === undefined) lane.last = previous;
    else next.timeoutPrevious = previous;
    timeout.timeoutLane = undefined;
    timeout.timeoutPrevious = undefined;
    timeout.timeoutNext = undefined;
    this.#count -= 1;
    // The clock timer stays: re-arming on every answer would cost more than one idle wake-up.
  }

  /** Forgets every timeout without calling it. */
  close(): void {
    for (const lane of this.#lanes.values()) {
      lane.cancel?.();
      while (lane.first !== undefined) this.clear(lane.first);
    }
    this.#lanes.clear();
  }

  #arm(lane: Lane, milliseconds: number): void {
    lane.cancel = this.#clock.after(milliseconds, () => this.#run(lane));
  }

  #run(lane: Lane): void {
    const now = this.#clock.now();
    // `cancel` stays while this runs: an expiry that sets a new timeout must not arm the lane, for
    // others may be due sooner.
    while (lane.first !== undefined && lane.first.timeoutDue <= now) {
      const timeout = lane.first;
      this.clear(timeout);
      timeout.expired();
    }
    lane.cancel = undefined;
    if (lane.first !== undefined && this.#lanes.get(lane.duration) === lane) {
      this.#arm(lane, Math.max(1, lane.first.timeoutDue - now));
    }
  }
}
