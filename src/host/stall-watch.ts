import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Cancel, Clock, Dump, Lifecycle } from '#base';

/** Milliseconds between two samples of the event loop; a sample is late by what kept the loop busy. */
const resolution = 10;

/** Milliseconds the loop may be kept busy without a word. */
export const longestTurn = 100;

/** Seconds the status looks back. */
const remembered = 60;

export interface StallWatchOptions {
  readonly clock: Clock;
  /** Called for a second with a stall. */
  readonly stalled: (stall: Stall) => void;
  /** Default: the event loop of this thread. */
  readonly histogram?: DelayHistogram;
  /** Milliseconds this thread has waited for a processor so far; default: what the kernel counts. */
  readonly waited?: () => number;
}

/** A second in which the event loop was kept from its next turn for more than 100 ms. */
export interface Stall {
  /** The longest delay of that second. */
  readonly milliseconds: number;
  /** What the thread waited for a processor meanwhile: so much of the stall the machine is to blame for. */
  readonly waited: number;
}

/** What is used of Node's histogram; nanoseconds. */
export interface DelayHistogram {
  readonly max: number;
  enable(): unknown;
  disable(): unknown;
  reset(): void;
}

/**
 * Watches how long the event loop of this process is kept from its next turn, by own work or by a
 * machine that runs something else, and tells of every second in which that was above 100 ms.
 */
export class StallWatch implements Lifecycle {
  readonly #options: StallWatchOptions;
  readonly #histogram: DelayHistogram;
  /** The longest delay of each of the last seconds, milliseconds. */
  readonly #seconds: number[] = [];
  readonly #waitedSoFar: () => number;
  /** At the last three looks: a stall may end with the second before the one that shows it. */
  #waits: readonly [number, number, number] = [0, 0, 0];
  #stalls = 0;
  #cancel: Cancel = () => {};

  constructor(options: StallWatchOptions) {
    this.#options = options;
    this.#histogram = options.histogram ?? monitorEventLoopDelay({ resolution });
    this.#waitedSoFar = options.waited ?? runQueueWait;
  }

  async start(): Promise<void> {
    const now = this.#waitedSoFar();
    this.#waits = [now, now, now];
    this.#histogram.enable();
    this.#next();
  }

  async drain(): Promise<void> {
    // Work that ends may stall, too.
  }

  async close(): Promise<void> {
    this.#cancel();
    this.#histogram.disable();
  }

  /** Milliseconds of the longest delay of the last minute, and in how many seconds one was too long. */
  dump(): { readonly highest: number; readonly stalls: number } & Dump {
    return { highest: Math.max(0, ...this.#seconds), stalls: this.#stalls };
  }

  #next(): void {
    this.#cancel = this.#options.clock.after(1000, () => {
      this.#look();
      this.#next();
    });
  }

  #look(): void {
    // Nanoseconds from one sample to the next; the time between two samples is no delay.
    const delay = Math.max(0, Math.round(this.#histogram.max / 1e6) - resolution);
    this.#histogram.reset();
    this.#waits = [this.#waits[1], this.#waits[2], this.#waitedSoFar()];
    this.#seconds.push(delay);
    if (this.#seconds.length > remembered) this.#seconds.shift();
    if (delay <= longestTurn) return;
    this.#stalls += 1;
    const waited = Math.round(this.#waits[2] - this.#waits[0]);
    this.#options.stalled({ milliseconds: delay, waited });
  }
}

/** Milliseconds the first thread of this process has been ready to run without running; 0 where not told. */
function runQueueWait(): number {
  try {
    // CPU time, time on the run queue, both nanoseconds (kernel: Documentation/scheduler/sched-stats).
    const told = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ');
    return Number(told[1] ?? 0) / 1e6;
  } catch {
    // Not Linux, or a kernel that does not count.
    return 0;
  }
}
