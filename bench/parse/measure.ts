/** One thing to measure. */
export interface Case {
  /** What is done, e.g. `parse INVITE`. Cases of one group are compared with its first. */
  readonly group: string;
  /** Who does it. */
  readonly name: string;
  /** Does it once; the number keeps the optimiser from dropping the work, and shows it was done. */
  readonly run: () => number;
}

/** The group in which everybody reads six headers of this message. */
export function parseGroup(message: string): string {
  return `parse ${message}, six headers`;
}

/** CPU time of one call, in microseconds. */
export interface Result {
  readonly group: string;
  readonly name: string;
  readonly median: number;
  readonly best: number;
  readonly rounds: number;
}

export interface MeasureOptions {
  /** Samples a case; all cases take turns, so that a slow moment of the machine meets each of them. */
  readonly rounds: number;
  /** CPU time of one sample, in milliseconds. */
  readonly sample: number;
}

/**
 * CPU time of every case, the process's own threads together: what collecting garbage costs is part of
 * what a case costs, what other programs do on the machine is not.
 */
export function measure(cases: readonly Case[], options: MeasureOptions): readonly Result[] {
  const prepared = cases.map((one) => ({
    one,
    calls: calibrate(one, options.sample),
    samples: [0],
  }));
  for (const { samples } of prepared) samples.length = 0;
  for (let round = 0; round < options.rounds; round++) {
    for (const { one, calls, samples } of prepared) samples.push(cpu(one, calls) / calls);
  }
  return prepared.map(({ one, samples }) => {
    const sorted = samples.toSorted((a, b) => a - b);
    const median = sorted[sorted.length >> 1] ?? 0;
    return {
      group: one.group,
      name: one.name,
      median,
      best: sorted[0] ?? 0,
      rounds: sorted.length,
    };
  });
}

/** Calls that fill one sample; on the way there the code gets warm. */
function calibrate(one: Case, sample: number): number {
  let calls = 1000;
  for (;;) {
    cpu(one, calls);
    const spent = cpu(one, calls) / 1000;
    if (spent >= sample / 2) return Math.max(1000, Math.round((calls * sample) / spent));
    calls *= 4;
  }
}

/** Microseconds of CPU time `calls` calls take. */
function cpu(one: Case, calls: number): number {
  const before = process.cpuUsage();
  let sum = 0;
  for (let i = 0; i < calls; i++) sum += one.run();
  const { user, system } = process.cpuUsage(before);
  if (!(sum > 0)) throw new Error(`${one.group}, ${one.name}: the work was not done`);
  return user + system;
}
