import { UsherError, type Text } from '#base';
import type { CliContext } from './context.ts';

const remedy = (option: string, least: number): Text => ({
  en: `--${option} takes a whole number from ${least} to 999.`,
  de: `--${option} nimmt eine ganze Zahl von ${least} bis 999.`,
});

/** Reads how many, or which, of several processes: `--workers` from 1, `--worker` from 0, at most 999. */
export function readWorkers(
  context: CliContext,
  written: string | undefined,
  otherwise: number,
  option: 'workers' | 'worker' = 'workers',
): number {
  const least = option === 'workers' ? 1 : 0;
  if (written === undefined) return otherwise;
  if (/^\d{1,3}$/u.test(written) && Number(written) >= least) return Number(written);
  throw new UsherError('USHER_USAGE', `--${option} ${written}`, {
    remedy: remedy(option, least)[context.language],
  });
}
