import { isTokenCode, quotedEnd, skipSpace, tokenEnd, unquote } from './characters.ts';
import { headerFault } from './errors.ts';

/** Parameters by lower-case name; `true` for a name without a value. Quoted values are unquoted. */
export type Params = ReadonlyMap<string, string | true>;

/** Shared by everything without parameters. */
export const noParams: Params = new Map<string, string | true>();

/** What a walk over `;name=value` reports: offsets into the text; `valueStart` -1 when there is no value. */
type Visit = (nameStart: number, nameEnd: number, valueStart: number, valueEnd: number) => void;

/**
 * Walks `*(SEMI generic-param)` from `at` to the end of the text (RFC 3261 25.1): `;`, a token, and
 * perhaps `=` with a token, a host, an IPv6 reference or a quoted string.
 *
 * Throws `SipSyntaxError` (`header`) at the first thing that is none of these.
 */
export function walkParams(text: string, at: number, visit: Visit): void {
  let i = skipSpace(text, at);
  while (i < text.length) {
    if (text.charCodeAt(i) !== 59) {
      throw headerFault('parameter-syntax', 'Something other than a parameter follows the value');
    }
    const nameStart = skipSpace(text, i + 1);
    const nameEnd = tokenEnd(text, nameStart);
    if (nameEnd === nameStart) throw headerFault('parameter-name', 'A parameter has no name');
    i = skipSpace(text, nameEnd);
    if (text.charCodeAt(i) !== 61) {
      visit(nameStart, nameEnd, -1, -1);
      continue;
    }
    const valueStart = skipSpace(text, i + 1);
    const valueEnd = paramValueEnd(text, valueStart);
    if (valueEnd === valueStart) throw headerFault('parameter-value', 'A parameter has no value');
    visit(nameStart, nameEnd, valueStart, valueEnd);
    i = skipSpace(text, valueEnd);
  }
}

function paramValueEnd(text: string, at: number): number {
  if (text.charCodeAt(at) === 34) return quotedEnd(text, at);
  let i = at;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    // Besides token characters: the `[`, `]`, `:` of IPv6 references, and the `@`, `/`, `?`, `=`, `&`,
    // `$` that deployed systems put unquoted into parameters of their own.
    if (!isTokenCode(code) && !extraValueCodes.has(code)) break;
    i++;
  }
  return i;
}
const extraValueCodes = new Set(Buffer.from('[]:@/?=&${}|#^', 'latin1'));

/**
 * The parameters from `at` to the end of the text.
 *
 * Throws `SipSyntaxError` (`header`) on wrong syntax and on a name that comes twice (RFC 3261 7.3.1):
 * two readers that pick different ones would disagree about the message.
 */
export function parseParams(text: string, at = 0): Params {
  if (skipSpace(text, at) === text.length) return noParams;
  const params = new Map<string, string | true>();
  walkParams(text, at, (nameStart, nameEnd, valueStart, valueEnd) => {
    const name = text.slice(nameStart, nameEnd).toLowerCase();
    if (params.has(name)) {
      throw headerFault('parameter-twice', 'A parameter stands twice in one value');
    }
    params.set(name, valueStart < 0 ? true : unquote(text.slice(valueStart, valueEnd)));
  });
  return params;
}

/** `;name=value…`; values that are no token are quoted. */
export function formatParams(params: Params, quoteValue: (value: string) => string): string {
  let out = '';
  for (const [name, value] of params) {
    out += value === true ? `;${name}` : `;${name}=${quoteValue(value)}`;
  }
  return out;
}
