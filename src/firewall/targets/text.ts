import { UsherError } from '#base';
import type { Rule } from './model.ts';

/** Nothing a name or reason holds may begin a line of its own. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');

/** Row id and reason in one line, cut between characters to at most so many bytes of UTF-8. */
export function reasonOf({ id, comment = '' }: Rule, bytes: number): string {
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
