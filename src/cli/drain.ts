import { setTimeout } from 'node:timers/promises';
import { UsherError } from '#base';
import { drainLimit } from '#host';
import type { CliContext } from './context.ts';
import { texts } from './messages/balancer.ts';

/** Milliseconds between two looks at a drain. */
const pause = 500;

/** `--deadline SECONDS` in milliseconds; five minutes when it is not given. */
export function readDeadline(context: CliContext, flag = '300'): number {
  const milliseconds = /^\d{1,6}$/u.test(flag) ? Number(flag) * 1000 : Number.NaN;
  if (milliseconds <= drainLimit) return milliseconds;
  throw new UsherError('USHER_USAGE', `--deadline ${flag}`, {
    remedy: texts(context.language).wholeSeconds(drainLimit / 1000),
  });
}

/**
 * Looks until `look` says that it is done, and tells what changed. Resolves with false when the
 * reader had enough (Ctrl-C).
 */
export async function watch(
  context: CliContext,
  look: () => Promise<{ readonly done: boolean; readonly line: string }>,
): Promise<boolean> {
  let said = '';
  for (;;) {
    const { done, line } = await look();
    if (done) return true;
    if (line !== said) context.complain(line);
    said = line;
    try {
      await setTimeout(pause, undefined, { signal: context.interrupted });
    } catch {
      // Only the signal ends the pause early.
      return false;
    }
  }
}
