import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { type Find, judge, shrink } from './find.ts';
import { inputOf } from './input.ts';

/** What the fuzzing thread is told. `pulse` holds the number of the input it is at. */
const taskShape = z.object({
  seed: z.number(),
  runs: z.number(),
  compareEvery: z.number(),
  /** Milliseconds after which to end. */
  time: z.number(),
  /** Inputs after which the heap has to have found its size. */
  warmUp: z.number(),
  pulse: z.custom<Int32Array<SharedArrayBuffer>>((value) => value instanceof Int32Array),
});
export type Task = z.infer<typeof taskShape>;

/** What the fuzzing thread tells: finds as they come, the heap (bytes) after warm-up and at the end. */
export type Report =
  | { readonly kind: 'find'; readonly find: Find }
  | {
      readonly kind: 'heap';
      readonly at: 'warm-up' | 'end';
      readonly bytes: number;
      readonly done: number;
    };

/** More finds of one run say the same again. */
const mostFinds = 10;

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

function heap(): number {
  if (typeof collect === 'function') for (let i = 0; i < 3; i++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function report(message: Report): void {
  parentPort?.postMessage(message, []);
}

function fuzz({ seed, runs, compareEvery, time, warmUp, pulse }: Task): void {
  const end = performance.now() + time;
  const finds = new Set<string>();
  let index = 0;
  while (index < runs && finds.size < mostFinds && performance.now() < end) {
    if (index === warmUp) report({ kind: 'heap', at: 'warm-up', bytes: heap(), done: index });
    Atomics.store(pulse, 0, index);
    const chunks = inputOf(seed, index);
    const fault = judge(chunks, index % compareEvery === 0);
    if (fault !== undefined) {
      const bytes = shrink(Buffer.concat(chunks), fault.kind);
      const text = bytes.toString('latin1');
      if (!finds.has(text)) report({ kind: 'find', find: { ...fault, index, bytes } });
      finds.add(text);
    }
    index++;
  }
  report({ kind: 'heap', at: 'end', bytes: heap(), done: index });
}

fuzz(taskShape.parse(workerData));
