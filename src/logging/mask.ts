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

/** Header fields that authenticate somebody (RFC 3261 20.7, 20.27, 20.28, 20.44; RFC 7615), unfolded or not. */
const credentialLine =
  /^((?:proxy-)?(?:authorization|authenticate|authentication-info)|www-authenticate)([ \t]*:)([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)/gim;

/** One parameter, name and value; it starts only where a token starts, so hostile text costs one pass. */
const parameter = /(?<![^\s,;="])([^\s,;="]+)\s*=\s*("(?:[^"\\]|\\[^])*"?|[^,\s]*)/g;

/** What precedes an `@`: scheme, user and perhaps a password (RFC 3261 19.1.1). */
const beforeAt = /(?<![^\s@<>"])[^\s@<>"]+(?=@)/g;

function maskParameter(name: string, value: string): string {
  const known = name.toLowerCase();
  if (harmless.has(known)) return `${name}=${value.replace(/\r?\n[ \t]+/g, ' ')}`;
  if (!secret.has(known)) return masked;
  return value.startsWith('"') ? `${name}="${masked}"` : `${name}=${masked}`;
}

function maskCredentials(value: string): string {
  const scheme = /^\s*([A-Za-z][A-Za-z0-9-]*)(?=[ \t\r\n])(?!\s*=)/.exec(value)?.[1];
  const kept = Array.from(value.matchAll(parameter), ([, name = '', raw = '']) =>
    maskParameter(name, raw),
  );
  // A value without parameters (`Bearer …`) is one secret.
  const rest = kept.length === 0 ? masked : kept.join(', ');
  return scheme === undefined ? ` ${rest}` : ` ${scheme} ${rest}`;
}

/**
 * The head of a SIP message with every secret replaced by `***`: parameters of authentication
 * header fields other than the known harmless ones, and passwords inside SIP URIs. Folded lines are
 * understood; the rest leaves as it came. Linear in the length of the head.
 */
export function maskHead(head: string): string {
  return head
    .replace(
      credentialLine,
      (_line, name: string, colon: string, value: string) =>
        `${name}${colon}${maskCredentials(value)}`,
    )
    .replace(beforeAt, (user) => user.replace(/(sips?:[^:]*:).+/is, `$1${masked}`));
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
