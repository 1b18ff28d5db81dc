import {
  decodeText,
  encodeText,
  isSpaceCode,
  isToken,
  quote,
  quotedEnd,
  skipSpace,
  tokenEnd,
  trim,
  unfold,
  unquote,
} from './characters.ts';
import { headerFault } from './errors.ts';
import { type Params, formatParams, parseParams, walkParams } from './params.ts';
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
  #params: Params | undefined;

  /** For `parseNameAddr` only. */
  constructor(display: string | undefined, uri: string, text: string, paramsAt: number) {
    this.display = display;
    this.uri = uri;
    this.#text = text;
    this.#paramsAt = paramsAt;
    this.#params = undefined;
    let tag: string | undefined;
    if (paramsAt < text.length) {
      // Walking checks the grammar now, so that a reader never meets a fault later.
      walkParams(text, paramsAt, (nameStart, nameEnd, valueStart, valueEnd) => {
        if (nameEnd - nameStart !== 3 || valueStart < 0) return;
        if (text.slice(nameStart, nameEnd).toLowerCase() !== 'tag') return;
        if (tag !== undefined) throw headerFault('parameter-twice', 'A tag stands twice');
        tag = text.slice(valueStart, valueEnd);
      });
    }
    this.tag = tag;
  }

  /** Header parameters by lower-case name. Throws `SipSyntaxError` when a name comes twice. */
  get params(): Params {
    return (this.#params ??= parseParams(this.#text, this.#paramsAt));
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
  return readNameAddr(trim(unfold(value)));
}

/** `parseNameAddr` for a value already unfolded and trimmed, as messages hand them out. */
export function readNameAddr(text: string): NameAddr {
  if (text.charCodeAt(0) === 34) {
    const end = quotedEnd(text, 0);
    const open = skipSpace(text, end);
    if (text.charCodeAt(open) !== 60) throw headerFault('name-addr-syntax', 'No URI after a name');
    return bracketed(text, unquote(text.slice(0, end)), open);
  }
  const open = text.indexOf('<');
  if (open < 0) return bare(text);
  const display = trim(text.slice(0, open));
  // A semicolon before the bracket: the bracket belongs to a parameter of a bare URI.
  if (display.includes(';')) return bare(text);
  checkTokens(display);
  return bracketed(text, display === '' ? undefined : display, open);
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

function bracketed(text: string, display: string | undefined, open: number): NameAddr {
  const close = text.indexOf('>', open);
  if (close < 0) throw headerFault('unbalanced-bracket', 'A "<" is not closed');
  return new NameAddr(display, checkUri(text.slice(open + 1, close)), text, close + 1);
}

function bare(text: string): NameAddr {
  let end = 0;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (code === 59 || isSpaceCode(code)) break;
    if (code === 63 || code === 44) {
      throw headerFault('addr-spec', 'A URI with "?" or "," needs brackets');
    }
    end++;
  }
  return new NameAddr(undefined, checkUri(text.slice(0, end)), text, end);
}

function checkUri(uri: string): string {
  let sound = schemeOf(uri) !== undefined;
  for (let i = 0; i < uri.length && sound; i++) {
    const code = uri.charCodeAt(i);
    sound = code > 34 ? code !== 60 && code !== 127 : code === 33;
  }
  if (!sound) throw headerFault('addr-spec', 'What should be a URI is none');
  return uri;
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
