import {
  fieldRule,
  listRule,
  nameAddrRules,
  paramRule,
  requestLineRule,
  statusLineRule,
  uriRule,
  viaRule,
} from './grammar.fixture.ts';
import { type Limits, serverLimits } from './limits.ts';

/**
 * A second reader of SIP messages, for tests alone: slow, without state, each rule as the grammar states
 * it. What it and the parser of the product do not agree on is a fault of one of them.
 */

/** A view of a message: its value, or that it is refused. */
export type Outcome<Value> = { readonly value: Value } | 'refused';
export type ParamList = Outcome<readonly (readonly [name: string, value: string | true])[]>;

export interface ViaAccount {
  readonly transport: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly branch: string | undefined;
  readonly params: ParamList;
}

export interface AddressAccount {
  readonly display: string | undefined;
  readonly uri: string;
  readonly tag: string | undefined;
  readonly params: ParamList;
}

export interface UriAccount {
  readonly scheme: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  readonly params: readonly (readonly [name: string, value: string | true])[];
  readonly headers: string | undefined;
}

/** The start line in its parts; a line of the wrong version has them too. */
export type StartLine =
  | { readonly fault: 'request-syntax' | 'status-syntax' }
  | { readonly fault: 'version' | undefined; readonly method: string; readonly uri: string }
  | { readonly fault: 'version' | undefined; readonly status: number; readonly reason: string };

/** Everything the message layer says about one message. */
export interface MessageAccount {
  readonly text: string;
  readonly startLine: StartLine;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly uri: Outcome<UriAccount> | undefined;
  readonly topVia: Outcome<ViaAccount>;
  readonly vias: Outcome<readonly ViaAccount[]>;
  readonly from: Outcome<AddressAccount>;
  readonly to: Outcome<AddressAccount>;
  readonly callId: Outcome<string>;
  readonly cseq: Outcome<{ readonly number: number; readonly method: string }>;
  readonly maxForwards: Outcome<number | undefined>;
  readonly contacts: Outcome<readonly AddressAccount[] | '*'>;
  readonly routes: Outcome<readonly AddressAccount[]>;
  readonly recordRoutes: Outcome<readonly AddressAccount[]>;
}

/** Everything the framer says about a stream: what came out of it and how many bytes wait for more. */
export interface StreamAccount {
  readonly events: readonly (MessageAccount | 'ping' | FaultAccount)[];
  readonly waiting: number;
}

export interface FaultAccount {
  readonly fault: string;
  readonly status: number;
  readonly head: MessageAccount | undefined;
}

/** Thrown and caught here alone: the text does not match its rule. */
class Refusal extends Error {}

function outcome<Value>(read: () => Value): Outcome<Value> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof Refusal) return 'refused';
    throw error;
  }
}

/** The groups of a rule that has to match the whole text. */
function match(rule: RegExp, text: string): readonly (string | undefined)[] {
  const found = rule.exec(text);
  if (found === null) throw new Refusal();
  return found.slice(1);
}

/** One header field as it stands in a head: its lines with their line ends, its name and value. */
export interface Field {
  readonly lines: string;
  readonly name: string;
  readonly value: string;
  /** False for a line that is no header at all. */
  readonly sound: boolean;
}

/** A head, taken apart into start line and fields. */
export interface Head {
  readonly startLine: string;
  readonly fields: readonly Field[];
}

/** Linear white space with a line end in it reads as one space (RFC 3261 7.3.1). */
function readValue(raw: string): string {
  const trimmed = raw.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/gu, '');
  return trimmed
    .split(/([ \t\r\n]+)/u)
    .map((piece) => (piece.includes('\r\n') ? ' ' : piece))
    .join('');
}

