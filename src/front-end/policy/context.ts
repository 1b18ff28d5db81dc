import type { User } from '#identity';
import type { HeaderEdit, RequestContext, SipHop, SipResponse } from '#sip';
import { findHost } from '#topology';
import type { Host, Role } from '#topology';
import type { Self } from '#director';

/** What a peer is to a Front End. */
export type Origin =
  /** Has authenticated the user; what it asserts is believed. */
  | 'director'
  /** Another home server; what it asserts is believed. */
  | 'frontEnd'
  /** Speaks for remote users: inside a dialog, or always where no Director stands between. */
  | 'edge'
  /** A trusted server no flow brings requests of users from: may ask whether we are alive. */
  | 'neighbour'
  /** An internal client. */
  | 'client';

/** What the deciders find out on the way; each names in its doc which ones it sets. */
export interface FrontEndFacts {
  origin?: Origin;
  /** The trusted server the request came from. */
  peerHost?: Host;
  /** How many Route values in front mean this server and have to go. */
  ownRoutes?: number;
  /** AOR of the user the request is from, authenticated here or asserted by a trusted server. */
  caller?: string;
  /** True when the password was proved here, so that the credentials are spent. */
  provedHere?: boolean;
  /** The user the request is for. */
  target?: User;
}

export interface FrontEndContext extends RequestContext {
  readonly facts: FrontEndFacts;
}

/** Where a name in a Route, or a host of the topology, is reached from here; empty when no flow leads there. */
export type HopsTo = (name: string) => readonly SipHop[];

/** What a peer is, by the role its certificate's name has in the topology. */
export function originOf(
  { topology }: Self,
  { peer }: RequestContext,
): { readonly origin: Origin; readonly host: Host | undefined } | undefined {
  if (peer.kind === 'client') return { origin: 'client', host: undefined };
  const host = findHost(topology, peer.fqdn);
  return host === undefined ? undefined : { origin: origins[host.role], host };
}

const origins: Readonly<Record<Role, Origin>> = {
  director: 'director',
  frontEnd: 'frontEnd',
  edge: 'edge',
  balancer: 'neighbour',
  reverseProxy: 'neighbour',
  trustedPeer: 'neighbour',
};

/** Takes the Route values that brought the request here off it (RFC 3261 16.4). */
export function withoutOwnRoutes(facts: FrontEndFacts): HeaderEdit[] {
  return Array.from({ length: facts.ownRoutes ?? 0 }, () => ({
    op: 'removeFirstValue',
    name: 'Route',
  }));
}

/** Edits of a client's response: it asserts no identity, whoever it was asked by (RFC 3325 5). */
export function fromClient(response: SipResponse): readonly HeaderEdit[] {
  const name = 'P-Asserted-Identity';
  return response.header(name) === undefined ? [] : [{ op: 'remove', name }];
}

/** True for the two origins whose word about the user is taken. */
export function isBelieved(origin: Origin | undefined): boolean {
  return origin === 'director' || origin === 'frontEnd';
}
