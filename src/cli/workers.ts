import { UsherError, type Text } from '#base';
import type { CliContext } from './context.ts';

const remedy: Text = {
  en: '--workers takes a whole number from 1 to 999.',
  de: '--workers nimmt eine ganze Zahl von 1 bis 999.',
};

/** Reads how many processes each host has: `--workers`, from 1 to 999. */
export function readWorkers(
  context: CliContext,
  written: string | undefined,
  otherwise: number,
): number {
  if (written === undefined) return otherwise;
  if (/^\d{1,3}$/u.test(written) && Number(written) >= 1) return Number(written);
  throw new UsherError('USHER_USAGE', `--workers ${written}`, {
    remedy: remedy[context.language],
  });
}
