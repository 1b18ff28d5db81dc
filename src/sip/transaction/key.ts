import type { SipRequest } from '../message/index.ts';

/** What every branch of RFC 3261 begins with; others come from RFC 2543 elements. */
export const magicCookie = 'z9hG4bK';

/**
 * One of our own branches as we wrote it: lower case behind the cookie. A branch is a token, whose case a
 * peer may alter (RFC 3261 7.3.1).
 */
export function ownBranch(branch: string): string {
  return magicCookie + branch.slice(magicCookie.length).toLowerCase();
}

/**
 * What identifies the server transaction of a request (RFC 3261 17.2.3): branch, sent-by and method,
 * within the scope of the peer. An ACK has the key of the INVITE it acknowledges.
 *
 * For RFC 2543 requests, whose branch proves nothing: Request-URI, From tag, Call-ID, CSeq number and
 * the topmost Via line. The To tag is left out: it differs between INVITE and ACK, and what remains
 * is unique within one peer.
 */
export function serverKey(request: SipRequest, scope: string, method = request.method): string {
  const via = request.topVia;
  const asked = method === 'ACK' ? 'INVITE' : method;
  const { branch } = via;
  if (branch !== undefined && branch.startsWith(magicCookie)) {
    return `${scope} ${asked} ${branch} ${via.sentBy}`;
  }
  return [
    scope,
    asked,
    request.requestUri,
    request.from.tag ?? '',
    request.callId,
    request.cseq.number,
    request.header('Via') ?? '',
  ].join(' ');
}
