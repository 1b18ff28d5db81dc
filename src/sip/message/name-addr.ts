import {
  decodeText,
  encodeText,
  isSpaceCode,
  isToken,
  quote,
  quotedEnd,
  skipSpaceTo,
  tokenEnd,
  trim,
  unfold,
  unquote,
} from './characters.ts';
import { headerFault } from './errors.ts';
import { type Params, findParam, formatParams, parseParams } from './params.ts';
import { isUriText, schemeOf } from './uri.ts';

/** Display name, URI and parameters to be written, as From, To, Contact and Route carry them. */
export interface NameAddrParts {
  /** As people read it; undefined when there is none. */
  readonly display?: string | undefined;
  readonly uri: string;
  /** Header parameters, not those of the URI. */
  readonly params?: Params | undefined;
}

/** One name-addr or addr-spec with its header parameters (RFC 3261 20.10); parameters are read on demand. */
export class NameAddr {
  /** As written, unquoted; undefined when there is none. One character a byte: see `displayText`. */
  readonly display: string | undefined;
  /** The URI as written; `parseUri` takes it apart. */
  readonly uri: string;
  /** The tag of From and To; undefined when there is none. */
  readonly tag: string | undefined;
  readonly #text: string;
  readonly #paramsAt: number;
  readonly #end: number;
  #params: Params | undefined;

  /** For `readNameAddr` only; the parameters are `text[paramsAt, end)`. */
  constructor(
    display: string | undefined,
    uri: string,
    text: string,
    paramsAt: number,
    end: number,
  ) {
    this.display = display;
    this.uri = uri;
    this.tag = paramsAt < end ? findParam(text, paramsAt, end, 'tag') : undefined;
    this.#text = text;
    this.#paramsAt = paramsAt;
    this.#end = end;
    this.#params = undefined;
  }

  /** Header parameters by lower-case name. Throws `SipSyntaxError` when a name comes twice. */
  get params(): Params {
    return (this.#params ??= parseParams(this.#text, this.#paramsAt, this.#end));
  }

  /** The display name as people read it (UTF-8). */
  get displayText(): string | undefined {
    return this.display === undefined ? undefined : decodeText(this.display);
  }
}

/**
 * Reads one `name-addr / addr-spec` with parameters. Without brackets, parameters belong to the header
 * and the URI may hold neither `?` nor `,` (RFC 3261 20.10).
 *
 * Throws `SipSyntaxError` (`header`): unbalanced quotes, a display name that is no token and not quoted,
 * white space inside the brackets, no URI, malformed parameters.
 */
export function parseNameAddr(value: string): NameAddr {
  const text = trim(unfold(value));
  return readNameAddr(text, 0, text.length);
}

/** `parseNameAddr` of `text[start, end)`, already unfolded and trimmed, as messages hand it out. */
export function readNameAddr(text: string, start: number, end: number): NameAddr {
  const first = start < end ? text.charCodeAt(start) : 0;
  if (first === 60) return bracketed(text, undefined, start, end);
  if (first === 34) {
    const nameEnd = quotedEnd(text, start, end);
    const open = skipSpaceTo(text, nameEnd, end);
    if (open >= end || text.charCodeAt(open) !== 60) {
      throw headerFault('name-addr-syntax', 'No URI after a name');
    }
    return bracketed(text, unquote(text.slice(start, nameEnd)), open, end);
  }
  const open = text.indexOf('<', start);
  if (open < 0 || open >= end) return bare(text, start, end);
  const display = trim(text.slice(start, open));
  // A semicolon before the bracket: the bracket belongs to a parameter of a bare URI.
  if (display.includes(';')) return bare(text, start, end);
  checkTokens(display);
  return bracketed(text, display === '' ? undefined : display, open, end);
}

function checkTokens(display: string): void {
  let i = 0;
  while (i < display.length) {
    const end = tokenEnd(display, i);
    // Bytes above 127 are UTF-8 from clients that forget the quotes; harmless, and common.
    const next = display.charCodeAt(end);
    if (end === display.length) return;
    if (!isSpaceCode(next) && next < 128) {
      throw headerFault('display-name', 'A display name needs quotes');
    }
    i = end + 1;
  }
}

function bracketed(text: string, display: string | undefined, open: number, end: number): NameAddr {
  const close = text.indexOf('>', open);
  if (close < 0 || close >= end) throw headerFault('unbalanced-bracket', 'A "<" is not closed');
  checkUri(text, open + 1, close);
  return new NameAddr(display, text.slice(open + 1, close), text, close + 1, end);
}

function bare(text: string, start: number, end: number): NameAddr {
  let uriEnd = start;
  while (uriEnd < end) {
    const code = text.charCodeAt(uriEnd);
    if (code === 59 || isSpaceCode(code)) break;
    if (code === 63 || code === 44) {
      throw headerFault('addr-spec', 'A URI with "?" or "," needs brackets');
    }
    uriEnd++;
  }
  checkUri(text, start, uriEnd);
  return new NameAddr(undefined, text.slice(start, uriEnd), text, uriEnd, end);
}

/** Throws unless `text[start, end)` begins with a scheme and holds what a URI may hold. */
function checkUri(text: string, start: number, end: number): void {
  let i = start;
  if (text.startsWith('sip:', start)) i += 4;
  else if (schemeOf(text.slice(start, end)) === undefined) throw noUri();
  for (; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code > 34 ? code === 60 || code === 62 || code === 127 : code !== 33) throw noUri();
  }
}

function noUri(): Error {
  return headerFault('addr-spec', 'What should be a URI is none');
}

/** `"display" <uri>;params`; brackets always, the display name always quoted. */
export function formatNameAddr(parts: NameAddrParts): string {
  if (!isUriText(parts.uri) || parts.uri.includes('>')) {
    throw headerFault('addr-spec', 'What should be a URI is none');
  }
  const display = parts.display === undefined ? '' : `${quote(encodeText(parts.display))} `;
  const params = parts.params === undefined ? '' : formatParams(parts.params, paramValue);
  return `${display}<${parts.uri}>${params}`;
}

/** A token as it is, an IPv6 reference too; everything else quoted. */
function paramValue(value: string): string {
  return isToken(value) || value.startsWith('[') ? value : quote(value);
}
