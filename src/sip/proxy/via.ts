import type { HeaderEdit, SipRequest } from '../message/index.ts';
import type { Endpoint } from '../transport/connection.ts';

/** Takes our own Via off a response. */
export const dropOurVia: HeaderEdit = { op: 'removeFirstValue', name: 'Via' };

const receivedParam = /;\s*received\s*=[^;]*/i;
const stamps = /;\s*r(?:port|eceived)/i;
const rportParam = /;\s*rport\s*(?:=[^;]*)?(?=;|$)/i;

/**
 * The topmost Via of a request with `received` and `rport` filled in (RFC 3261 18.2.1, RFC 3581 4),
 * or undefined when it may stay as it is. What the peer claims in `received` is replaced.
 */
export function stampedVia(request: SipRequest, source: Endpoint): string | undefined {
  const { host, text } = request.topVia;
  if (host === source.address && !stamps.test(text)) return undefined;
  const asksPort = rportParam.test(text);
  const claims = receivedParam.test(text);
  const named = host.startsWith('[') ? host.slice(1, -1) : host;
  if (!asksPort && !claims && named === source.address) return undefined;
  const kept = claims ? text.replace(receivedParam, '') : text;
  const ported = asksPort ? kept.replace(rportParam, `;rport=${source.port}`) : kept;
  return `${ported};received=${source.address}`;
}
