import type { SipRequest } from '../message/index.ts';
import type { Connection } from '../transport/connection.ts';
import type { RequestContext } from './model.ts';

/**
 * Plain data with own properties throughout: roles spread it into contexts of their own, and a getter
 * would be lost on the way. The loop mark costs a hash: it is there only where there may be a loop.
 */
export function contextOf(
  request: SipRequest,
  connection: Connection,
  receivedAt: number,
  loopMark: string | undefined,
): RequestContext {
  const { peer } = connection;
  return loopMark === undefined
    ? { request, connection, peer, receivedAt }
    : { request, connection, peer, receivedAt, loopMark };
}
