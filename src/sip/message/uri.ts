import { decodeText, isDigitCode, parseDigits } from './characters.ts';
import { SipSyntaxError } from './errors.ts';
import { type Params, noParams } from './params.ts';

/** A sip or sips URI in its parts (RFC 3261 19.1.1). Escapes (`%41`) are kept as they stand. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Lower case; IPv6 references keep their brackets. */
  readonly host: string;
  /** 1 to 65535; undefined when none is written. */
  readonly port: number | undefined;
  /** Names in lower case, values as they stand. */
  readonly params: Params;
  /** What follows `?`, raw; undefined when there is none. */
  readonly headers: string | undefined;
}

function fault(code: string, message: string): SipSyntaxError {
  return new SipSyntaxError(code, 'header', message);
}

/** The scheme of any absolute URI, in lower case; undefined when the text is none (RFC 3986 3.1). */
export function schemeOf(text: string): string | undefined {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 58) return i === 0 ? undefined : text.slice(0, i).toLowerCase();
    const letter = (code | 32) >= 97 && (code | 32) <= 122;
    const other = isDigitCode(code) || code === 43 || code === 45 || code === 46;
    if (!letter && (i === 0 || !other)) return undefined;
  }
  return undefined;
}

/**
 * Takes a sip or sips URI apart.
 *
 * Throws `SipSyntaxError` (`header`): `unsupported-scheme` for any other scheme, `uri-syntax` for
 * everything RFC 3261 19.1.1 does not allow.
 */
export function parseUri(text: string): SipUri {
  const scheme = schemeOf(text);
  if (scheme !== 'sip' && scheme !== 'sips') {
    throw scheme === undefined
      ? fault('uri-syntax', 'A URI has no scheme')
      : fault('unsupported-scheme', 'A URI is neither sip nor sips');
  }
  checkCharacters(text);
  let at = scheme.length + 1;
  let user: string | undefined;
  let password: string | undefined;
  const sign = text.indexOf('@', at);
  if (sign >= 0) {
    const colon = text.indexOf(':', at);
    const userEnd = colon >= 0 && colon < sign ? colon : sign;
    if (userEnd === at) throw fault('uri-syntax', 'A URI has an empty user part');
    user = text.slice(at, userEnd);
    if (userEnd < sign) password = text.slice(userEnd + 1, sign);
    at = sign + 1;
    if (text.includes('@', at)) throw fault('uri-syntax', 'A URI has more than one "@"');
  }
  const hostEnd = endOfHost(text, at);
  const host = text.slice(at, hostEnd).toLowerCase();
  let port: number | undefined;
  let i = hostEnd;
  if (text.charCodeAt(i) === 58) {
    const portStart = ++i;
    while (isDigitCode(text.charCodeAt(i))) i++;
    port = parseDigits(text.slice(portStart, i), 65535);
    if (port === undefined || port === 0) throw fault('uri-port', 'A URI has an impossible port');
  }
  const question = text.indexOf('?', i);
  const paramsEnd = question < 0 ? text.length : question;
  return {
    scheme,
    user,
    password,
    host,
    port,
    params: i === paramsEnd ? noParams : uriParams(text.slice(i, paramsEnd)),
    headers: question < 0 ? undefined : text.slice(question + 1),
  };
}

/** Refuses what no part of a URI may hold, and escapes that are not two hexadecimal digits. */
function checkCharacters(text: string): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code === 127 || code === 34 || code === 60 || code === 62 || code === 92) {
      throw fault('uri-syntax', 'A URI holds a character that has to be escaped');
    }
    if (code === 37 && (hexValue(text, i + 1) < 0 || hexValue(text, i + 2) < 0)) {
      throw fault('uri-escape', 'A "%" in a URI is not followed by two hexadecimal digits');
    }
  }
}

