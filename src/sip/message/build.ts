import { isToken } from './characters.ts';
import { checkValue } from './edit.ts';
import { SipSyntaxError, headerFault } from './errors.ts';
import { CALL_ID, CONTENT_LENGTH, CSEQ, TO, VIA, headerId } from './header-names.ts';
import { type SipMessage, SipRequest, SipResponse } from './message.ts';
import { reasonOf } from './reasons.ts';
import { STRIDE } from './scan.ts';
import { isUriText } from './uri.ts';

/** Name and value of a header to write. */
export type HeaderField = readonly [name: string, value: string];

/** What a request is built from. */
export interface RequestParts {
  readonly method: string;
  readonly uri: string;
  /** In the order they are written. Content-Length is added, from the body. */
  readonly headers: readonly HeaderField[];
  readonly body?: Uint8Array | undefined;
}

/** What a response adds to the fields it copies from its request. */
export interface ResponseParts {
  /** Written after the copied ones. Content-Length is added, from the body. */
  readonly headers?: readonly HeaderField[] | undefined;
  /** Tag for a To without one; default: a hash of the request, the same for its retransmissions. */
  readonly toTag?: string | undefined;
  readonly body?: Uint8Array | undefined;
}

/** The lines of frozen lists, which stay the same: answers given again and again are written once. */
const writtenLines = new WeakMap<readonly HeaderField[], string>();

function fieldLines(headers: readonly HeaderField[]): string {
  if (!Object.isFrozen(headers)) return writeLines(headers);
  let lines = writtenLines.get(headers);
  if (lines === undefined) {
    lines = writeLines(headers);
    writtenLines.set(headers, lines);
  }
  return lines;
}

function writeLines(headers: readonly HeaderField[]): string {
  let out = '';
  for (const [name, value] of headers) {
    if (!isToken(name)) throw headerFault('header-name', 'A header name is no token');
    if (headerId(name) === CONTENT_LENGTH) throw new TypeError('Content-Length is added by itself');
    checkValue(value);
    out += `${name}: ${value}\r\n`;
  }
  return out;
}

/**
 * A new request. Throws `SipSyntaxError` when the method or a name is no token, the URI holds white
 * space, or a value a line break.
 */
export function buildRequest(parts: RequestParts): SipRequest {
  if (!isToken(parts.method) || !isUriText(parts.uri)) {
    throw new SipSyntaxError(
      'startline-syntax',
      'startline',
      'A method or Request-URI is malformed',
    );
  }
  const length = parts.body?.length ?? 0;
  const lines = fieldLines(parts.headers);
  const head = `${parts.method} ${parts.uri} SIP/2.0\r\n${lines}Content-Length: ${length}\r\n\r\n`;
  return new SipRequest(head, parts.body);
}

/**
 * The response to a request (RFC 3261 8.2.6): Via, From, To, Call-ID and CSeq lines byte for byte as
 * received, as many of them as there are; To gets a tag unless it has one or the status is 100.
 * `reason` defaults to the usual phrase. Also answers a request whose headers are malformed.
 */
export function buildResponse(
  request: SipMessage,
  status: number,
  reason: string = reasonOf(status),
  parts: ResponseParts = {},
): SipResponse {
  let head = statusLine(status, reason);
  const { head: text, spans } = request;
  for (let at = 0; at + STRIDE < spans.length; at += STRIDE) {
    const id = spans[at] ?? 0;
    if (id < VIA || id > CSEQ) continue;
    const start = spans[at + 1];
    // A header ends where the next one, or at last the empty line, begins.
    const end = spans[at + STRIDE + 1] ?? spans[at + STRIDE];
    if (id === TO && status !== 100 && lacksTag(request)) {
      const cut = spans[at + 3];
      const tag = parts.toTag ?? hashTag(request);
      head += `${text.slice(start, cut)};tag=${tag}${text.slice(cut, end)}`;
    } else head += text.slice(start, end);
  }
  if (parts.headers !== undefined) head += fieldLines(parts.headers);
  const length = parts.body?.length ?? 0;
  head += length === 0 ? noBodyFollows : `Content-Length: ${length}\r\n\r\n`;
  const line = { status, reason, fault: undefined };
  return new SipResponse(head, parts.body, undefined, line);
}

const noBodyFollows = 'Content-Length: 0\r\n\r\n';

/** Status lines written lately; phrases are the product's own, of which there are few. */
const statusLines = new Map<string, string>();
const keptStatusLines = 256;

function statusLine(status: number, reason: string): string {
  const known = statusLines.get(reason);
  if (known !== undefined && known.startsWith(`SIP/2.0 ${status} `)) return known;
  checkValue(reason);
  const line = `SIP/2.0 ${status} ${reason}\r\n`;
  if (statusLines.size >= keptStatusLines) statusLines.clear();
  statusLines.set(reason, line);
  return line;
}

/** A To that cannot be read is copied as it is: a tag could end up inside its open quote. */
function lacksTag(request: SipMessage): boolean {
  try {
    return request.to.tag === undefined;
  } catch (error) {
    if (error instanceof SipSyntaxError) return false;
    throw error;
  }
}

/**
 * A tag that depends on the request alone, as stateless answers need (RFC 3261 8.2.7): FNV-1a over the
 * topmost Via and the Call-ID. It identifies, it protects nothing.
 */
function hashTag({ head, spans }: SipMessage): string {
  let low = 0x811c9dc5;
  let high = 0x1234567;
  let wanted = (1 << VIA) | (1 << CALL_ID);
  for (let at = 0; at + STRIDE < spans.length && wanted !== 0; at += STRIDE) {
    const id = spans[at] ?? 0;
    if ((id !== VIA && id !== CALL_ID) || (wanted & (1 << id)) === 0) continue;
    wanted &= ~(1 << id);
    const end = spans[at + 3] ?? 0;
    for (let i = spans[at + 2] ?? 0; i < end; i++) {
      const code = head.charCodeAt(i);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ code, 0x01000193) ^ (low >>> 7);
    }
  }
  return (high >>> 0).toString(36) + (low >>> 0).toString(36);
}
