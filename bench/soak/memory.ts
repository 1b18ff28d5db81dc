import { readFileSync } from 'node:fs';

/** One look at a process. */
export interface MemorySample {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly bytes: number;
}

/** What came of a process's memory. */
export interface MemoryVerdict {
  /** Median of the first and of the last third of the time after warm-up, bytes. */
  readonly before: number;
  readonly after: number;
  /** Bytes by which `after` may exceed `before`: what garbage collection makes of a steady state. */
  readonly tolerance: number;
  readonly ok: boolean;
}

/** Bytes of private memory of a process, or undefined when it is gone; shared pages do not count. */
export function memoryOf(pid: number): number | undefined {
  try {
    const found = /^RssAnon:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return found === null ? undefined : Number(found[1]) * 1024;
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

/**
 * Bytes a heap may gain without a leak: the young generation of V8 widens to three semi-spaces of 16 MB when
 * more is asked of a process, and the old one lets garbage stand until then.
 */
const breath = 80 * 2 ** 20;

/**
 * Whether memory grew after warm-up. Medians of whole thirds: a heap breathes, and one sample says
 * nothing. The tolerance does not depend on how long the run is: the longer, the stricter.
 *
 * @param from epoch milliseconds at which warm-up is over
 */
export function judgeMemory(samples: readonly MemorySample[], from: number): MemoryVerdict {
  const warm = samples.filter(({ at }) => at >= from).map(({ bytes }) => bytes);
  const third = Math.ceil(warm.length / 3);
  const before = median(warm.slice(0, third));
  const after = median(warm.slice(-third));
  return { before, after, tolerance: breath, ok: warm.length > 0 && after - before <= breath };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
