import { writeFileSync } from 'node:fs';
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
  try {
    writeFileSync(file, content);
  } catch (error) {
    const message = `${texts.unwritable(file)[context.language]}: ${messageOf(error)}`;
    throw new UsherError('USHER_FILE', message, {
      remedy: texts.remedy[context.language],
      cause: error,
    });
  }
}
