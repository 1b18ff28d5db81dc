import { isTokenCode } from './characters.ts';
import { BROKEN, CONTENT_LENGTH, VIA, headerIdAt } from './header-names.ts';
import type { Limits } from './limits.ts';

/**
 * Where the headers of one head lie: four numbers a header — id, start of its first line, start and
 * end of its trimmed value (folds inside) — and at last the start of the empty line. Offsets from the
 * start of the message.
 *
 * A plain array of small integers: V8 keeps it on the young heap, where an `Int32Array` of this size
 * gets a backing store of its own and costs seven times as much (measured, Node 26).
 */
export type Spans = readonly number[];

/** Numbers a header in `Spans`. */
export const STRIDE = 4;

/** Why a head cannot be cut out of the stream; each one ends the connection. */
export type ScanFault =
  | 'bare-cr'
  | 'bare-lf'
  | 'not-sip'
  | 'head-too-large'
  | 'header-too-large'
  | 'too-many-headers'
  | 'too-many-vias'
  | 'fold-without-header';

/** `done`: the empty line was reached; `more`: call `run` again with more bytes. */
export type ScanResult = 'done' | 'more' | ScanFault;

const LF = 10;

/**
 * One pass over the bytes of a head, resumable at any byte, so that a head that comes in a thousand
 * pieces costs the same as one that comes whole, and ends in the same result.
 */
export class HeadScan {
  /** Content-Length fields seen; more than one is a fault of the frame. */
  contentLengths = 0;
  /** Index into the spans of the last Content-Length. */
  contentLengthAt = -1;
  /** After `done`: bytes of the head, the empty line included. */
  length = 0;
  /** After `done`: length of the start line without its CRLF. */
  startLineEnd = 0;
  #spans: number[] = [];
  #count = 0;
  #vias = 0;
  /** Next byte to look at, and start of the line it is in. */
  #at = 0;
  #line = 0;
  #lines = 0;
  /** Start of the header field (its first line) that folds would continue. */
  #field = 0;

  /** Forgets everything; the buffers stay, for the next message. */
  reset(): void {
    this.contentLengths = 0;
    this.contentLengthAt = -1;
    this.length = 0;
    this.startLineEnd = 0;
    this.#count = 0;
    this.#vias = 0;
    this.#at = 0;
    this.#line = 0;
    this.#lines = 0;
    this.#field = 0;
  }

  /** The spans of a finished head, in an array of their own. */
  spans(): Spans {
    const count = this.#count * STRIDE;
    this.#spans[count] = this.length - 2;
    return this.#spans.slice(0, count + 1);
  }

  /** Start and end of the value of the header at this index, for Content-Length. */
  valueStart(index: number): number {
    return this.#spans[index + 2] ?? 0;
  }
  valueEnd(index: number): number {
    return this.#spans[index + 3] ?? 0;
  }

  /** Goes on over `data[start, end)`, where `start` is always the first byte of the message. */
  run(data: Uint8Array, start: number, end: number, limits: Limits): ScanResult {
    let i = start + this.#at;
    if (i === start && i < end && !isTokenCode(data[i] ?? 0)) return 'not-sip';
    const headEnd = start + limits.head;
    for (;;) {
      if (i === start + this.#line && i < end && !isBlank(data[i] ?? 0)) this.#field = this.#line;
      const stop = Math.min(end, headEnd, start + this.#field + limits.header);
      i = lineBreak(data, i, stop);
      if (i >= stop) {
        if (i < end) return i >= headEnd ? 'head-too-large' : 'header-too-large';
        this.#at = i - start;
        return 'more';
      }
      if (data[i] === LF) return 'bare-lf';
      if (i + 1 >= end) {
        this.#at = i - start;
        return 'more';
      }
      if (data[i + 1] !== LF) return 'bare-cr';
      if (i === start + this.#line && this.#lines > 0) {
        this.length = i + 2 - start;
        if (this.length > limits.head) return 'head-too-large';
        return 'done';
      }
      const fault = this.#endLine(data, start, i, limits);
      if (fault !== undefined) return fault;
      i += 2;
      this.#line = i - start;
      this.#lines++;
    }
  }

  /** Books the line that ends at `end` (where its CR stands). */
  #endLine(data: Uint8Array, start: number, end: number, limits: Limits): ScanFault | undefined {
    if (this.#lines === 0) {
      this.startLineEnd = end - start;
      return undefined;
    }
    const line = start + this.#line;
    const first = data[line] ?? 0;
    if (first === 32 || first === 9) return this.#fold(data, start, line, end);
    if (this.#count >= limits.headers) return 'too-many-headers';
    let i = line;
    while (i < end && isTokenCode(data[i] ?? 0)) i++;
    let id = i === line ? BROKEN : headerIdAt(data, line, i);
    while (i < end && isBlank(data[i] ?? 0)) i++;
    if (data[i] !== 58) id = BROKEN;
    let valueStart = id === BROKEN ? line : i + 1;
    while (valueStart < end && isBlank(data[valueStart] ?? 0)) valueStart++;
    let valueEnd = end;
    while (valueEnd > valueStart && isBlank(data[valueEnd - 1] ?? 0)) valueEnd--;
    const at = this.#count * STRIDE;
    this.#spans[at] = id;
    this.#spans[at + 1] = this.#line;
    this.#spans[at + 2] = valueStart - start;
    this.#spans[at + 3] = valueEnd - start;
    this.#count++;
    if (id === VIA) {
      this.#vias++;
      if (this.#vias > limits.vias) return 'too-many-vias';
    } else if (id === CONTENT_LENGTH) {
      this.contentLengths++;
      this.contentLengthAt = at;
    }
    return undefined;
  }

  /** A line that starts with white space continues the header before it (RFC 3261 7.3.1). */
  #fold(data: Uint8Array, start: number, line: number, end: number): ScanFault | undefined {
    if (this.#count === 0) return 'fold-without-header';
    let first = line;
    while (first < end && isBlank(data[first] ?? 0)) first++;
    if (first === end) return undefined;
    let last = end;
    while (isBlank(data[last - 1] ?? 0)) last--;
    const at = (this.#count - 1) * STRIDE;
    if (this.#spans[at + 2] === this.#spans[at + 3]) this.#spans[at + 2] = first - start;
    this.#spans[at + 3] = last - start;
    return undefined;
  }
}

/**
 * Index of the first CR or LF in `data[at, stop)`, else `stop` (or `at` when that lies beyond). Every byte
 * of every head comes by here: four at a time, whose differences are all positive while none is a control
 * character, in little more than half of the time that one after another takes.
 */
function lineBreak(data: Uint8Array, at: number, stop: number): number {
  let i = at;
  while (
    i + 4 <= stop &&
    (((data[i] ?? 0) - 14) |
      ((data[i + 1] ?? 0) - 14) |
      ((data[i + 2] ?? 0) - 14) |
      ((data[i + 3] ?? 0) - 14)) >=
      0
  ) {
    i += 4;
  }
  while (i < stop) {
    const code = data[i] ?? 0;
    if (code === 13 || code === 10) return i;
    i++;
  }
  return i;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}
