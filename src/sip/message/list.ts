import { quotedEnd, trim } from './characters.ts';
import { headerFault } from './errors.ts';

/**
 * Index of the comma that ends the value starting at `at`, or the text's length. Commas inside
 * quoted strings and inside `<…>` do not count.
 *
 * Throws `SipSyntaxError` (`header`) when a quote or a bracket never closes.
 */
export function valueEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 44) return i;
    if (code === 34) i = quotedEnd(text, i) - 1;
    else if (code === 60) {
      i = text.indexOf('>', i);
      if (i < 0) throw headerFault('unbalanced-bracket', 'A "<" is not closed');
    }
  }
  return text.length;
}

/**
 * The comma-separated values of one header field, trimmed (RFC 3261 7.3.1).
 *
 * Throws `SipSyntaxError` (`header`) on an empty element and on unbalanced quotes or brackets. Not for
 * Authorization and its kin, whose commas separate parameters: see `parseAuth`.
 */
export function splitList(text: string): string[] {
  const values: string[] = [];
  let at = 0;
  for (;;) {
    const end = valueEnd(text, at);
    const value = trim(text.slice(at, end));
    if (value === '') throw headerFault('empty-element', 'A list holds an empty element');
    values.push(value);
    if (end >= text.length) return values;
    at = end + 1;
  }
}
