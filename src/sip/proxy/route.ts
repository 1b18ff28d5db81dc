import { edit } from '../message/index.ts';
import type { HeaderEdit, SipRequest } from '../message/index.ts';

const looseRouting = /;\s*lr\s*(?=[;=?>]|$)/i;

/** True when the element behind this Route or Record-Route URI routes loosely (`lr`). */
export function isLoose(uri: string): boolean {
  return looseRouting.test(uri);
}

/**
 * Undoes what a strict router before us did: a Request-URI that is one of our Record-Routes gives
 * way to the last Route (RFC 3261 16.4). `isOwn` knows our own hosts.
 */
export function repairStrictRoute(
  request: SipRequest,
  isOwn: (host: string) => boolean,
): SipRequest {
  if (request.header('route') === undefined || !isLoose(request.requestUri)) return request;
  if (!isOwn(request.uri.host.toLowerCase())) return request;
  const { routes } = request;
  const values = request.values('route');
  const last = routes.at(-1);
  if (last === undefined) return request;
  const edits: HeaderEdit[] = [
    { op: 'requestUri', value: last.uri },
    { op: 'remove', name: 'Route' },
  ];
  if (values.length > 1) {
    edits.push({ op: 'append', name: 'Route', value: values.slice(0, -1).join(', ') });
  }
  return edit(request, edits);
}

/**
 * Prepares a request for a strict router as its next hop: the first Route becomes the Request-URI,
 * which moves to the end of the Routes (RFC 3261 16.6 step 6). Loose ones leave unchanged.
 */
export function yieldToStrictRouter(request: SipRequest): SipRequest {
  if (request.header('route') === undefined) return request;
  const first = request.routes[0];
  if (first === undefined || isLoose(first.uri)) return request;
  const rest = [...request.values('route').slice(1), `<${request.requestUri}>`];
  return edit(request, [
    { op: 'requestUri', value: first.uri },
    { op: 'remove', name: 'Route' },
    { op: 'append', name: 'Route', value: rest.join(', ') },
  ]);
}
