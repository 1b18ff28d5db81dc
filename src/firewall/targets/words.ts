import { unreadable } from './model.ts';
import type { Position } from './model.ts';

/** A word of a command line. */
export interface Word {
  readonly text: string;
  readonly quoted: boolean;
}

/**
 * Splits a line as most command lines do: blanks between words; a backslash counts inside double
 * quotation marks only.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE` for quotation marks that are not closed
 */
export function wordsOf(line: string, position: Position): Word[] {
  const words: Word[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']+))/uy;
  const text = line.trimEnd();
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) {
      throw unreadable(position, text.slice(at), 'an option with its quotation marks closed');
    }
    at = pattern.lastIndex;
    const [, double, single, bare] = match;
    const unquoted = bare ?? single ?? (double ?? '').replace(/\\(.)/gu, '$1');
    words.push({ text: unquoted, quoted: bare === undefined });
  }
  return words;
}

/** The lines of a file with their places; neither blank ones nor carriage returns. */
export function linesOf(
  content: string,
  file: string,
): readonly {
  readonly line: string;
  readonly position: Position;
}[] {
  return content
    .split('\n')
    .map((line, index) => ({
      line: line.replace(/\r$/u, ''),
      position: { file, line: index + 1 },
    }))
    .filter(({ line }) => line.trim() !== '');
}
