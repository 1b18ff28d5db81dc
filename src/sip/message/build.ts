import { isToken } from './characters.ts';
import { checkValue } from './edit.ts';
import { SipSyntaxError, headerFault } from './errors.ts';
import { CONTENT_LENGTH, CSEQ, TO, VIA, headerId } from './header-names.ts';
import { valueEnd } from './list.ts';
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
  /** In place of the topmost Via value; others on its line stay. */
  readonly topVia?: string | undefined;
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
  let { topVia } = parts;
  const { head: text, spans } = request;
  // Lines that stand together are copied together: `from` is where the run began.
  let from = -1;
  for (let at = 0; at + STRIDE < spans.length; at += STRIDE) {
    const id = spans[at] ?? 0;
    const copied = id >= VIA && id <= CSEQ;
    if (!copied && from >= 0) {
      head += text.slice(from, spans[at + 1]);
      from = -1;
    } else if (copied && from < 0) from = spans[at + 1] ?? 0;
    if (id === VIA && topVia !== undefined) {
      checkValue(topVia);
      const start = spans[at + 2] ?? 0;
      head += text.slice(from, start) + topVia;
      from = firstValueEnd(text, start, spans[at + 3] ?? start);
      topVia = undefined;
    }
    if (id !== TO || status === 100 || !lacksTag(request)) continue;
    const cut = spans[at + 3] ?? 0;
    head += `${text.slice(from, cut)};tag=${parts.toTag ?? hashTag(request)}`;
    from = cut;
  }
  if (from >= 0) head += text.slice(from, spans.at(-1));
  if (parts.headers !== undefined) head += fieldLines(parts.headers);
  const length = parts.body?.length ?? 0;
  head += length === 0 ? noBodyFollows : `Content-Length: ${length}\r\n\r\n`;
  const line = { status, reason, fault: undefined };
  return new SipResponse(head, parts.body, undefined, line);
}

/** Where the first of the comma-separated values in `text[start, end)` ends. */
function firstValueEnd(text: string, start: number, end: number): number {
  const comma = text.indexOf(',', start);
  if (comma < 0 || comma >= end) return end;
  return start + valueEnd(text.slice(start, end), 0);
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
 * Whether an ACK ends an INVITE that was answered here without a transaction (RFC 3261 8.2.7): it carries
 * the branch and Call-ID of that INVITE (17.1.1.3), and the tag that was made of them.
 */
export function acknowledgesStateless(ack: SipMessage): boolean {
  return ack.to.tag === hashTag(ack);
}

/**
 * A tag that depends on the request alone, as stateless answers need (RFC 3261 8.2.7): FNV-1a over what
 * identifies its transaction, branch and Call-ID. It identifies, it protects nothing.
 */
function hashTag(request: SipMessage): string {
  const via = request.header('Via') ?? '';
  const branch = via.indexOf('branch');
  hash.low = 0x811c9dc5;
  hash.high = 0x1234567;
  addToHash(via, Math.max(0, branch));
  addToHash(request.header('Call-ID') ?? '', 0);
  // Thirty bits of each: numbers of V8's small kind, which are quick to write.
  return (hash.high & thirtyBits).toString(36) + (hash.low & thirtyBits).toString(36);
}

const thirtyBits = 0x3fff_ffff;
const hash = { low: 0, high: 0 };

function addToHash(text: string, from: number): void {
  let { low, high } = hash;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x01000193) ^ (low >>> 7);
  }
  hash.low = low;
  hash.high = high;
}
