import {
  isToken,
  quote,
  quotedEnd,
  skipSpace,
  tokenEnd,
  trim,
  unfold,
  unquote,
} from './characters.ts';
import { headerFault } from './errors.ts';

/** A challenge or credentials: `Digest realm="…", nonce="…"` (RFC 3261 25.1, RFC 7235). */
export interface AuthValue {
  /** As written; compare case-blind. */
  readonly scheme: string;
  /** By lower-case name; quotes and their escapes resolved. */
  readonly params: ReadonlyMap<string, string>;
  /** Names (lower case) whose value stood in quotes. */
  readonly quoted: ReadonlySet<string>;
}

/** More parameters than any scheme has; stops a header full of them from becoming a map full of them. */
const mostParams = 32;

/**
 * Reads WWW-Authenticate, Proxy-Authenticate, Authorization or Proxy-Authorization.
 *
 * Throws `SipSyntaxError` (`header`) on a missing scheme, a parameter without a value, a name that
 * comes twice, unbalanced quotes, or more than 32 parameters.
 */
export function parseAuth(value: string): AuthValue {
  // Whose realm, whose name, which response: the same credentials are asked several times in a row.
  if (value === last.value && last.read !== undefined) return last.read;
  const read = readAuth(value);
  last.value = value;
  last.read = read;
  return read;
}

const last: { value: string; read: AuthValue | undefined } = { value: '', read: undefined };

function readAuth(value: string): AuthValue {
  const text = trim(unfold(value));
  let i = tokenEnd(text, 0);
  if (i === 0) throw headerFault('auth-syntax', 'No authentication scheme');
  const scheme = text.slice(0, i);
  const params = new Map<string, string>();
  const quoted = new Set<string>();
  i = skipSpace(text, i);
  while (i < text.length) {
    const nameEnd = tokenEnd(text, i);
    const name = text.slice(i, nameEnd).toLowerCase();
    const equals = skipSpace(text, nameEnd);
    if (name === '' || text.charCodeAt(equals) !== 61) {
      throw headerFault('auth-syntax', 'An authentication parameter has no name or no value');
    }
    if (params.has(name)) throw headerFault('parameter-twice', 'A parameter stands twice');
    if (params.size >= mostParams) throw headerFault('auth-syntax', 'Too many parameters');
    const start = skipSpace(text, equals + 1);
    const isQuoted = text.charCodeAt(start) === 34;
    const end = isQuoted ? quotedEnd(text, start) : tokenEnd(text, start);
    if (end === start) throw headerFault('auth-syntax', 'A parameter has no value');
    params.set(name, unquote(text.slice(start, end)));
    if (isQuoted) quoted.add(name);
    i = skipSpace(text, end);
    if (i === text.length) break;
    if (text.charCodeAt(i) !== 44) throw headerFault('auth-syntax', 'A comma is missing');
    i = skipSpace(text, i + 1);
    if (i === text.length) throw headerFault('auth-syntax', 'A parameter is missing after a comma');
  }
  return { scheme, params, quoted };
}

/** Parameters that stand without quotes (RFC 7616 3.3, 3.4; RFC 3261 25.1). */
const bare = new Set(['algorithm', 'stale', 'nc', 'userhash']);

/**
 * A challenge or credentials as text. Values are quoted, save `algorithm`, `stale`, `nc`, `userhash`,
 * and the `qop` of credentials (told by the presence of `response`), which RFC 7616 wants bare.
 */
export function formatAuth(scheme: string, params: Iterable<readonly [string, string]>): string {
  const list = [...params];
  const credentials = list.some(([name]) => name === 'response');
  const parts = list.map(([name, value]) => {
    const plain = (bare.has(name) || (credentials && name === 'qop')) && isToken(value);
    return `${name}=${plain ? value : quote(value)}`;
  });
  return `${scheme} ${parts.join(', ')}`;
}
