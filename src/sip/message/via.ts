import {
  isDigitCode,
  parseDigits,
  skipSpaceTo,
  spells,
  tokenEndTo,
  trim,
  unfold,
} from './characters.ts';
import { headerFault } from './errors.ts';
import { type Params, findParam, parseParams } from './params.ts';
import { endOfHost } from './uri.ts';

/** One Via value (RFC 3261 20.42). */
export class Via {
  /** As written, e.g. `TLS`; upper case. */
  readonly transport: string;
  /** Sent-by host, lower case. */
  readonly host: string;
  /** Sent-by port; undefined when none is written. */
  readonly port: number | undefined;
  /** The branch parameter; undefined for RFC 2543 peers. */
  readonly branch: string | undefined;
  /** The value is `text[start, end)`, its parameters begin at `paramsAt`. */
  readonly #text: string;
  readonly #start: number;
  readonly #end: number;
  readonly #paramsAt: number;
  #params: Params | undefined;

  /** For `readVia` only. */
  constructor(
    transport: string,
    host: string,
    port: number | undefined,
    text: string,
    start: number,
    paramsAt: number,
    end: number,
  ) {
    this.transport = transport;
    this.host = host;
    this.port = port;
    this.branch = findParam(text, paramsAt, end, 'branch');
    this.#text = text;
    this.#start = start;
    this.#end = end;
    this.#paramsAt = paramsAt;
    this.#params = undefined;
  }

  /** The value as written. */
  get text(): string {
    return this.#text.slice(this.#start, this.#end);
  }

  /** Parameters by lower-case name. Throws `SipSyntaxError` when a name comes twice. */
  get params(): Params {
    return (this.#params ??= parseParams(this.#text, this.#paramsAt, this.#end));
  }

  /** Sent-by as written to the wire: `host` or `host:port`. */
  get sentBy(): string {
    return this.port === undefined ? this.host : `${this.host}:${this.port}`;
  }
}

/**
 * Reads one Via value: `SIP / 2.0 / transport sent-by *(;params)`, white space allowed around every
 * separator.
 *
 * Throws `SipSyntaxError` (`header`).
 */
export function parseVia(value: string): Via {
  const text = trim(unfold(value));
  return readVia(text, 0, text.length);
}

/** `parseVia` of `text[start, end)`, already unfolded and trimmed, as messages hand it out. */
export function readVia(text: string, start: number, end: number): Via {
  let i = text.startsWith('SIP/2.0/', start)
    ? skipSpaceTo(text, start + 8, end)
    : afterVersion(text, start, end);
  const transportEnd = tokenEndTo(text, i, end);
  const transport = knownTransport(text.slice(i, transportEnd));
  i = skipSpaceTo(text, transportEnd, end);
  if (transport === '' || i === transportEnd) throw syntax();
  const hostEnd = endOfHost(text, i, end);
  const host = text.slice(i, hostEnd).toLowerCase();
  i = skipSpaceTo(text, hostEnd, end);
  let port: number | undefined;
  if (i < end && text.charCodeAt(i) === 58) {
    const portStart = skipSpaceTo(text, i + 1, end);
    i = portStart;
    while (i < end && isDigitCode(text.charCodeAt(i))) i++;
    port = parseDigits(text.slice(portStart, i), 65535);
    if (port === undefined || port === 0) throw headerFault('via-port', 'A Via has a wrong port');
  }
  return new Via(transport, host, port, text, start, i, end);
}

/** Where the transport stands after `SIP / 2.0 /`, however it is spaced. */
function afterVersion(text: string, start: number, end: number): number {
  const nameEnd = tokenEndTo(text, start, end);
  if (!spells(text, start, nameEnd, 'sip')) throw syntax();
  const version = slash(text, nameEnd, end);
  const versionEnd = tokenEndTo(text, version, end);
  if (text.slice(version, versionEnd) !== '2.0') {
    throw headerFault('via-version', 'A Via is not of SIP/2.0');
  }
  return skipSpaceTo(text, slash(text, versionEnd, end), end);
}

/** Upper case without work for the usual ones. */
function knownTransport(text: string): string {
  return text === 'TLS' || text === 'TCP' || text === 'UDP' ? text : text.toUpperCase();
}

function slash(text: string, at: number, end: number): number {
  const i = skipSpaceTo(text, at, end);
  if (i >= end || text.charCodeAt(i) !== 47) throw syntax();
  return skipSpaceTo(text, i + 1, end);
}

function syntax(): Error {
  return headerFault('via-syntax', 'A Via does not start with SIP/2.0/transport and a host');
}
