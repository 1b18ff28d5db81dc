import { isTokenCode, quotedEnd, skipSpaceTo, spells, tokenEndTo, unquote } from './characters.ts';
import { headerFault } from './errors.ts';

/** Parameters by lower-case name; `true` for a name without a value. Quoted values are unquoted. */
export type Params = ReadonlyMap<string, string | true>;

/** Shared by everything without parameters. */
export const noParams: Params = new Map<string, string | true>();

/** Where the parameter read last lies; offsets into its text, `valueStart` -1 when it has no value. */
const last = { nameStart: 0, nameEnd: 0, valueStart: -1, valueEnd: -1 };

/**
 * Reads one `SEMI generic-param` that starts at `at` (RFC 3261 25.1): `;`, a token, and perhaps `=` with a
 * token, a host, an IPv6 reference or a quoted string. Fills `last`; returns where the next one starts.
 *
 * Throws `SipSyntaxError` (`header`) at the first thing that is none of these.
 */
function readParam(text: string, at: number, end: number): number {
  if (text.charCodeAt(at) !== 59) {
    throw headerFault('parameter-syntax', 'Something other than a parameter follows the value');
  }
  const nameStart = skipSpaceTo(text, at + 1, end);
  const nameEnd = tokenEndTo(text, nameStart, end);
  if (nameEnd === nameStart) throw headerFault('parameter-name', 'A parameter has no name');
  last.nameStart = nameStart;
  last.nameEnd = nameEnd;
  last.valueStart = -1;
  last.valueEnd = -1;
  const i = skipSpaceTo(text, nameEnd, end);
  if (i >= end || text.charCodeAt(i) !== 61) return i;
  const valueStart = skipSpaceTo(text, i + 1, end);
  const valueEnd = paramValueEnd(text, valueStart, end);
  if (valueEnd === valueStart) throw headerFault('parameter-value', 'A parameter has no value');
  last.valueStart = valueStart;
  last.valueEnd = valueEnd;
  return skipSpaceTo(text, valueEnd, end);
}

/**
 * The value of one parameter among `text[at, end)`, raw; undefined when it is absent or has none. All of
 * them are read, so that a reader never meets a fault later. `name` in lower case.
 *
 * Throws `SipSyntaxError` (`header`) on wrong syntax, and when this parameter comes twice.
 */
export function findParam(text: string, at: number, end: number, name: string): string | undefined {
  let found: string | undefined;
  for (let i = skipSpaceTo(text, at, end); i < end;) {
    i = readParam(text, i, end);
    if (last.valueStart < 0 || !spells(text, last.nameStart, last.nameEnd, name)) continue;
    if (found !== undefined) throw headerFault('parameter-twice', `A ${name} stands twice`);
    found = text.slice(last.valueStart, last.valueEnd);
  }
  return found;
}

function paramValueEnd(text: string, at: number, end: number): number {
  if (text.charCodeAt(at) === 34) return quotedEnd(text, at, end);
  let i = at;
  while (i < end) {
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
 * The parameters in `text[at, end)`.
 *
 * Throws `SipSyntaxError` (`header`) on wrong syntax and on a name that comes twice (RFC 3261 7.3.1):
 * two readers that pick different ones would disagree about the message.
 */
export function parseParams(text: string, at = 0, end = text.length): Params {
  let i = skipSpaceTo(text, at, end);
  if (i === end) return noParams;
  const params = new Map<string, string | true>();
  while (i < end) {
    i = readParam(text, i, end);
    const name = text.slice(last.nameStart, last.nameEnd).toLowerCase();
    if (params.has(name)) {
      throw headerFault('parameter-twice', 'A parameter stands twice in one value');
    }
    const { valueStart, valueEnd } = last;
    params.set(name, valueStart < 0 ? true : unquote(text.slice(valueStart, valueEnd)));
  }
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
