import { renameSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/*
 * Loaded ahead of every process of a soak (NODE_OPTIONS): at SIGUSR2 it collects all garbage and writes into
 * SOAK_FOLDER what is left. What the processes themselves run is what everybody runs.
 */

const folder = process.env['SOAK_FOLDER'];

function collect(): void {
  // The second time takes what finalizers of the first have let go of.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const file = `${folder}/${process.pid}`;
  writeFileSync(`${file}.new`, String(heapUsed + external));
  renameSync(`${file}.new`, file);
}

if (isMainThread && folder !== undefined) process.on('SIGUSR2', collect);
