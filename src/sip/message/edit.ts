import { isToken, sameText, skipSpace, tokenEnd } from './characters.ts';
import { headerFault } from './errors.ts';
import { CONTENT_LENGTH, VIA, headerId } from './header-names.ts';
import { valueEnd } from './list.ts';
import { type SipMessage, SipRequest, SipResponse } from './message.ts';
import { STRIDE } from './scan.ts';
import { isUriText } from './uri.ts';

/** One change to a head. Values are what stands after the colon, without line break. */
export type HeaderEdit =
  /** A new first header of the message. */
  | { readonly op: 'prepend'; readonly name: string; readonly value: string }
  /** A new last header. */
  | { readonly op: 'append'; readonly name: string; readonly value: string }
  /** The first header of this name gets the value, further ones go; a new last header when there is none. */
  | { readonly op: 'set'; readonly name: string; readonly value: string }
  /** Every header of this name goes. */
  | { readonly op: 'remove'; readonly name: string }
  /** The first comma-separated value of this name goes; its line only when nothing is left on it. */
  | { readonly op: 'removeFirstValue'; readonly name: string }
  /** Requests only. */
  | { readonly op: 'requestUri'; readonly value: string }
  /** The topmost Via value is replaced; others on its line stay. */
  | { readonly op: 'replaceFirstVia'; readonly value: string };

/** A header line that is not as it came: its name's id, its name, and the whole line. */
interface Line {
  readonly id: number;
  readonly name: string;
  readonly text: string;
}

/** An edited head in the making: the original by its spans, and what differs from it. */
class Draft {
  readonly #message: SipMessage;
  /** New headers before and after the original ones. */
  readonly #top: Line[] = [];
  readonly #bottom: Line[] = [];
  /** By header index: undefined untouched, '' removed, else the line that replaces it. */
  readonly #lines: (string | undefined)[] = [];
  #requestUri: string | undefined;

  constructor(message: SipMessage) {
    this.#message = message;
    const count = (message.spans.length - 1) / STRIDE;
    for (let i = 0; i < count; i++) this.#lines.push(undefined);
  }

  apply(change: HeaderEdit): void {
    switch (change.op) {
      case 'prepend':
        this.#top.unshift(line(change.name, change.value));
        break;
      case 'append':
        this.#bottom.push(line(change.name, change.value));
        break;
      case 'set':
        this.#set(line(change.name, change.value));
        break;
      case 'remove':
        checkName(change.name);
        this.#remove(change.name);
        break;
      case 'removeFirstValue':
        checkName(change.name);
        this.#rewriteFirst(change.name, dropFirstValue);
        break;
      case 'replaceFirstVia':
        checkValue(change.value);
        this.#rewriteFirst('Via', (text) => replaceFirstValue(text, change.value));
        break;
      case 'requestUri':
        if (!isUriText(change.value)) throw headerFault('uri-syntax', 'A Request-URI is no URI');
        this.#requestUri = change.value;
        break;
    }
  }

