import { parseDigits, sameText, tokenEnd, trim, unfold } from './characters.ts';
import { type CSeq, readCSeq } from './cseq.ts';
import { headerFault } from './errors.ts';
import {
  CALL_ID,
  CONTACT,
  CSEQ,
  FROM,
  MAX_FORWARDS,
  RECORD_ROUTE,
  ROUTE,
  TO,
  VIA,
  headerId,
} from './header-names.ts';
import { serverLimits } from './limits.ts';
import { splitList, valueEnd } from './list.ts';
import { type NameAddr, readNameAddr } from './name-addr.ts';
import { readRequestUri } from './request-uri.ts';
import { HeadScan, STRIDE, type Spans } from './scan.ts';
import {
  type RequestLine,
  type StartLineFault,
  type StatusLine,
  readRequestLine,
  readStatusLine,
} from './start-line.ts';
import type { SipUri } from './uri.ts';
import { type Via, readVia } from './via.ts';

const noBody: Uint8Array = Buffer.alloc(0);
const noAddresses: readonly NameAddr[] = [];

/**
 * One SIP message as it came, or as it will leave: the head as text, one character a byte, and the body
 * as bytes. Nothing is parsed before it is asked for; what was parsed is kept. The typed views throw
 * `SipSyntaxError` (`header`) when their header is missing or malformed.
 *
 * Never keep a text of it longer than the message itself: see `detach`.
 */
export abstract class SipMessage {
  /** Start line, headers and the empty line, in Latin-1: one character is one byte. */
  readonly head: string;
  readonly body: Uint8Array;
  #spans: Spans | undefined;
  #topVia: Via | undefined;
  #vias: readonly Via[] | undefined;
  #from: NameAddr | undefined;
  #to: NameAddr | undefined;
  #callId: string | undefined;
  #cseq: CSeq | undefined;
  #contacts: readonly NameAddr[] | '*' | undefined;
  #routes: readonly NameAddr[] | undefined;

  /** From a head known to be well framed; for the framer, `edit` and the builders. */
  protected constructor(head: string, body: Uint8Array | undefined, spans: Spans | undefined) {
    this.head = head;
    this.body = body ?? noBody;
    this.#spans = spans;
    this.#topVia = undefined;
    this.#vias = undefined;
    this.#from = undefined;
    this.#to = undefined;
    this.#callId = undefined;
    this.#cseq = undefined;
    this.#contacts = undefined;
    this.#routes = undefined;
  }

  abstract readonly isRequest: boolean;
  /** What is wrong with the start line; `validate` turns it into 400, 505 or a drop. */
  abstract readonly startLineFault: StartLineFault | undefined;

