import { headerFault } from './errors.ts';

const TOKEN = 1;
const DIGIT = 2;

/** One byte of class bits a character code (RFC 3261 25.1); codes above 255 have no class. */
const classes = new Uint8Array(256);
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.!%*_+`'~") {
  classes[character.charCodeAt(0)] = TOKEN;
}
for (const character of '0123456789') classes[character.charCodeAt(0)] = TOKEN | DIGIT;

/** True for the characters of RFC 3261 `token`. */
export function isTokenCode(code: number): boolean {
  return ((classes[code] ?? 0) & TOKEN) !== 0;
}

/** True for `0` to `9`. */
export function isDigitCode(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** True for a non-empty `token`. */
export function isToken(text: string): boolean {
  return text !== '' && tokenEnd(text, 0) === text.length;
}

/** First index at or after `at` that is no token character. */
export function tokenEnd(text: string, at: number): number {
  let i = at;
  while (i < text.length && isTokenCode(text.charCodeAt(i))) i++;
  return i;
}

/** First index at or after `at` that is neither space, tab, CR nor LF: linear white space, folds included. */
export function skipSpace(text: string, at: number): number {
  let i = at;
  while (i < text.length && isSpaceCode(text.charCodeAt(i))) i++;
  return i;
}

/** `skipSpace` that stops at `end`. */
export function skipSpaceTo(text: string, at: number, end: number): number {
  let i = at;
  while (i < end && isSpaceCode(text.charCodeAt(i))) i++;
  return i;
}

/** `tokenEnd` that stops at `end`. */
export function tokenEndTo(text: string, at: number, end: number): number {
  let i = at;
  while (i < end && isTokenCode(text.charCodeAt(i))) i++;
  return i;
}

/** Whether `text[start, end)` is `lower` in any case; `lower` holds small letters only. */
export function spells(text: string, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    if ((text.charCodeAt(start + i) | 32) !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** True for the characters linear white space is made of. */
export function isSpaceCode(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 10;
}

/** Text without white space at either end; spaces, tabs and folds only. */
export function trim(text: string): string {
  const start = skipSpace(text, 0);
  let end = text.length;
  while (end > start && isSpaceCode(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** Replaces every fold (CRLF and the white space around it) by one space, RFC 3261 7.3.1. */
export function unfold(text: string): string {
  let fold = text.indexOf('\r');
  if (fold < 0) return text;
  let out = '';
  let from = 0;
  while (fold >= 0) {
    let end = fold;
    while (end > from && isSpaceCode(text.charCodeAt(end - 1))) end--;
    out += `${text.slice(from, end)} `;
    from = skipSpace(text, fold);
    fold = text.indexOf('\r', from);
  }
  return out + text.slice(from);
}

/** Index after the closing quote of the quoted-string that opens at `at`; throws when it closes not before `end`. */
export function quotedEnd(text: string, at: number, end = text.length): number {
  for (let i = at + 1; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) return i + 1;
    if (code === 92) i++;
  }
  throw headerFault('unbalanced-quote', 'A quoted string is not closed');
}

/** The text a quoted-string stands for: quotes off, `\x` becomes `x`. Other text comes back as it is. */
export function unquote(text: string): string {
  if (text.charCodeAt(0) !== 34) return text;
  const inner = text.slice(1, -1);
  let escape = inner.indexOf('\\');
  if (escape < 0) return inner;
  let out = '';
  let from = 0;
  while (escape >= 0) {
    out += inner.slice(from, escape) + inner.charAt(escape + 1);
    from = escape + 2;
    escape = inner.indexOf('\\', from);
  }
  return out + inner.slice(from);
}

/** Text as a quoted-string; `"` and `\` are escaped. Throws on CR and LF, which no escape can carry. */
export function quote(text: string): string {
  if (!/["\\\r\n]/.test(text)) return `"${text}"`;
  if (/[\r\n]/.test(text)) {
    throw headerFault('line-break', 'A quoted string must not hold a line break');
  }
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Case-blind equality for ASCII text. */
export function sameText(a: string, b: string): boolean {
  return a === b || (a.length === b.length && a.toLowerCase() === b.toLowerCase());
}

/**
 * A whole number written in decimal digits and nothing else; undefined for anything else and for
 * numbers above `max` (leading zeros are fine, RFC 4475 3.1.1.1).
 */
export function parseDigits(text: string, max: number): number | undefined {
  if (text === '') return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!isDigitCode(code)) return undefined;
    value = value * 10 + code - 48;
    if (value > max) return undefined;
  }
  return value;
}

/**
 * A copy that shares nothing with the head it was cut from. V8 slices keep their whole parent alive,
 * so every text of a message that outlives it (bindings, dialogs, indexes) must pass through here.
 */
export function detach(text: string): string {
  if (text.length < 13) return text; // V8 copies slices this short by itself.
  const copy = Buffer.from(text, 'latin1').toString('latin1');
  return copy === text ? copy : Buffer.from(text, 'utf16le').toString('utf16le');
}

/** Text of a head (one character a byte) as people read it: UTF-8 where it is valid, else as it is. */
export function decodeText(wire: string): string {
  let ascii = true;
  for (let i = 0; i < wire.length && ascii; i++) ascii = wire.charCodeAt(i) < 128;
  if (ascii) return wire;
  try {
    return strictUtf8.decode(Buffer.from(wire, 'latin1'));
  } catch {
    return wire; // Not UTF-8: an old peer's Latin-1; shown as such.
  }
}
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Text as it has to stand in a head: its UTF-8 bytes, one character a byte. */
export function encodeText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
