import { parseDigits } from './characters.ts';
import { SipSyntaxError } from './errors.ts';
import { type Limits, defaultLimits } from './limits.ts';
import { type SipMessage, SipRequest, SipResponse } from './message.ts';
import { HeadScan, type ScanFault } from './scan.ts';
import { isStatusLine } from './start-line.ts';

/** Why a stream can no longer be cut into messages. The connection has to end. */
export interface FrameFault {
  readonly code: ScanFault | 'content-length' | 'content-length-missing' | 'body-too-large';
  readonly layer: 'frame';
  /** English, quotes nothing that came from the peer. */
  readonly message: string;
  /** What to answer before closing, when `head` is a request: 400, 413 or 513. */
  readonly status: number;
  /** The head that could be read before framing was lost; `buildResponse` answers it. No body. */
  readonly head: SipMessage | undefined;
}

/**
 * What a stream holds: messages, keep-alives (RFC 5626 4.4.1), and at most one fault, the last event.
 * `ping` (CRLF CRLF, to be answered by CRLF) comes on accepted connections only, `pong` (CRLF) on dialled
 * ones only: the side that dialled asks, the other answers.
 */
export type FrameEvent =
  | { readonly kind: 'message'; readonly message: SipMessage }
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' }
  | { readonly kind: 'fault'; readonly fault: FrameFault };

const noEvents: readonly FrameEvent[] = [];
const ping: FrameEvent = { kind: 'ping' };
const pong: FrameEvent = { kind: 'pong' };

const texts: Readonly<Record<FrameFault['code'], string>> = {
  'bare-cr': 'A carriage return stands without line feed',
  'bare-lf': 'A line feed stands without carriage return',
  'not-sip': 'The bytes are not SIP',
  'head-too-large': 'The head is too large',
  'header-too-large': 'A header field is too large',
  'too-many-headers': 'There are too many header fields',
  'too-many-vias': 'There are too many Via fields',
  'fold-without-header': 'The first header line starts with white space',
  'content-length': 'Content-Length is not one whole number',
  'content-length-missing': 'Content-Length is missing, which a stream needs',
  'body-too-large': 'The body is too large',
};

/** A scan of the messages that come whole; whoever has to wait in mid-head takes it along. */
let spare: HeadScan | undefined;

/**
 * Cuts the bytes of one connection into messages. However the bytes are split over `push` calls, the
 * events are the same. After a fault nothing more comes out.
 *
 * Line ends are CRLF and nothing else: a bare CR or LF that one element takes for a line end and another
 * does not is how requests are smuggled. Repeated Content-Length is refused for the same reason, even
 * when the values agree.
 */
export class StreamFramer {
  readonly #limits: Limits;
  readonly #side: 'accepted' | 'dialled';
  /** Bytes of a message not yet complete, from its first byte; grows by doubling as bytes arrive. */
  #held: Buffer | undefined;
  #length = 0;
  /** The scan of the head in `#held`, until the head is complete. */
  #scan: HeadScan | undefined;
  /** The complete head in `#held`, and how many bytes head and body have together. */
  #head: SipMessage | undefined;
  #total = 0;
  /** CRLF seen since the last message, towards a ping. */
  #pairs = 0;
  #over = false;

  /** `side` tells what an empty line means: see `FrameEvent`. */
  constructor(limits: Limits = defaultLimits, side: 'accepted' | 'dialled' = 'accepted') {
    this.#limits = limits;
    this.#side = side;
  }

  /** Bytes of an unfinished message waiting for more; a transport times these out. */
  get waiting(): number {
    return this.#length;
  }

