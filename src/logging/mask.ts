import { logicalLineEnd } from './lines.ts';

/** What stands in the place of a masked value. */
export const masked = '***';

/**
 * Parameters of authentication header fields that are worth reading and prove nothing. Whatever is
 * not named here is masked: a scheme with a new secret is masked before anybody has heard of it.
 */
const harmless = new Set([
  'username',
  'realm',
  'uri',
  'algorithm',
  'qop',
  'nc',
  'stale',
  'targetname',
  'version',
  'domain',
]);

/** Parameters that prove something, or help to; the name stays readable, the value does not. */
const secret = new Set([
  'response',
  'nonce',
  'cnonce',
  'nextnonce',
  'opaque',
  'rspauth',
  'gssapi-data',
  'crand',
  'cnum',
  'srand',
  'snum',
]);

/** Header fields that authenticate somebody (RFC 3261 20.7, 20.27, 20.28, 20.44; RFC 7615). */
const credentialFields = new Set([
  'authorization',
  'proxy-authorization',
  'www-authenticate',
  'proxy-authenticate',
  'authentication-info',
  'proxy-authentication-info',
]);

function maskParameter(name: string, value: string): string {
  const known = name.toLowerCase();
  if (harmless.has(known)) {
    return `${name}=${value.includes('\n') ? value.replace(/\r?\n[ \t]+/g, ' ') : value}`;
  }
  if (!secret.has(known)) return masked;
  return value.startsWith('"') ? `${name}="${masked}"` : `${name}=${masked}`;
}

/** The parameters of credentials or a challenge with their secrets masked; '' when there are none. One pass. */
function maskParameters(text: string): string {
  let made = '';
  let at = 0;
  for (;;) {
    while (at < text.length && separates(text.charCodeAt(at))) at += 1;
    const start = at;
    while (at < text.length && !separates(text.charCodeAt(at))) at += 1;
    if (at === start) return made;
    const equals = skipSpace(text, at);
    // A word without a value, as the scheme is one.
    if (text.charCodeAt(equals) !== 0x3d) continue;
    const value = skipSpace(text, equals + 1);
    const end = text.charCodeAt(value) === 0x22 ? quotedEnd(text, value) : wordEnd(text, value);
    const parameter = maskParameter(text.slice(start, at), text.slice(value, end));
    made += made === '' ? parameter : `, ${parameter}`;
    at = end;
  }
}

/** White space of any kind, as regular expressions have it, for what a stranger wrote into a header. */
function isSpace(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return code === 0xa0;
}

/** White space, comma, semicolon, `=` and `"`: what no name of a parameter holds. */
function separates(code: number): boolean {
  return isSpace(code) || code === 0x2c || code === 0x3b || code === 0x3d || code === 0x22;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** Behind the closing quote, or the end of the text where there is none. */
function quotedEnd(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code === 0x5c) at += 1;
  }
  return text.length;
}

function wordEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) !== 0x2c && !isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function maskCredentials(value: string): string {
  const scheme = /^\s*([A-Za-z][A-Za-z0-9-]*)(?=[ \t\r\n])(?!\s*=)/.exec(value)?.[1];
  // A value without parameters (`Bearer …`) is one secret.
  const rest = maskParameters(value) || masked;
  return scheme === undefined ? ` ${rest}` : ` ${scheme} ${rest}`;
}

/** `a`, `p` and `w`: what the fields above begin with. */
function mayBeCredential(code: number): boolean {
  const lower = code | 0x20;
  return lower === 0x61 || lower === 0x70 || lower === 0x77;
}

function maskFields(head: string): string {
  let made = '';
  let copied = 0;
  let position = 0;
  while (position < head.length) {
    const end = logicalLineEnd(head, position);
    if (mayBeCredential(head.charCodeAt(position))) {
      const colon = head.indexOf(':', position);
      const name = colon < 0 || colon - position > 40 ? '' : head.slice(position, colon);
      if (credentialFields.has(name.trimEnd().toLowerCase()) && colon < end) {
        const stop = head[end - 1] === '\r' ? end - 1 : end;
        made += head.slice(copied, colon + 1) + maskCredentials(head.slice(colon + 1, stop));
        copied = stop;
      }
    }
    position = end + 1;
  }
  return made === '' ? head : made + head.slice(copied);
}

/** Passwords of `sip:user:password@host` (RFC 3261 19.1.1): looked for only before each `@`. */
function maskUriPasswords(head: string): string {
  let made = '';
  let copied = 0;
  for (let at = head.indexOf('@'); at >= 0; at = head.indexOf('@', at + 1)) {
    let start = at;
    let colons = 0;
    while (start > copied && !endsUserInfo(head.charCodeAt(start - 1))) {
      start -= 1;
      if (head.charCodeAt(start) === 0x3a) colons += 1;
    }
    // One ends the scheme; without another there is no password.
    if (colons < 2) continue;
    const scheme = head.slice(start, at).search(/sips?:[^:]*:/i);
    if (scheme < 0) continue;
    const password = head.indexOf(':', head.indexOf(':', start + scheme) + 1) + 1;
    made += head.slice(copied, password) + masked;
    copied = at;
  }
  return made === '' ? head : made + head.slice(copied);
}

/** White space, `"`, `<`, `>` and another `@`: none is part of user and password. */
function endsUserInfo(code: number): boolean {
  return code <= 0x20 || code === 0x22 || code === 0x3c || code === 0x3e || code === 0x40;
}

/**
 * The head of a SIP message with every secret replaced by `***`: parameters of authentication
 * header fields other than the known harmless ones, and passwords inside SIP URIs. Folded lines are
 * understood; the rest leaves as it came. Linear in the length of the head.
 */
export function maskHead(head: string): string {
  return maskUriPasswords(maskFields(head));
}

/**
 * A body with its secrets replaced: SDES keys (`a=crypto`, RFC 4568), `k=` lines (RFC 4566 5.12),
 * ICE passwords, and credentials in embedded SIP messages (message/sipfrag).
 */
export function maskBody(body: string): string {
  return maskHead(body)
    .replace(/(inline:)[^\s|;]+/gi, `$1${masked}`)
    .replace(/^(k=(?:clear|base64|uri):)[^\r\n]*/gim, `$1${masked}`)
    .replace(/^(a=ice-pwd:)[^\r\n]*/gim, `$1${masked}`);
}
