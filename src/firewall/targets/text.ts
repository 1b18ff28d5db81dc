import { UsherError } from '#base';
import type { Rule } from './model.ts';

/** Nothing a name or reason holds may begin a line of its own. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');

/** Row id and reason in one line, cut between characters to at most so many bytes of UTF-8. */
export function reasonOf(
  { id, comment = '' }: Pick<Rule, 'id' | 'comment'>,
  bytes: number,
): string {
  const text = oneLine(id === '' ? comment : `${id}: ${comment}`);
  let length = 0;
  let end = 0;
  for (const character of text) {
    length += bytesOf(character.codePointAt(0) ?? 0);
    if (length > bytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}

/** Bytes of a character in UTF-8 (RFC 3629). */
const bytesOf = (point: number): number =>
  point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;

/** Parts `ID: reason` again; a comment of another form is a reason without an id. */
export function reasonIn(comment: string | undefined): Pick<Rule, 'id' | 'comment'> {
  const [, id = '', reason = comment] = /^(\S+): (.*)$/u.exec(comment ?? '') ?? [];
  return reason === undefined ? { id } : { id, comment: reason };
}

/** The fault of a rule, or a chain, a kind of firewall cannot say; names the row. */
export function inexpressible({ id }: Pick<Rule, 'id'>, what: string): UsherError {
  const name = id === '' ? 'A rule without a row' : id;
  return new UsherError('USHER_RULES_INEXPRESSIBLE', `${name} asks for ${what}.`, {
    remedy: 'Split the rule, or write it for another kind of firewall.',
  });
}

const german: Readonly<Record<string, string>> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  Ä: 'Ae',
  Ö: 'Oe',
  Ü: 'Ue',
  ß: 'ss',
};

/** For command lines that take ASCII alone: letters without their accents, `.` for the rest. */
export const asciiOf = (text: string): string =>
  text
    .replace(/[äöüÄÖÜß]/gu, (letter) => german[letter] ?? letter)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[–—]/gu, '-')
    .replace(/[„“”]/gu, '"')
    .replace(/[‘’]/gu, "'")
    .replace(/[^ -~]/gu, '.');

/** A text in quotation marks as every command line reads it: none inside, nor a backslash or `?`. */
export const quoted = (text: string): string =>
  `"${asciiOf(text).replaceAll('"', "'").replaceAll('\\', '/').replaceAll('?', '.')}"`;

/** Lines of at most so many characters, broken between words where possible; at least one. */
export function wrapped(text: string, length: number): readonly string[] {
  const lines: string[] = [];
  let rest = text.trim();
  while (rest.length > length) {
    const space = rest.lastIndexOf(' ', length);
    const end = space > 0 ? space : length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}
