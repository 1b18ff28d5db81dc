import { isToken } from './characters.ts';
import { SipSyntaxError, type SyntaxLayer } from './errors.ts';
import type { HeaderField } from './build.ts';
import { BROKEN, CALL_ID, CSEQ, FROM, MAX_FORWARDS, TO, VIA } from './header-names.ts';
import { type SipMessage, type SipRequest, isRequest } from './message.ts';
import { reasonOf } from './reasons.ts';
import { STRIDE } from './scan.ts';
import { schemeOf } from './uri.ts';

/** Why a message must not be processed, and what a request that has this fault is answered with. */
export interface MessageFault {
  /** Stable, lower-case identifier. */
  readonly code: string;
  /** `application`: well-formed, but nothing this proxy can serve. */
  readonly layer: SyntaxLayer | 'application';
  /** For requests; a response with a fault is dropped and counted (RFC 3261 8.1.3.5). */
  readonly status: number;
  readonly reason: string;
  /** Headers the answer needs, e.g. Unsupported. */
  readonly headers: readonly HeaderField[];
}

/** Fields a message must have, and (but for Via) only once (RFC 3261 7.3.1, 8.1.1, 20). */
const mandatory: readonly (readonly [id: number, name: string])[] = [
  [VIA, 'Via'],
  [FROM, 'From'],
  [TO, 'To'],
  [CALL_ID, 'Call-ID'],
  [CSEQ, 'CSeq'],
];
const noHeaders: readonly HeaderField[] = [];
const noExtensions: ReadonlySet<string> = new Set();

function fault(
  code: string,
  layer: MessageFault['layer'],
  status: number,
  reason: string = reasonOf(status),
  headers: readonly HeaderField[] = noHeaders,
): MessageFault {
  return { code, layer, status, reason, headers };
}

/**
 * Checks what a proxy has to check before it looks at a message (RFC 3261 16.3, RFC 4475): start line
 * and version, the mandatory headers once and readable, CSeq agreeing with the method, a Request-URI
 * this proxy can serve, and Proxy-Require. Max-Forwards 0 and loops are decisions, not faults.
 *
 * `extensions` are the option tags (lower case) understood in Proxy-Require. Undefined: nothing is wrong.
 */
export function validate(
  message: SipMessage,
  extensions: ReadonlySet<string> = noExtensions,
): MessageFault | undefined {
  if (message.startLineFault === 'startline-syntax') {
    return fault('startline-syntax', 'startline', 400, 'Malformed Start Line');
  }
  if (message.startLineFault === 'version') return fault('version', 'validate', 505);
  try {
    return (
      checkHeaders(message) ?? (isRequest(message) ? checkRequest(message, extensions) : undefined)
    );
  } catch (error) {
    if (error instanceof SipSyntaxError) return fault(error.code, error.layer, 400, error.message);
    throw error;
  }
}

function checkHeaders(message: SipMessage): MessageFault | undefined {
  const { spans } = message;
  // One bit a header id, for the ids of the mandatory ones and Max-Forwards.
  let seen = 0;
  let twice = 0;
  for (let at = 0; at + STRIDE < spans.length; at += STRIDE) {
    const id = spans[at] ?? 0;
    if (id === BROKEN) return fault('broken-line', 'header', 400, 'A Line Is No Header');
    if (id < VIA || id > MAX_FORWARDS) continue;
    twice |= seen & (1 << id);
    seen |= 1 << id;
  }
  if ((twice & (1 << MAX_FORWARDS)) !== 0) return tooMany('Max-Forwards');
  for (const [id, name] of mandatory) {
    if ((seen & (1 << id)) === 0) {
      return fault('header-missing', 'validate', 400, `Missing ${name}`);
    }
    if (id !== VIA && (twice & (1 << id)) !== 0) return tooMany(name);
  }
  // Reading is checking; each of these throws what is wrong with it. Dates and other headers no proxy
  // decides on are left alone (RFC 4475 3.1.2.12).
  void message.topVia;
  void message.from;
  void message.to;
  void message.callId;
  void message.cseq;
  void message.maxForwards;
  void message.contacts;
  void message.routes;
  return undefined;
}

function tooMany(name: string): MessageFault {
  return fault('header-twice', 'validate', 400, `More Than One ${name}`);
}

function checkRequest(
  request: SipRequest,
  extensions: ReadonlySet<string>,
): MessageFault | undefined {
  if (request.cseq.method !== request.method) {
    return fault('cseq-method', 'validate', 400, 'CSeq And Method Differ');
  }
  const scheme = schemeOf(request.requestUri);
  if (scheme === undefined) return fault('uri-syntax', 'startline', 400, 'Malformed Request-URI');
  if (scheme !== 'sip' && scheme !== 'sips') return fault('unsupported-scheme', 'application', 416);
  if (request.uri.headers !== undefined) {
    return fault('request-uri-headers', 'validate', 400, 'Request-URI With Headers');
  }
  // An ACK cannot be answered, and a CANCEL must not fail on extensions (RFC 3261 8.2.2.3, 16.3).
  if (request.method === 'ACK' || request.method === 'CANCEL') return undefined;
  const unknown = request
    .values('Proxy-Require')
    .filter((tag) => isToken(tag) && !extensions.has(tag.toLowerCase()));
  if (unknown.length === 0) return undefined;
  const headers: readonly HeaderField[] = [['Unsupported', unknown.join(', ')]];
  return fault('bad-extension', 'application', 420, undefined, headers);
}
