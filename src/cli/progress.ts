import type { CliContext } from './context.ts';
import type { World } from './terminal.ts';

/** One line that shows how far a longer step is; gone when the step is. */
export interface Progress {
  /** Shows `done` of `total` and what is under way. */
  show(done: number, total: number, what: string): void;
  /** Takes the line away. */
  clear(): void;
}

/** On a terminal a line that rewrites itself; elsewhere silence, since the results follow anyway. */
export function progress(
  context: Pick<CliContext, 'columns' | 'environment'>,
  label: string,
  stderr: Pick<World['stderr'], 'isTTY' | 'write'> = process.stderr,
): Progress {
  if (stderr.isTTY !== true || context.environment['TERM'] === 'dumb') {
    return { show() {}, clear() {} };
  }
  const width = 20;
  return {
    show(done, total, what) {
      const filled = Math.round((width * done) / Math.max(1, total));
      const bar = '█'.repeat(filled) + '░'.repeat(width - filled);
      const line = `${label} ${bar} ${done}/${total} ${what}`;
      stderr.write(`\r\u001B[K${line.slice(0, context.columns - 1)}`);
    },
    clear() {
      stderr.write('\r\u001B[K');
    },
  };
}
