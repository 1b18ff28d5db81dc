import { mkdirSync, writeFileSync } from 'node:fs';
import { messageOf, UsherError, type Text } from '#base';
import type { CliContext } from './context.ts';

const texts = {
  unwritable: (file: string): Text => ({
    en: `cannot write ${file}`,
    de: `${file} lässt sich nicht schreiben`,
  }),
  remedy: {
    en: 'Name a file in a directory that exists and that you may write to.',
    de: 'Eine Datei in einem vorhandenen Verzeichnis nennen, in das Sie schreiben dürfen.',
  },
} as const;

/**
 * Writes a file an option names.
 *
 * @throws UsherError `USHER_FILE` when it cannot be written
 */
export function writeOutput(context: CliContext, file: string, content: string): void {
  attempt(context, file, () => writeFileSync(file, content));
}

/**
 * Makes a directory an option names, with those above it; one that is there stays as it is.
 *
 * @throws UsherError `USHER_FILE` when it cannot be made
 */
export function makeOutputDirectory(context: CliContext, directory: string): void {
  attempt(context, directory, () => void mkdirSync(directory, { recursive: true }));
}

function attempt(context: CliContext, file: string, effect: () => void): void {
  try {
    effect();
  } catch (error) {
    const message = `${texts.unwritable(file)[context.language]}: ${messageOf(error)}`;
    throw new UsherError('USHER_FILE', message, {
      remedy: texts.remedy[context.language],
      cause: error,
    });
  }
}
