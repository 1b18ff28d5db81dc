import type { Dump } from '#base';
import type { UserDirectory } from '#identity';
import type { Host, Topology } from '#topology';
import { findPool } from '#topology';
import { jsonReply, textReply, type Reply } from '../reply.ts';
import type { WebRequest } from '../request.ts';

/** Where the inter-server service lives; both ends use these. */
export const healthPath = '/interserver/v1/health';
export const usersPath = '/interserver/v1/users/';

/** How a server is, told to another server. */
export interface InterServerHealth {
  readonly host: string;
  readonly pool: string;
  readonly state: 'up' | 'draining';
  /** What the role adds, e.g. the number of bindings of a registrar. */
  readonly details: Dump;
}

/** Where a user is homed, told to another server. */
export interface InterServerUser {
  readonly homePool: string;
  readonly backupPool: string | null;
  readonly enabled: boolean;
}

/** What the service tells about. */
export interface InterServerContext {
  readonly topology: Topology;
  readonly host: Host;
  readonly users: UserDirectory | undefined;
  readonly state: () => 'up' | 'draining';
  readonly details: () => Dump;
}

/** Answers a trusted server; the caller has admitted it already. */
export async function answerInterServer(
  request: WebRequest,
  context: InterServerContext,
): Promise<Reply> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return textReply(405, 'Only GET and HEAD are served here.', { allow: 'GET, HEAD' });
  }
  if (request.path === healthPath) return jsonReply(200, healthOf(context));
  if (request.path.startsWith(usersPath)) {
    return userOf(context, request.path.slice(usersPath.length));
  }
  return textReply(404, 'Nothing here.');
}

function healthOf(context: InterServerContext): InterServerHealth {
  return {
    host: context.host.fqdn,
    pool: context.host.pool ?? context.host.fqdn,
    state: context.state(),
    details: context.details(),
  };
}

async function userOf(context: InterServerContext, encoded: string): Promise<Reply> {
  const aor = decode(encoded);
  if (aor === undefined) return textReply(400, 'The address-of-record is not encoded properly.');
  if (context.users === undefined) return textReply(503, 'No user directory to ask.');
  const user = await context.users.find(aor);
  if (user === undefined) return textReply(404, 'No such user.');
  const answer: InterServerUser = {
    homePool: user.homePool,
    backupPool: findPool(context.topology, user.homePool)?.backupPool ?? null,
    enabled: user.enabled,
  };
  return jsonReply(200, answer);
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    // A broken percent sign: the caller answers 400.
    return undefined;
  }
}
