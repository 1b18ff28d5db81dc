import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { drive, type Load, type LoadCounts } from './driver.ts';
import { Histogram } from './histogram.ts';

/** What a run came to. */
export interface LoadResult extends Omit<LoadCounts, 'latencies'> {
  readonly perSecond: number;
  /** From request to final answer, in microseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly highest: number;
}

/** Drives the load from this thread, or with several threads that share the connections. */
export async function runLoad(load: Load, threads = 1): Promise<LoadResult> {
  const count = Math.max(1, Math.min(threads, load.connections));
  if (count === 1) return resultOf([await drive(load)]);
  const shares = Array.from({ length: count }, (_, index) => shareOf(load, index, count));
  return resultOf(await Promise.all(shares.map(inThread)));
}

function shareOf(load: Load, index: number, count: number): Load {
  const part = (whole: number): number =>
    Math.floor(whole / count) + (index < whole % count ? 1 : 0);
  return {
    ...load,
    connections: part(load.connections),
    total: load.total === undefined ? undefined : part(load.total),
    rate: load.rate === undefined ? undefined : load.rate / count,
  };
}

function inThread(load: Load): Promise<LoadCounts> {
  const { promise, resolve, reject } = Promise.withResolvers<LoadCounts>();
  const worker = new Worker(new URL(import.meta.url), { workerData: { load } });
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', () => reject(new Error('A thread of the driver ended early')));
  return promise;
}

/** Adds up what the threads have. */
export function resultOf(parts: readonly LoadCounts[]): LoadResult {
  const histogram = new Histogram();
  const statuses: Record<string, number> = {};
  for (const part of parts) {
    histogram.merge(new Histogram(part.latencies));
    for (const [status, count] of Object.entries(part.statuses)) {
      statuses[status] = (statuses[status] ?? 0) + count;
    }
  }
  const sum = (of: (part: LoadCounts) => number): number =>
    parts.reduce((total, part) => total + of(part), 0);
  const answered = sum((part) => part.answered);
  const seconds = Math.max(...parts.map((part) => part.seconds));
  return {
    answered,
    statuses,
    unanswered: sum((part) => part.unanswered),
    seconds,
    perSecond: seconds === 0 ? 0 : answered / seconds,
    p50: histogram.quantile(0.5),
    p99: histogram.quantile(0.99),
    highest: histogram.highest,
  };
}

interface Task {
  readonly load: Load;
}

if (!isMainThread && parentPort !== null) {
  const task: Task = workerData;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort.postMessage(await drive(task.load));
}