function hexValue(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (isDigitCode(code)) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Index after the host that starts at `at`: a bracketed IPv6 address, an IPv4 address or a name. */
export function endOfHost(text: string, at: number, end = text.length): number {
  let i = at;
  if (i < end && text.charCodeAt(i) === 91) {
    i = text.indexOf(']', at) + 1;
    for (let k = at + 1; k < i - 1; k++) {
      const code = text.charCodeAt(k);
      if (code !== 58 && code !== 46 && hexValue(text, k) < 0) i = 0;
    }
    if (i < at + 4 || i > end) throw fault('host-syntax', 'An IPv6 reference is malformed');
    return i;
  }
  while (i < end && isHostCode(text.charCodeAt(i))) i++;
  if (i === at) throw fault('host-syntax', 'A host name is missing');
  return i;
}

/** Letters, digits, `-`, `.`, and the `_` that Windows networks use. */
function isHostCode(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || (code >= 45 && code <= 57 && code !== 47) || code === 95;
}

function uriParams(text: string): Params {
  const params = new Map<string, string | true>();
  let at = 0;
  while (at < text.length) {
    if (text.charCodeAt(at) !== 59) throw fault('uri-syntax', 'Something odd follows the host');
    let end = text.indexOf(';', at + 1);
    if (end < 0) end = text.length;
    const equals = text.indexOf('=', at + 1);
    const nameEnd = equals >= 0 && equals < end ? equals : end;
    const name = text.slice(at + 1, nameEnd).toLowerCase();
    if (name === '') throw fault('uri-syntax', 'A URI parameter has no name');
    if (params.has(name)) throw fault('parameter-twice', 'A parameter stands twice in one URI');
    params.set(name, nameEnd === end ? true : text.slice(nameEnd + 1, end));
    at = end;
  }
  return params;
}

/** The URI as text; what `parseUri` took apart comes back with scheme, host and names in lower case. */
export function formatUri(uri: SipUri): string {
  let out = `${uri.scheme}:`;
  if (uri.user !== undefined) {
    out += uri.password === undefined ? `${uri.user}@` : `${uri.user}:${uri.password}@`;
  }
  out += uri.port === undefined ? uri.host : `${uri.host}:${uri.port}`;
  for (const [name, value] of uri.params) out += value === true ? `;${name}` : `;${name}=${value}`;
  return uri.headers === undefined ? out : `${out}?${uri.headers}`;
}

/**
 * Escapes resolved once: `%41` is `A`, `%2541` is `%41` and stays so. The result is one character a
 * byte; bytes that no escape stood for come back unchanged.
 */
export function unescapeUri(text: string): string {
  let percent = text.indexOf('%');
  if (percent < 0) return text;
  let out = '';
  let from = 0;
  while (percent >= 0) {
    const high = hexValue(text, percent + 1);
    const low = hexValue(text, percent + 2);
    if (high >= 0 && low >= 0) {
      out += text.slice(from, percent) + String.fromCharCode(high * 16 + low);
      from = percent + 3;
    }
    percent = text.indexOf('%', percent + 1);
  }
  return out + text.slice(from);
}

/** Text as the user part of a URI: UTF-8, everything but RFC 3261 `user` characters escaped. */
export function escapeUser(text: string): string {
  if (plainName.test(text)) return text;
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    out += plainUser.has(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}
/** What most names are made of. */
const plainName = /^[\w.!~*'()&=+$,;?/-]*$/;
const plainUser = new Set(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()&=+$,;?/",
);

/**
 * The address-of-record of a URI (RFC 3261 10.3, step 5): `user@host`, escapes resolved, host in lower
 * case without a final dot, no port, no parameters. The user part keeps its case (RFC 3261 19.1.4) and
 * is read as UTF-8. A URI without a user gives the host alone.
 *
 * Takes text or a parsed URI; throws like `parseUri`.
 */
export function aorOf(uri: string | SipUri): string {
  const { user, host } = typeof uri === 'string' ? parseUri(uri) : uri;
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return user === undefined ? name : `${decodeText(unescapeUri(user))}@${name}`;
}

/** Parameters that must be in both URIs or in neither (RFC 3261 19.1.4). */
const decisive = ['user', 'ttl', 'method', 'maddr', 'transport'];

/**
 * URI comparison of RFC 3261 19.1.4: escapes resolved, host and parameters case-blind, the user part
 * not; unknown parameters count only when both URIs have them; a missing port differs from the default.
 */
export function sameUri(a: string | SipUri, b: string | SipUri): boolean {
  const x = typeof a === 'string' ? parseUri(a) : a;
  const y = typeof b === 'string' ? parseUri(b) : b;
  if (x.scheme !== y.scheme || x.host !== y.host || x.port !== y.port) return false;
  if (!sameEscaped(x.user, y.user) || !sameEscaped(x.password, y.password)) return false;
  for (const name of decisive) if (x.params.has(name) !== y.params.has(name)) return false;
  for (const [name, value] of x.params) {
    const other = y.params.get(name);
    if (other !== undefined && foldParam(value) !== foldParam(other)) return false;
  }
  return sameHeaders(x.headers, y.headers);
}

function sameEscaped(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return unescapeUri(a) === unescapeUri(b);
}

function foldParam(value: string | true): string | true {
  return value === true ? true : unescapeUri(value).toLowerCase();
}

/** Header components are compared as a set, in any order. */
function sameHeaders(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sortedHeaders(a) === sortedHeaders(b);
}

function sortedHeaders(text: string): string {
  return text
    .split('&')
    .map((part) => unescapeUri(part).toLowerCase())
    .toSorted()
    .join('&');
}

/** True when the text has no white space or control character, as every URI. */
export function isUriText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code === 127) return false;
  }
  return text !== '';
}
