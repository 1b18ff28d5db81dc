import {
  isDigitCode,
  parseDigits,
  sameText,
  skipSpace,
  tokenEnd,
  trim,
  unfold,
} from './characters.ts';
import { headerFault } from './errors.ts';
import { type Params, parseParams, walkParams } from './params.ts';
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
  readonly #text: string;
  readonly #paramsAt: number;
  #params: Params | undefined;

  /** For `parseVia` only. */
  constructor(
    transport: string,
    host: string,
    port: number | undefined,
    text: string,
    paramsAt: number,
  ) {
    this.transport = transport;
    this.host = host;
    this.port = port;
    this.#text = text;
    this.#paramsAt = paramsAt;
    this.#params = undefined;
    let branch: string | undefined;
    walkParams(text, paramsAt, (nameStart, nameEnd, valueStart, valueEnd) => {
      if (nameEnd - nameStart !== 6 || valueStart < 0) return;
      if (!sameText(text.slice(nameStart, nameEnd), 'branch')) return;
      if (branch !== undefined) throw headerFault('parameter-twice', 'A branch stands twice');
      branch = text.slice(valueStart, valueEnd);
    });
    this.branch = branch;
  }

  /** Parameters by lower-case name. Throws `SipSyntaxError` when a name comes twice. */
  get params(): Params {
    return (this.#params ??= parseParams(this.#text, this.#paramsAt));
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
  return readVia(trim(unfold(value)));
}

/** `parseVia` for a value already unfolded and trimmed, as messages hand them out. */
export function readVia(text: string): Via {
  let i = tokenEnd(text, 0);
  if (!sameText(text.slice(0, i), 'SIP')) throw syntax();
  i = slash(text, i);
  let end = tokenEnd(text, i);
  if (text.slice(i, end) !== '2.0') throw headerFault('via-version', 'A Via is not of SIP/2.0');
  i = slash(text, end);
  end = tokenEnd(text, i);
  const transport = knownTransport(text.slice(i, end));
  i = skipSpace(text, end);
  if (transport === '' || i === end) throw syntax();
  const hostEnd = endOfHost(text, i);
  const host = text.slice(i, hostEnd).toLowerCase();
  i = skipSpace(text, hostEnd);
  let port: number | undefined;
  if (text.charCodeAt(i) === 58) {
    const start = skipSpace(text, i + 1);
    i = start;
    while (isDigitCode(text.charCodeAt(i))) i++;
    port = parseDigits(text.slice(start, i), 65535);
    if (port === undefined || port === 0) throw headerFault('via-port', 'A Via has a wrong port');
  }
  return new Via(transport, host, port, text, i);
}

/** Upper case without work for the usual ones. */
function knownTransport(text: string): string {
  return text === 'TLS' || text === 'TCP' || text === 'UDP' ? text : text.toUpperCase();
}

function slash(text: string, at: number): number {
  const i = skipSpace(text, at);
  if (text.charCodeAt(i) !== 47) throw syntax();
  return skipSpace(text, i + 1);
}

function syntax(): Error {
  return headerFault('via-syntax', 'A Via does not start with SIP/2.0/transport and a host');
}
