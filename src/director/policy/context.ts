import { hostInUri } from '#base';
import type { User } from '#identity';
import { escapeUser } from '#sip';
import type { RequestContext, SipUri } from '#sip';
import { findHost, servesDomain } from '#topology';
import type { Host, Pool, Topology } from '#topology';

/** What a trusted server or a client is to the Director. */
export type Origin =
  /** An Edge: the request speaks for a remote user who has proved nothing yet. */
  | 'edge'
  /** A trusted peer of the topology: it says who its users are, and is believed (RFC 3325). */
  | 'peer'
  /** A trusted server no flow brings requests of users from, e.g. the balancer: may ask whether we are alive. */
  | 'neighbour'
  /** An internal client that signs in here to be told its home. */
  | 'client';

/** Where a user lives at this moment. */
export interface Home {
  /** The pools that serve the user, the one to ask first in front. */
  readonly pools: readonly Pool[];
  /** Members of these pools in the order to try. */
  readonly servers: () => readonly Host[];
}

/** What the deciders find out on the way; each names in its doc which ones it sets. */
export interface DirectorFacts {
  origin?: Origin;
  /** The authenticated user. */
  caller?: User;
  home?: Home;
}

export interface DirectorContext extends RequestContext {
  readonly facts: DirectorFacts;
}

/** The host the Director runs on, and the deployment around it. */
export interface Self {
  readonly topology: Topology;
  readonly host: Host;
  /** Hosts of URIs that mean this server: its own names and addresses, its pool's, its VIP's. */
  readonly names: ReadonlySet<string>;
}

/** Says which names mean this server. */
export function selfOf(topology: Topology, host: Host): Self {
  const pool = topology.pools.find((candidate) => candidate.fqdn === host.pool);
  const addresses = [...host.addresses, ...(pool?.vips ?? [])];
  const names = [host.fqdn, ...addresses.map(hostInUri)];
  if (pool !== undefined) names.push(pool.fqdn);
  return { topology, host, names: new Set(names) };
}

/** What a peer is to the Director, by the role its certificate's name has in the topology. */
export function originOf({ topology }: Self, { peer }: RequestContext): Origin | undefined {
  if (peer.kind === 'client') return 'client';
  const host = findHost(topology, peer.fqdn);
  if (host === undefined) return undefined;
  if (host.role === 'trustedPeer') return 'peer';
  return host.role === 'edge' ? 'edge' : 'neighbour';
}

/** True when the URI means this server itself, or the service of a whole SIP domain, but no user. */
export function addressesServer(self: Self, uri: SipUri): boolean {
  const host = uri.host.toLowerCase();
  return uri.user === undefined && (self.names.has(host) || servesDomain(self.topology, host));
}

/**
 * The address the request was sent from: the connection's for a client; what the Edge noted in the
 * client's Via for a remote user, because all of them share the Edge's connection.
 */
export function sourceOf(context: RequestContext): string {
  const via = context.peer.kind === 'server' ? context.request.vias[1] : undefined;
  if (via === undefined) return context.connection.remote.address;
  const received = via.params.get('received');
  return typeof received === 'string' ? received : via.host;
}

/** The URI of an address-of-record, with what a user part may not hold escaped. */
export function uriOf(aor: string): string {
  const at = aor.lastIndexOf('@');
  return `sip:${escapeUser(aor.slice(0, at))}@${aor.slice(at + 1)}`;
}