  /** Where the headers lie in `head`; for the message layer itself. */
  get spans(): Spans {
    return (this.#spans ??= scan(this.head));
  }

  /** The first field of this name (any case or compact form): unfolded and trimmed; undefined when absent. */
  header(name: string): string | undefined {
    const at = this.#find(headerId(name), name, 0);
    return at < 0 ? undefined : this.#value(at);
  }

  /** Every field of this name, one entry a field line, unfolded and trimmed. */
  headers(name: string): string[] {
    const id = headerId(name);
    const values: string[] = [];
    for (let at = this.#find(id, name, 0); at >= 0; at = this.#find(id, name, at + STRIDE)) {
      values.push(this.#value(at));
    }
    return values;
  }

  /**
   * Every value of this name, comma-separated ones taken apart; quotes and `<…>` protect commas.
   * Throws `SipSyntaxError` on an empty element or an unbalanced quote.
   */
  values(name: string): string[] {
    const fields = this.headers(name);
    const only = fields[0];
    if (only === undefined) return fields;
    return fields.length === 1 ? splitList(only) : fields.flatMap((field) => splitList(field));
  }

  /** How many fields of this name there are. */
  count(name: string): number {
    const id = headerId(name);
    let count = 0;
    for (let at = this.#find(id, name, 0); at >= 0; at = this.#find(id, name, at + STRIDE)) count++;
    return count;
  }

  /** Name (as written) and value (unfolded, trimmed) of every header, in order. */
  entries(): [name: string, value: string][] {
    const { spans, head } = this;
    const entries: [string, string][] = [];
    for (let at = 0; at + STRIDE < spans.length; at += STRIDE) {
      const start = spans[at + 1] ?? 0;
      entries.push([head.slice(start, tokenEnd(head, start)), this.#value(at)]);
    }
    return entries;
  }

  /** The Call-ID; RFC 3261 compares it byte by byte. */
  get callId(): string {
    if (this.#callId !== undefined) return this.#callId;
    const value = this.#required(CALL_ID, 'Call-ID');
    if (value === '' || value.includes(' ') || value.includes('\t')) {
      throw headerFault('call-id-syntax', 'The Call-ID is empty or holds white space');
    }
    return (this.#callId = value);
  }

  get cseq(): CSeq {
    if (this.#cseq !== undefined) return this.#cseq;
    const at = this.#mandatory(CSEQ, 'CSeq');
    return (this.#cseq = readCSeq(this.head, this.spans[at + 2] ?? 0, this.spans[at + 3] ?? 0));
  }

  get from(): NameAddr {
    return (this.#from ??= this.#nameAddr(FROM, 'From'));
  }

  get to(): NameAddr {
    return (this.#to ??= this.#nameAddr(TO, 'To'));
  }

  /** The topmost Via value: who sent this request, or whom this response is for. */
  get topVia(): Via {
    return (this.#topVia ??= this.#readTopVia());
  }

  #readTopVia(): Via {
    const at = this.#mandatory(VIA, 'Via');
    const { head, spans } = this;
    const start = spans[at + 2] ?? 0;
    const end = spans[at + 3] ?? 0;
    // Most Vias stand alone on their unfolded line; only others call for the careful look.
    if (!isFolded(head, start, end) && !holds(head, ',', start, end)) {
      return readVia(head, start, end);
    }
    const field = this.#value(at);
    const first = trim(field.slice(0, valueEnd(field, 0)));
    const via = readVia(first, 0, first.length);
    // No proxy can take one value off a line whose rest cannot be told apart.
    splitList(field);
    return via;
  }

  /** Every Via value, topmost first; throws also when there are more than the limit allows. */
  get vias(): readonly Via[] {
    if (this.#vias !== undefined) return this.#vias;
    const values = this.values('Via');
    if (values.length > serverLimits.vias)
      throw headerFault('too-many-vias', 'Too many Via values');
    return (this.#vias = values.map((value) => readVia(value, 0, value.length)));
  }

  /** 0 to 255; undefined when absent (RFC 3261 20.22). */
  get maxForwards(): number | undefined {
    const at = this.#find(MAX_FORWARDS, '', 0);
    if (at < 0) return undefined;
    const value = parseDigits(this.#value(at), 255);
    if (value === undefined) throw headerFault('max-forwards', 'Max-Forwards is not 0 to 255');
    return value;
  }

  /** Contacts in order, or `*`; empty when there is none. */
  get contacts(): readonly NameAddr[] | '*' {
    return (this.#contacts ??= this.#readContacts());
  }

  #readContacts(): readonly NameAddr[] | '*' {
    const at = this.#find(CONTACT, '', 0);
    if (at < 0) return noAddresses;
    const { head, spans } = this;
    const start = spans[at + 2] ?? 0;
    const end = spans[at + 3] ?? 0;
    if (end - start === 1 && head.charCodeAt(start) === 42) {
      if (this.#find(CONTACT, '', at + STRIDE) >= 0) {
        throw headerFault('contact-star', 'A Contact of "*" must stand alone');
      }
      return '*';
    }
    const alone =
      this.#find(CONTACT, '', at + STRIDE) < 0 &&
      !isFolded(head, start, end) &&
      !holds(head, ',', start, end);
    if (alone) return [readNameAddr(head, start, end)];
    return this.values('Contact').map((value) => readNameAddr(value, 0, value.length));
  }

  get routes(): readonly NameAddr[] {
    return (this.#routes ??= this.#addresses(ROUTE, 'Route'));
  }

  get recordRoutes(): readonly NameAddr[] {
    return this.#addresses(RECORD_ROUTE, 'Record-Route');
  }

  /** The bytes to send; byte for byte what came when nothing was edited. */
  toBytes(): Buffer {
    const { head, body } = this;
    const bytes = Buffer.allocUnsafe(head.length + body.length);
    bytes.write(head, 0, 'latin1');
    if (body.length > 0) bytes.set(body, head.length);
    return bytes;
  }

  /** The same as text, one character a byte: what a connection collects before it writes. */
  toText(): string {
    const { head, body } = this;
    if (body.length === 0) return head;
    return head + Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  }

  #addresses(id: number, name: string): readonly NameAddr[] {
    if (this.#find(id, '', 0) < 0) return noAddresses;
    return this.values(name).map((value) => readNameAddr(value, 0, value.length));
  }

  #nameAddr(id: number, name: string): NameAddr {
    const at = this.#mandatory(id, name);
    const { head, spans } = this;
    const start = spans[at + 2] ?? 0;
    const end = spans[at + 3] ?? 0;
    if (!isFolded(head, start, end)) return readNameAddr(head, start, end);
    const value = this.#value(at);
    return readNameAddr(value, 0, value.length);
  }

  #required(id: number, name: string): string {
    return this.#value(this.#mandatory(id, name));
  }

  #mandatory(id: number, name: string): number {
    const at = this.#find(id, '', 0);
    if (at < 0) throw headerFault('header-missing', `There is no ${name}`);
    return at;
  }

  #value(at: number): string {
    const { spans } = this;
    return unfold(this.head.slice(spans[at + 2], spans[at + 3]));
  }

  /** Index into the spans of the next header of this id, or of this name when the id is 0; -1 when none. */
  #find(id: number, name: string, from: number): number {
    const { spans } = this;
    const end = spans.length - 1;
    for (let at = from; at < end; at += STRIDE) {
      if (spans[at] === id && (id !== 0 || this.#named(at, name))) return at;
    }
    return -1;
  }

  #named(at: number, name: string): boolean {
    const start = this.spans[at + 1] ?? 0;
    const end = tokenEnd(this.head, start);
    return end - start === name.length && sameText(this.head.slice(start, end), name);
  }
}

/** A request. A start line that is none still makes one, so that it can be answered: see `startLineFault`. */
export class SipRequest extends SipMessage {
  readonly isRequest = true;
  /** Case-sensitive token, e.g. `INVITE`. */
  readonly method: string;
  /** As written. */
  readonly requestUri: string;
  readonly startLineFault: StartLineFault | undefined;
  #uri: SipUri | undefined;

  /**
   * For the message layer; others receive requests or call `buildRequest`. `line` is the start line where
   * the caller has written it: reading it back would have to put the pieces of the head together.
   */
  constructor(
    head: string,
    body?: Uint8Array,
    spans?: Spans,
    line: RequestLine = readRequestLine(head),
  ) {
    super(head, body, spans);
    this.method = line.method;
    this.requestUri = line.requestUri;
    this.startLineFault = line.fault;
    this.#uri = undefined;
  }

  /** The Request-URI taken apart; throws `SipSyntaxError` when it is no sip or sips URI. */
  get uri(): SipUri {
    return (this.#uri ??= readRequestUri(this.requestUri));
  }
}

/** A response. */
export class SipResponse extends SipMessage {
  readonly isRequest = false;
  /** 100 to 699; 0 when the start line is malformed, which `validate` reports. */
  readonly status: number;
  /** As written; UTF-8, one character a byte; may be empty. */
  readonly reason: string;
  readonly startLineFault: StartLineFault | undefined;

  /** For the message layer; others receive responses or call `buildResponse`. `line` as for requests. */
  constructor(
    head: string,
    body?: Uint8Array,
    spans?: Spans,
    line: StatusLine = readStatusLine(head.slice(0, head.indexOf('\r'))),
  ) {
    super(head, body, spans);
    this.status = line.status;
    this.reason = line.reason;
    this.startLineFault = line.fault;
  }
}

/** Tells requests from responses. */
export function isRequest(message: SipMessage): message is SipRequest {
  return message.isRequest;
}

/** The other way round. */
export function isResponse(message: SipMessage): message is SipResponse {
  return !message.isRequest;
}

/** True when a value of a head goes over more than one line; its last line ends with a CR as well. */
function isFolded(head: string, start: number, end: number): boolean {
  return holds(head, '\r', start, end);
}

function holds(text: string, what: string, start: number, end: number): boolean {
  const at = text.indexOf(what, start);
  return at >= 0 && at < end;
}

const scratch = new HeadScan();
/** More than a string can hold; small integers, since others would slow the scan down for everybody. */
const most = 0x3fff_ffff;
const unlimited = { head: most, header: most, headers: most, vias: most, body: 0 };

/** Spans of a head that `edit` or a builder wrote; the framer hands its own over. */
function scan(head: string): Spans {
  const bytes = Buffer.from(head, 'latin1');
  scratch.reset();
  const result = scratch.run(bytes, 0, bytes.length, unlimited);
  if (result !== 'done') throw new TypeError(`A head built here does not scan: ${result}`);
  return scratch.spans();
}