  /** One pass over the original: untouched runs are copied whole. */
  finish(): SipMessage {
    const message = this.#message;
    const { head, spans } = message;
    const firstHeader = spans[1] ?? this.#headersEnd;
    let out = head.slice(0, firstHeader);
    if (message instanceof SipRequest && this.#requestUri !== undefined) {
      const uriStart = message.method.length + 1;
      const uriEnd = uriStart + message.requestUri.length;
      out = head.slice(0, uriStart) + this.#requestUri + head.slice(uriEnd, firstHeader);
    }
    for (const { text } of this.#top) out += text;
    let copied = firstHeader;
    for (let i = 0; i < this.#lines.length; i++) {
      const text = this.#lines[i];
      if (text === undefined) continue;
      out += head.slice(copied, spans[i * STRIDE + 1]) + text;
      copied = spans[(i + 1) * STRIDE + 1] ?? this.#headersEnd;
    }
    out += head.slice(copied, this.#headersEnd);
    for (const { text } of this.#bottom) out += text;
    return rewritten(message, `${out}\r\n`, this.#requestUri);
  }

  /** Where the empty line starts: the last span. */
  get #headersEnd(): number {
    return this.#message.spans.at(-1) ?? 0;
  }

  /** The first header of this name gives its place; the others go. */
  #set(replacement: Line): void {
    const { id, name } = replacement;
    const top = this.#top.findIndex((entry) => isNamed(entry, id, name));
    const original = top < 0 ? this.#original(id, name, 0) : -1;
    const bottom = this.#bottom.findIndex((entry) => isNamed(entry, id, name));
    this.#removeAll(id, name, original + 1);
    if (top >= 0) this.#top.splice(top, 0, replacement);
    else if (original >= 0) this.#lines[original] = replacement.text;
    else this.#bottom.splice(bottom < 0 ? this.#bottom.length : bottom, 0, replacement);
  }

  #remove(name: string): void {
    const id = headerId(name);
    // Content-Length follows the body; without it the message loses its frame.
    if (id === CONTENT_LENGTH) throw new TypeError('Content-Length is not to be edited');
    this.#removeAll(id, name, 0);
  }

  /** Removes what edits have added, and the original headers from index `from` on. */
  #removeAll(id: number, name: string, from: number): void {
    removeNamed(this.#top, id, name);
    removeNamed(this.#bottom, id, name);
    let at = this.#original(id, name, from);
    while (at >= 0) {
      this.#lines[at] = '';
      at = this.#original(id, name, at + 1);
    }
  }

  #rewriteFirst(name: string, rewrite: (line: string) => string): void {
    const id = headerId(name);
    const { head, spans } = this.#message;
    const inTop = this.#top.findIndex((entry) => isNamed(entry, id, name));
    if (inTop >= 0) {
      rewriteLine(this.#top, inTop, rewrite);
      return;
    }
    const original = this.#original(id, name, 0);
    if (original >= 0) {
      const at = original * STRIDE;
      const end = spans[at + STRIDE + 1] ?? this.#headersEnd;
      this.#lines[original] = rewrite(this.#lines[original] ?? head.slice(spans[at + 1], end));
      return;
    }
    const inBottom = this.#bottom.findIndex((entry) => isNamed(entry, id, name));
    if (inBottom >= 0) rewriteLine(this.#bottom, inBottom, rewrite);
    else if (id === VIA) throw headerFault('header-missing', 'There is no Via');
  }

  /** Index of the next original header of this name, from `from` on, that is still there; -1 when none. */
  #original(id: number, name: string, from: number): number {
    const { head, spans } = this.#message;
    for (let i = from; i < this.#lines.length; i++) {
      if (spans[i * STRIDE] !== id || this.#lines[i] === '') continue;
      if (id !== 0) return i;
      const start = spans[i * STRIDE + 1] ?? 0;
      if (sameText(head.slice(start, tokenEnd(head, start)), name)) return i;
    }
    return -1;
  }
}

/**
 * The message with the edits applied in order, in one pass: every byte no edit names leaves as it came,
 * folded headers and odd spacing included. The body is shared. No edits: the message itself.
 *
 * Throws `SipSyntaxError` (`header`) when a value holds a line break or a character above one byte — a
 * value can never become a header of its own — or there is no Via to change, and `TypeError` when Content-Length is to be changed.
 */
export function edit(message: SipRequest, edits: readonly HeaderEdit[]): SipRequest;
export function edit(message: SipResponse, edits: readonly HeaderEdit[]): SipResponse;
export function edit(message: SipMessage, edits: readonly HeaderEdit[]): SipMessage;
export function edit(message: SipMessage, edits: readonly HeaderEdit[]): SipMessage {
  const [only] = edits;
  if (only === undefined) return message;
  if (edits.length === 1 && only.op === 'removeFirstValue' && only.name === 'Via') {
    const without = withoutTopVia(message);
    if (without !== undefined) return without;
  }
  const draft = new Draft(message);
  for (const change of edits) draft.apply(change);
  return draft.finish();
}

/**
 * The message without its first line, when that is a Via with one value: what every response on its way
 * back loses. Undefined for all others.
 */
function withoutTopVia(message: SipMessage): SipMessage | undefined {
  const { head, spans } = message;
  if (spans[0] !== VIA) return undefined;
  const start = spans[1] ?? 0;
  const end = spans[STRIDE + 1] ?? spans[STRIDE] ?? 0;
  const comma = head.indexOf(',', start);
  if (comma >= 0 && comma < end) return undefined;
  return rewritten(message, head.slice(0, start) + head.slice(end), undefined);
}

/** A message with another head; its start line need not be read again, nor the head put together. */
function rewritten(message: SipMessage, head: string, uri: string | undefined): SipMessage {
  const { body, startLineFault: fault } = message;
  if (message instanceof SipRequest) {
    const { method, requestUri } = message;
    if (fault !== undefined) return new SipRequest(head, body);
    return new SipRequest(head, body, undefined, { method, requestUri: uri ?? requestUri, fault });
  }
  if (fault !== undefined || !(message instanceof SipResponse)) return new SipResponse(head, body);
  const { status, reason } = message;
  return new SipResponse(head, body, undefined, { status, reason, fault });
}

/** Throws unless the text may stand as a header value: no line break, no NUL, one byte a character. */
export function checkValue(value: string): void {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code === 13 || code === 10 || code === 0) {
      throw headerFault('line-break', 'A header value holds a line break');
    }
    if (code > 255) throw headerFault('not-encoded', 'A header value is not encoded as bytes');
  }
}

function checkName(name: string): void {
  if (headerId(name) === 0 && !isToken(name))
    throw headerFault('header-name', 'A header name is no token');
}

function line(name: string, value: string): Line {
  const id = headerId(name);
  if (id === 0) checkName(name);
  checkValue(value);
  if (id === CONTENT_LENGTH) throw new TypeError('Content-Length is not to be edited');
  return { id, name, text: `${name}: ${value}\r\n` };
}

function isNamed(entry: Line, id: number, name: string): boolean {
  return entry.id === id && (id !== 0 || sameText(entry.name, name));
}

function removeNamed(lines: Line[], id: number, name: string): void {
  for (let i = lines.length - 1; i >= 0; i--) {
    const entry = lines[i];
    if (entry !== undefined && isNamed(entry, id, name)) lines.splice(i, 1);
  }
}

function rewriteLine(lines: Line[], at: number, rewrite: (line: string) => string): void {
  const entry = lines[at];
  if (entry === undefined) return;
  const text = rewrite(entry.text);
  if (text === '') lines.splice(at, 1);
  else lines[at] = { ...entry, text };
}

/** `Name: a, b` becomes `Name: b`, keeping the name as written; a line with nothing left becomes nothing. */
function dropFirstValue(text: string): string {
  const start = valueStart(text);
  const next = skipSpace(text, valueEnd(text, start) + 1);
  return next >= text.length ? '' : text.slice(0, start) + text.slice(next);
}

/** `Name: a, b` becomes `Name: value, b`. */
function replaceFirstValue(text: string, value: string): string {
  const start = valueStart(text);
  const end = valueEnd(text, start);
  return text.slice(0, start) + value + (end >= text.length ? '\r\n' : text.slice(end));
}

/** Where the value of a whole line starts; for an empty one before the line end, which is not its own. */
function valueStart(text: string): number {
  return Math.min(skipSpace(text, text.indexOf(':') + 1), text.length - 2);
}