function readField(lines: string): Field {
  const found = fieldRule.exec(lines);
  const value = readValue(found?.[2] ?? lines);
  // A line that is no header keeps its place under whatever opens it.
  const name = found?.[1] ?? /^[\w\-.!%*+`'~]*/u.exec(lines)?.[0] ?? '';
  return { lines, name, value, sound: found !== null };
}

/** A complete head with its empty line. */
export function readHead(text: string): Head {
  const lines = text.slice(0, -2).split(/(?<=\r\n)(?![ \t])/u);
  const startLine = (lines.shift() ?? '').slice(0, -2);
  return { startLine, fields: lines.filter((line) => line !== '').map(readField) };
}

/** Compact forms (RFC 3261 7.3.3) of the fields the message layer itself reads, and one it does not. */
const compact: Readonly<Record<string, string>> = {
  via: 'v',
  from: 'f',
  to: 't',
  'call-id': 'i',
  contact: 'm',
  'content-length': 'l',
  subject: 's',
};

/** True when the field is meant by this name, in any case and in the compact form. */
export function isNamed(field: Field, name: string): boolean {
  const lower = name.toLowerCase();
  const own = field.name.toLowerCase();
  return field.sound && (compact[own] ?? own) === (compact[lower] ?? lower);
}

function valuesOf(head: Head, name: string): string[] {
  return head.fields.filter((field) => isNamed(field, name)).map((field) => field.value);
}

/** `element *(COMMA element)` of every field of this name. */
function listOf(head: Head, name: string): string[] {
  return valuesOf(head, name).flatMap(readList);
}

function readList(value: string): string[] {
  match(listRule.whole, value);
  const elements: string[] = [];
  for (let at = 0; at <= value.length; at++) {
    listRule.element.lastIndex = at;
    const element = listRule.element.exec(value)?.[0] ?? '';
    if (readValue(element) === '') throw new Refusal();
    elements.push(readValue(element));
    at += element.length;
  }
  return elements;
}

function first(head: Head, name: string): string {
  const [value] = valuesOf(head, name);
  if (value === undefined) throw new Refusal();
  return value;
}

function wholeNumber(digits: string, least: number, most: number): number {
  const value = /^[0-9]+$/u.test(digits) ? Number(digits) : Number.NaN;
  if (!(value >= least && value <= most)) throw new Refusal();
  return value;
}

function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\([^])/gu, '$1') : text;
}

/** The parameters as written, in order. */
function readParams(text: string): { name: string; raw: string | undefined }[] {
  return [...text.matchAll(paramRule)].map(([, name = '', raw]) => ({
    name: name.toLowerCase(),
    raw,
  }));
}

function paramList(text: string): ParamList {
  const params = readParams(text);
  const names = new Set(params.map(({ name }) => name));
  if (names.size < params.length) return 'refused';
  return {
    value: params.map(({ name, raw }) => [name, raw === undefined ? true : unquote(raw)] as const),
  };
}

/** The parameter a reader relies on: as it stands, and once at most. */
function singleParam(text: string, name: string): string | undefined {
  const found = readParams(text).filter((param) => param.name === name && param.raw !== undefined);
  if (found.length > 1) throw new Refusal();
  return found[0]?.raw;
}

function readVia(text: string): ViaAccount {
  const [transport = '', host = '', port, params = ''] = match(viaRule, text);
  return {
    transport: transport.toUpperCase(),
    host: host.toLowerCase(),
    port: port === undefined ? undefined : wholeNumber(port, 1, 65535),
    branch: singleParam(params, 'branch'),
    params: paramList(params),
  };
}

function readAddress(text: string): AddressAccount {
  const named = nameAddrRules.nameAddr.exec(text)?.slice(1);
  const [quoted, words = '', uri = '', params = ''] = named ?? [
    undefined,
    '',
    ...match(nameAddrRules.addrSpec, text),
  ];
  const plain = readValue(words);
  return {
    display: quoted === undefined ? (plain === '' ? undefined : plain) : unquote(quoted),
    uri,
    tag: singleParam(params, 'tag'),
    params: paramList(params),
  };
}

function readUri(text: string): UriAccount {
  const [scheme = '', user, password, host = '', port, params = '', headers] = match(uriRule, text);
  if (/%(?![0-9A-Fa-f]{2})/u.test(text)) throw new Refusal();
  const list = params.split(';').slice(1);
  const parts = list.map((param) => match(/^([^=]+)(?:=([^]*))?$/u, param));
  const names = parts.map(([name = '']) => name.toLowerCase());
  if (new Set(names).size < names.length) throw new Refusal();
  return {
    scheme: scheme.toLowerCase(),
    user,
    password,
    host: host.toLowerCase(),
    port: port === undefined ? undefined : wholeNumber(port, 1, 65535),
    params: parts.map(([, value], index) => [names[index] ?? '', value ?? true] as const),
    headers,
  };
}

function readStartLine(line: string): StartLine {
  const isStatus = /^SIP\//iu.test(line);
  const found = (isStatus ? statusLineRule : requestLineRule).exec(line)?.slice(1);
  if (found === undefined) return { fault: isStatus ? 'status-syntax' : 'request-syntax' };
  const [one = '', two = '', three = ''] = found;
  const version = isStatus ? one : three;
  const fault = version.toUpperCase() === 'SIP/2.0' ? undefined : 'version';
  return isStatus
    ? { fault, status: Number(two), reason: three }
    : { fault, method: one, uri: two };
}

function readContacts(head: Head): readonly AddressAccount[] | '*' {
  const fields = valuesOf(head, 'Contact');
  // A star says "all of them", so it stands alone (RFC 3261 10.2.2).
  if (fields.length === 1 && fields[0] === '*') return '*';
  return listOf(head, 'Contact').map(readAddress);
}

/** Everything about the message of this head (its empty line included) and body. */
export function describeMessage(text: string, body: string): MessageAccount {
  const head = readHead(text);
  const startLine = readStartLine(head.startLine);
  const addresses = (name: string) => outcome(() => listOf(head, name).map(readAddress));
  return {
    text: text + body,
    startLine,
    fields: head.fields.map(({ name, value }) => [name, value] as const),
    uri: 'uri' in startLine ? outcome(() => readUri(startLine.uri)) : undefined,
    topVia: outcome(() => readVia(readList(first(head, 'Via'))[0] ?? '')),
    vias: outcome(() => {
      const values = listOf(head, 'Via');
      if (values.length > serverLimits.vias) throw new Refusal();
      return values.map(readVia);
    }),
    from: outcome(() => readAddress(first(head, 'From'))),
    to: outcome(() => readAddress(first(head, 'To'))),
    callId: outcome(() => match(/^([^ \t]+)$/u, first(head, 'Call-ID'))[0] ?? ''),
    cseq: outcome(() => {
      const [digits = '', method = ''] = match(
        /^([0-9]+)[ \t]+([\w\-.!%*+`'~]+)$/u,
        first(head, 'CSeq'),
      );
      return { number: wholeNumber(digits, 0, 2 ** 32 - 1), method };
    }),
    maxForwards: outcome(() => {
      const [value] = valuesOf(head, 'Max-Forwards');
      return value === undefined ? undefined : wholeNumber(value, 0, 255);
    }),
    contacts: outcome(() => readContacts(head)),
    routes: addresses('Route'),
    recordRoutes: addresses('Record-Route'),
  };
}

