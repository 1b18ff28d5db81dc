import type { Level } from './level.ts';
import { logicalLineEnd } from './lines.ts';
import { maskBody, maskHead } from './mask.ts';

export const recordKinds = ['message', 'refusal', 'fault', 'connection'] as const;
/** A SIP message; a peer turned away; a fault of the SIP core; a connection opened or closed. */
export type RecordKind = (typeof recordKinds)[number];

/**
 * Something a host saw, as it leaves the hot path: references and numbers, nothing parsed yet.
 * Plain data, so that it can cross to the store's thread.
 */
export interface Observation {
  readonly kind: RecordKind;
  readonly level: Level;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Grows by one per record of one writer; orders records of the same millisecond. */
  readonly sequence: number;
  readonly direction: 'in' | 'out';
  /** `address:port`, brackets around IPv6; empty when unknown. */
  readonly local: string;
  readonly remote: string;
  /** FQDN of a trusted server, `client` for anybody else, empty when there is none. */
  readonly peer: string;
  /** Service of the listener, or `dialled`. */
  readonly label: string;
  /** The head of the message as latin1, one character a byte; of other kinds one line of text. */
  readonly head: string;
  readonly bodyLength: number;
  /** Present when some scenario may want it; `bodyWanted` decides. */
  readonly body?: Uint8Array | undefined;
}

/** One stored observation. All of it is plain JSON. */
export interface LogRecord {
  readonly kind: RecordKind;
  readonly level: Level;
  /** Milliseconds since the epoch, by the clock of `host`. */
  readonly at: number;
  readonly sequence: number;
  /** FQDN of the host that saw it. */
  readonly host: string;
  /** Which process of the host saw it; `sequence` orders within one writer. */
  readonly writer: string;
  readonly direction: 'in' | 'out';
  readonly local: string;
  readonly remote: string;
  readonly peer: string;
  readonly label: string;
  /** Method of the request, or of the request the response answers; empty for other kinds. */
  readonly method: string;
  /** 0 for requests and for other kinds. */
  readonly status: number;
  /** As received. */
  readonly callId: string;
  /** CSeq number; -1 when unreadable. */
  readonly cseq: number;
  /** Address-of-record, lower case, without scheme and parameters. */
  readonly from: string;
  readonly to: string;
  /** Branch of the topmost Via. */
  readonly branch: string;
  /** Bytes of head and body on the wire. */
  readonly size: number;
  readonly bodyLength: number;
  /** Masked; latin1, one character a byte. */
  readonly head: string;
  /** Masked; latin1, one character a byte; null when no scenario asked for it. */
  readonly body: string | null;
}

/** What a SIP head says, read tolerantly: a recorder has to keep what a parser refuses. */
export interface HeadFields {
  readonly method: string;
  readonly status: number;
  readonly callId: string;
  readonly cseq: number;
  readonly from: string;
  readonly to: string;
  readonly branch: string;
  readonly contentType: string;
}

type WantedField = 'call-id' | 'cseq' | 'from' | 'to' | 'via' | 'content-type';

/** Long and compact names of the fields a record is made from. */
const wantedFields: ReadonlyMap<string, WantedField> = new Map([
  ['call-id', 'call-id'],
  ['i', 'call-id'],
  ['cseq', 'cseq'],
  ['from', 'from'],
  ['f', 'from'],
  ['to', 'to'],
  ['t', 'to'],
  ['via', 'via'],
  ['v', 'via'],
  ['content-type', 'content-type'],
  ['c', 'content-type'],
]);
const longestName = 32;

/** `c`, `f`, `i`, `t` and `v`: what those names begin with. */
function mayBeWanted(code: number): boolean {
  const lower = code | 0x20;
  return lower === 0x63 || lower === 0x66 || lower === 0x69 || lower === 0x74 || lower === 0x76;
}

/** The first value of each wanted header field, unfolded and trimmed. */
function wantedHeaders(head: string, start: number): Partial<Record<WantedField, string>> {
  const found: Partial<Record<WantedField, string>> = {};
  let position = start;
  while (position < head.length) {
    const end = logicalLineEnd(head, position);
    if (mayBeWanted(head.charCodeAt(position))) {
      const colon = head.indexOf(':', position);
      const written =
        colon < 0 || colon - position > longestName ? '' : head.slice(position, colon);
      const name = wantedFields.get(written.trimEnd().toLowerCase());
      if (name !== undefined && colon < end) {
        const value = head.slice(colon + 1, end);
        found[name] ??= (value.includes('\n') ? value.replace(/\r?\n[ \t]+/g, ' ') : value).trim();
      }
    }
    position = end + 1;
  }
  return found;
}

/** Lower case for ASCII alone: bytes of UTF-8 kept as latin1 must not change. */
export function asciiLower(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}

