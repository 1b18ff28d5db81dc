import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** A second in which the event loop of a host was kept from its next turn for more than 100 ms. */
export interface Stall {
  readonly host: string;
  /** Epoch milliseconds at the end of that second. */
  readonly at: number;
  readonly milliseconds: number;
  /** Milliseconds the process was ready to run and got no processor, as the kernel counts it. */
  readonly waited: number;
}

/** The longest delay of this program's event loop within the second that ends at `at`. */
export interface Delay {
  readonly at: number;
  readonly milliseconds: number;
}

/** A stall, and how much of it the machine is to blame for. */
export interface JudgedStall extends Stall {
  /** Milliseconds of the longest stall of this program, which did next to nothing at that time. */
  readonly control: number;
  /** What is left and the process's own, milliseconds. */
  readonly own: number;
}

/** Milliseconds an event loop may stall by its own doing. */
export const longestOwn = 100;

/** The seconds of two processes do not begin together. */
const around = 2200;

/**
 * Blames the machine for what a process waited for a processor, or this program stalled itself, in the
 * same seconds: starvation meets everybody, a loop that is busy with itself only its own process.
 */
export function judgeStalls(
  stalls: readonly Stall[],
  control: readonly Delay[],
): readonly JudgedStall[] {
  return stalls.map((stall) => {
    const delays = control
      .filter(({ at }) => Math.abs(at - stall.at) < around)
      .map(({ milliseconds }) => milliseconds);
    const highest = Math.max(0, ...delays);
    const own = Math.max(0, stall.milliseconds - Math.max(stall.waited, highest));
    return { ...stall, control: highest, own };
  });
}

/** Stalls the hosts of a deployment wrote into their logs. */
export function stallsIn(folder: string): readonly Stall[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.log'))
    .flatMap((file) =>
      readFileSync(`${folder}/${file}`, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"msg":"the event loop stalled"'))
        .map((line) => stallOf(line, file.slice(0, -'.log'.length))),
    );
}

function stallOf(line: string, host: string): Stall {
  const told: unknown = JSON.parse(line);
  const field = (name: string): unknown =>
    typeof told === 'object' && told !== null ? Reflect.get(told, name) : undefined;
  return {
    host,
    at: Date.parse(String(field('time'))),
    milliseconds: Number(field('milliseconds')),
    waited: Number(field('waited')),
  };
}

/** The same measure as in the hosts, in this process. */
export class Control {
  readonly delays: Delay[] = [];
  readonly #histogram = monitorEventLoopDelay({ resolution: 10 });

  constructor() {
    this.#histogram.enable();
  }

  /** To be called every second. */
  look(): void {
    const milliseconds = Math.max(0, Math.round(this.#histogram.max / 1e6) - 10);
    this.#histogram.reset();
    this.delays.push({ at: Date.now(), milliseconds });
  }

  close(): void {
    this.#histogram.disable();
  }
}