  /** Takes the next bytes and returns what they complete. Does not keep `chunk`; bodies are views of it. */
  push(chunk: Buffer): readonly FrameEvent[] {
    if (this.#over || chunk.length === 0) return noEvents;
    const data = this.#length === 0 ? chunk : this.#join(chunk);
    const events: FrameEvent[] = [];
    let at = 0;
    while (at < data.length && !this.#over) {
      const next =
        this.#head === undefined ? this.#cut(data, at, events) : this.#finish(data, events);
      if (next < 0) break;
      at = next;
    }
    if (this.#over) this.#release();
    else this.#hold(data, at);
    return events;
  }

  /** Reads one thing that starts at `start`; returns where the next one starts, -1 when bytes are missing. */
  #cut(data: Buffer, start: number, events: FrameEvent[]): number {
    const first = data[start] ?? 0;
    if (first === 13 || first === 10) return this.#emptyLine(data, start, events);
    this.#pairs = 0;
    const scan = this.#scan ?? spare ?? new HeadScan();
    if (this.#scan === undefined) {
      spare = undefined;
      scan.reset();
    }
    this.#scan = undefined;
    const result = scan.run(data, start, data.length, this.#limits);
    if (result === 'more') {
      this.#scan = scan;
      return -1;
    }
    spare = scan;
    if (result !== 'done') return this.#fail(events, result, undefined);
    const end = start + scan.length;
    const head = data.toString('latin1', start, end);
    const length = contentLength(head, scan);
    if (length < 0) {
      return this.#fail(
        events,
        scan.contentLengths === 0 ? 'content-length-missing' : 'content-length',
        make(head, undefined, scan),
      );
    }
    if (length > this.#limits.body) {
      return this.#fail(events, 'body-too-large', make(head, undefined, scan));
    }
    if (length === 0) {
      events.push({ kind: 'message', message: make(head, undefined, scan) });
      return end;
    }
    if (end + length <= data.length) {
      const body = data.subarray(end, end + length);
      events.push({ kind: 'message', message: make(head, body, scan) });
      return end + length;
    }
    this.#head = make(head, undefined, scan);
    this.#total = scan.length + length;
    return -1;
  }

  /** Completes a message whose head was complete before; it starts at the first held byte. */
  #finish(data: Buffer, events: FrameEvent[]): number {
    const known = this.#head;
    if (known === undefined || data.length < this.#total) return -1;
    this.#head = undefined;
    const body = data.subarray(known.head.length, this.#total);
    const message = known.isRequest
      ? new SipRequest(known.head, body, known.spans)
      : new SipResponse(known.head, body, known.spans);
    events.push({ kind: 'message', message });
    return this.#total;
  }

  /** CRLF between messages: tolerated (RFC 3261 7.5), and a keep-alive. */
  #emptyLine(data: Buffer, start: number, events: FrameEvent[]): number {
    if (data[start] === 10) return this.#fail(events, 'bare-lf', undefined);
    if (start + 1 >= data.length) return -1;
    if (data[start + 1] !== 10) return this.#fail(events, 'bare-cr', undefined);
    if (this.#side === 'dialled') events.push(pong);
    else if (++this.#pairs === 2) {
      this.#pairs = 0;
      events.push(ping);
    }
    return start + 2;
  }

  #fail(events: FrameEvent[], code: FrameFault['code'], head: SipMessage | undefined): -1 {
    this.#over = true;
    const status = code === 'body-too-large' ? 413 : 400;
    events.push({
      kind: 'fault',
      fault: { code, layer: 'frame', message: texts[code], status, head },
    });
    return -1;
  }

  /** Keeps what was not consumed, in memory of its own: a chunk may be a slice of a far larger slab. */
  #hold(data: Buffer, at: number): void {
    const rest = data.length - at;
    if (rest === 0) {
      this.#release();
    } else if (at > 0 || this.#length === 0) {
      const held = Buffer.allocUnsafeSlow(Math.max(512, rest));
      data.copy(held, 0, at);
      this.#held = held;
      this.#length = rest;
    }
  }

  #release(): void {
    this.#held = undefined;
    this.#length = 0;
    if (this.#over) {
      this.#head = undefined;
      this.#scan = undefined;
    }
  }

  #join(chunk: Buffer): Buffer {
    const needed = this.#length + chunk.length;
    let held = this.#held;
    if (held === undefined || held.length < needed) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#length * 2));
      held?.copy(larger, 0, 0, this.#length);
      held = larger;
    }
    chunk.copy(held, this.#length);
    this.#held = held;
    this.#length = needed;
    return held.subarray(0, needed);
  }
}

/** Value of the one Content-Length; -1 when there is none, more than one, or no number of ≤ 10 digits. */
function contentLength(head: string, scan: HeadScan): number {
  if (scan.contentLengths !== 1) return -1;
  const at = scan.contentLengthAt;
  const text = head.slice(scan.valueStart(at), scan.valueEnd(at));
  return text.length > 10 ? -1 : (parseDigits(text, 9_999_999_999) ?? -1);
}

function make(head: string, body: Uint8Array | undefined, scan: HeadScan): SipMessage {
  const spans = scan.spans();
  return isStatusLine(head)
    ? new SipResponse(head, body, spans)
    : new SipRequest(head, body, spans);
}

/**
 * Reads bytes that hold exactly one message, as a record of one does. Content-Length may be missing (the
 * rest is the body); bytes beyond it are not part of the message (RFC 3261 18.3).
 *
 * Throws `SipSyntaxError` (`frame`) when the bytes are no complete message.
 */
export function parseMessage(bytes: Buffer, limits: Partial<Limits> = {}): SipMessage {
  const all: Limits = { ...defaultLimits, ...limits };
  const scan = new HeadScan();
  let start = 0;
  while (bytes[start] === 13 && bytes[start + 1] === 10) start += 2;
  const result = scan.run(bytes, start, bytes.length, all);
  if (result !== 'done') {
    if (result === 'more') throw new SipSyntaxError('incomplete', 'frame', 'The head does not end');
    throw new SipSyntaxError(result, 'frame', texts[result]);
  }
  const end = start + scan.length;
  const head = bytes.toString('latin1', start, end);
  const rest = bytes.length - end;
  const length = scan.contentLengths === 0 ? rest : contentLength(head, scan);
  if (length < 0) throw new SipSyntaxError('content-length', 'frame', texts['content-length']);
  if (length > all.body)
    throw new SipSyntaxError('body-too-large', 'frame', texts['body-too-large']);
  if (length > rest) throw new SipSyntaxError('incomplete', 'frame', 'The body is cut short');
  return make(head, bytes.subarray(end, end + length), scan);
}
