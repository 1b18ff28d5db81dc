import type { SipRequest } from '../message/index.ts';
import type { Connection } from '../transport/connection.ts';
import type { RequestContext } from './model.ts';

/** A request on its way through the deciders, with the loop mark in it. */
export type MarkedContext = RequestContext & { readonly loopMark: string };

/**
 * Plain data with own properties throughout: roles spread it into contexts of their own, and a getter
 * would be lost on the way.
 */
export function contextOf(
  request: SipRequest,
  connection: Connection,
  receivedAt: number,
  loopMark: string,
): MarkedContext {
  return { request, connection, peer: connection.peer, receivedAt, loopMark };
}