/** How long the head at the start of the text is, why it is none, or that it does not end yet. */
function cutHead(text: string, limits: Limits): number | 'more' | { readonly fault: string } {
  if (!/^[\w\-.!%*+`'~]/u.test(text)) return { fault: 'not-sip' };
  let line = 0;
  let field = 0;
  let headers = 0;
  let vias = 0;
  for (;;) {
    const folded = /[ \t]/u.test(text.charAt(line));
    if (!folded && line < text.length) field = line;
    const end = text.slice(line).search(/[\r\n]/u);
    const at = end < 0 ? text.length : line + end;
    const most = Math.min(limits.head, field + limits.header);
    if (at >= most || line >= most) {
      const reached = Math.max(line, most);
      if (reached >= text.length) return 'more';
      return { fault: reached >= limits.head ? 'head-too-large' : 'header-too-large' };
    }
    if (at === text.length) return 'more';
    if (text[at] === '\n') return { fault: 'bare-lf' };
    if (at + 1 === text.length) return 'more';
    if (text[at + 1] !== '\n') return { fault: 'bare-cr' };
    const length = at + 2;
    if (at === line) return length > limits.head ? { fault: 'head-too-large' } : length;
    if (line > 0) {
      if (folded && headers === 0) return { fault: 'fold-without-header' };
      if (!folded && ++headers > limits.headers) return { fault: 'too-many-headers' };
      const isVia = !folded && isNamed(readField(text.slice(line, length)), 'Via');
      if (isVia && ++vias > limits.vias) return { fault: 'too-many-vias' };
    }
    line = length;
  }
}

/** Everything about the bytes (one character each) of one accepted connection, all of them at once. */
export function describeStream(stream: string, limits: Limits): StreamAccount {
  const events: (MessageAccount | 'ping' | FaultAccount)[] = [];
  const failed = (fault: string, head?: string): StreamAccount => {
    const status = fault === 'body-too-large' ? 413 : 400;
    const account = head === undefined ? undefined : describeMessage(head, '');
    return { events: [...events, { fault, status, head: account }], waiting: 0 };
  };
  let pairs = 0;
  for (let rest = stream; ;) {
    if (rest === '' || rest === '\r') return { events, waiting: rest.length };
    if (rest.startsWith('\n')) return failed('bare-lf');
    if (rest.startsWith('\r')) {
      if (!rest.startsWith('\r\n')) return failed('bare-cr');
      pairs++;
      if (pairs % 2 === 0) events.push('ping');
      rest = rest.slice(2);
      continue;
    }
    pairs = 0;
    const cut = cutHead(rest, limits);
    if (cut === 'more') return { events, waiting: rest.length };
    if (typeof cut !== 'number') return failed(cut.fault);
    const head = rest.slice(0, cut);
    const [digits, another] = valuesOf(readHead(head), 'Content-Length');
    if (digits === undefined) return failed('content-length-missing', head);
    if (another !== undefined || !/^[0-9]{1,10}$/u.test(digits)) {
      return failed('content-length', head);
    }
    const length = Number(digits);
    if (length > limits.body) return failed('body-too-large', head);
    if (cut + length > rest.length) return { events, waiting: rest.length };
    events.push(describeMessage(head, rest.slice(cut, cut + length)));
    rest = rest.slice(cut + length);
  }
}