/** What nearly every From and To holds: nothing in it to take off or to change. */
const plainUri = /^sips?:([a-z\d._-]+@[a-z\d][a-z\d.-]*)$/;

/**
 * The address-of-record in a From or To value or in what a person typed: lower case, without display
 * name, scheme, password, port and parameters. `tel:` numbers lose their scheme as well.
 */
export function aorKey(value: string): string {
  const open = value.lastIndexOf('<');
  const close = open < 0 ? -1 : value.indexOf('>', open);
  const plain = close < 0 ? null : plainUri.exec(value.slice(open + 1, close));
  if (plain?.[1] !== undefined) return plain[1];
  let uri = open < 0 ? value : value.slice(open + 1, close < 0 ? undefined : close);
  uri = asciiLower(uri.trim().split(/[;?\s]/, 1)[0] ?? '');
  uri = uri.replace(/^(?:sips?|tel|im|pres):/, '');
  const at = uri.lastIndexOf('@');
  if (at < 0) return uri;
  const user = uri.slice(0, at).split(':', 1)[0] ?? '';
  return `${user}@${hostPart(uri.slice(at + 1))}`;
}

/** The address in `address:port` or `[address]:port`; what has no port is the address itself. */
export function hostPart(endpoint: string): string {
  if (endpoint.startsWith('[')) return endpoint.slice(1, endpoint.indexOf(']'));
  const colon = endpoint.lastIndexOf(':');
  // Two colons and no brackets: an IPv6 address without a port.
  return colon < 0 || endpoint.indexOf(':') < colon ? endpoint : endpoint.slice(0, colon);
}

/** Reads the head of a SIP message; whatever is missing or odd becomes empty. Linear, never throws. */
export function readHead(head: string): HeadFields {
  const lineEnd = head.indexOf('\n');
  const startLine = (lineEnd < 0 ? head : head.slice(0, lineEnd)).trimEnd();
  const headers = wantedHeaders(head, lineEnd < 0 ? head.length : lineEnd + 1);
  const cseq = /^(\d{1,10})\s+(\S{1,64})/.exec(headers['cseq'] ?? '');
  const response = /^SIP\/2\.0\s+(\d{3})\b/i.exec(startLine);
  return {
    method: response === null ? (startLine.split(' ', 1)[0] ?? '') : (cseq?.[2] ?? ''),
    status: response === null ? 0 : Number(response[1]),
    callId: headers['call-id'] ?? '',
    cseq: cseq === null ? -1 : Number(cseq[1]),
    from: aorKey(headers['from'] ?? ''),
    to: aorKey(headers['to'] ?? ''),
    branch: /;\s*branch\s*=\s*([^;,\s]+)/i.exec(headers['via'] ?? '')?.[1] ?? '',
    contentType: (headers['content-type'] ?? '').toLowerCase(),
  };
}

/** Decides, when the fields are known, whether the body may be kept. */
export type BodyPolicy = (fields: HeadFields) => boolean;

/** Makes the record that is stored: fields read, secrets masked, the body kept or left out. */
export function toRecord(
  seen: Observation,
  origin: { readonly host: string; readonly writer: string },
  bodyWanted: BodyPolicy,
): LogRecord {
  const fields = seen.kind === 'message' ? readHead(seen.head) : noFields;
  const body =
    seen.body !== undefined && seen.body.length > 0 && bodyWanted(fields)
      ? maskBody(Buffer.from(seen.body).toString('latin1'))
      : null;
  return {
    kind: seen.kind,
    level: seen.level,
    at: seen.at,
    sequence: seen.sequence,
    ...origin,
    direction: seen.direction,
    local: seen.local,
    remote: seen.remote,
    peer: seen.peer,
    label: seen.label,
    method: fields.method,
    status: fields.status,
    callId: fields.callId,
    cseq: fields.cseq,
    from: fields.from,
    to: fields.to,
    branch: fields.branch,
    size: seen.head.length + seen.bodyLength,
    bodyLength: seen.bodyLength,
    head: maskHead(seen.head),
    body,
  };
}

const noFields: HeadFields = {
  method: '',
  status: 0,
  callId: '',
  cseq: -1,
  from: '',
  to: '',
  branch: '',
  contentType: '',
};

/** The start line of a message without its protocol version; of other kinds the text. */
export function startLineOf(record: LogRecord): string {
  return (record.head.split(/\r?\n/, 1)[0] ?? '').replace(/^SIP\/2\.0 | SIP\/2\.0$/g, '');
}

/** Time first; then host, writer and sequence, so that the order is the same on every machine. */
export function compareRecords(a: LogRecord, b: LogRecord): number {
  return (
    a.at - b.at ||
    (a.host < b.host ? -1 : a.host > b.host ? 1 : 0) ||
    (a.writer < b.writer ? -1 : a.writer > b.writer ? 1 : 0) ||
    a.sequence - b.sequence
  );
}
