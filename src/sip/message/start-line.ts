import { isToken, tokenEnd } from './characters.ts';
import { isUriText } from './uri.ts';

/** What is wrong with a start line: it is no request or status line, or of another SIP version. */
export type StartLineFault = 'startline-syntax' | 'version';

/** `METHOD SP Request-URI SP SIP/2.0` in its parts, as far as they can be told. */
export interface RequestLine {
  readonly method: string;
  readonly requestUri: string;
  readonly fault: StartLineFault | undefined;
}

/** `SIP/2.0 SP status SP reason` in its parts; status 0 when it is not three digits. */
export interface StatusLine {
  readonly status: number;
  readonly reason: string;
  readonly fault: StartLineFault | undefined;
}

/** True when a line opens like a status line; a method cannot hold the `/`. */
export function isStatusLine(head: string): boolean {
  return (
    head.charCodeAt(3) === 47 &&
    (head.charCodeAt(0) | 32) === 115 &&
    (head.charCodeAt(1) | 32) === 105 &&
    (head.charCodeAt(2) | 32) === 112
  );
}

/**
 * Reads the request line of a head (RFC 3261 7.1). Never throws: a request whose first line is wrong can
 * still be answered with 400, or 505 for another version.
 */
export function readRequestLine(head: string): RequestLine {
  const methodEnd = tokenEnd(head, 0);
  const uriStart = methodEnd + 1;
  let uriEnd = uriStart;
  // Everything a URI is made of lies between the space and the delete character.
  for (let code = head.charCodeAt(uriEnd); code > 32 && code !== 127;) {
    code = head.charCodeAt(++uriEnd);
  }
  const sound =
    methodEnd > 0 &&
    uriEnd > uriStart &&
    head.charCodeAt(methodEnd) === 32 &&
    head.charCodeAt(uriStart) !== 60 &&
    head.startsWith(' SIP/2.0\r', uriEnd);
  if (!sound) return readOddRequestLine(head.slice(0, head.indexOf('\r')));
  return {
    method: head.slice(0, methodEnd),
    requestUri: head.slice(uriStart, uriEnd),
    fault: undefined,
  };
}

/** The careful look at a line that is not as every client writes it. */
function readOddRequestLine(line: string): RequestLine {
  const first = line.indexOf(' ');
  if (first < 0) return { method: line, requestUri: '', fault: 'startline-syntax' };
  const last = line.lastIndexOf(' ');
  const method = line.slice(0, first);
  const requestUri = last > first ? line.slice(first + 1, last) : '';
  const version = versionAt(line, last + 1, line.length);
  // Brackets belong to header values (RFC 4475 3.1.2.7); white space inside is never to be repaired.
  const sound =
    version !== 'none' && isToken(method) && isUriText(requestUri) && !requestUri.startsWith('<');
  const fault = sound ? (version === 'other' ? 'version' : undefined) : 'startline-syntax';
  return { method, requestUri, fault };
}

/** Reads a status line (RFC 3261 7.2); the space after the code is required, the phrase may be empty. */
export function readStatusLine(line: string): StatusLine {
  const first = line.indexOf(' ');
  const version = versionAt(line, 0, first < 0 ? line.length : first);
  const status = threeDigits(line, first + 1);
  const sound =
    version !== 'none' && first > 0 && status >= 100 && line.charCodeAt(first + 4) === 32;
  if (!sound) return { status: 0, reason: '', fault: 'startline-syntax' };
  const fault = version === 'other' ? 'version' : undefined;
  return { status, reason: line.slice(first + 5), fault };
}

function threeDigits(line: string, at: number): number {
  let value = 0;
  for (let i = at; i < at + 3; i++) {
    const digit = line.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return 0;
    value = value * 10 + digit;
  }
  return value <= 699 ? value : 0;
}

function versionAt(line: string, start: number, end: number): '2.0' | 'other' | 'none' {
  if (end - start === 7 && line.startsWith('SIP/2.0', start)) return '2.0';
  const version = line.slice(start, end).toUpperCase();
  if (version === 'SIP/2.0') return '2.0';
  const dot = version.indexOf('.');
  const digits = version.slice(4, dot) + version.slice(dot + 1);
  const sound = version.startsWith('SIP/') && dot > 4 && dot + 1 < version.length;
  if (!sound) return 'none';
  for (let i = 0; i < digits.length; i++) {
    const code = digits.charCodeAt(i);
    if (code < 48 || code > 57) return 'none';
  }
  return 'other';
}
