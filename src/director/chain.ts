import { loop, maxForwards } from '#sip';
import type { NamedDecider } from '#sip';
import { authenticate } from './policy/authenticate.ts';
import type { Gate } from './policy/authenticate.ts';
import type { DirectorContext, Self } from './policy/context.ts';
import { limitUser } from './policy/limit-user.ts';
import { locateHome } from './policy/locate-home.ts';
import { ping } from './policy/ping.ts';
import { redirectOrProxy } from './policy/redirect-or-proxy.ts';
import type { Hops } from './policy/redirect-or-proxy.ts';
import { trustedPeer } from './policy/trusted-peer.ts';
import type { UserLimit } from './policy/user-limit.ts';
import type { PoolHealth } from './pool-health.ts';

/** What the chain asks and tells; sockets, clocks and databases are behind these. */
export interface Collaborators {
  readonly self: Self;
  readonly gate: Gate;
  readonly userLimit: UserLimit;
  readonly health: PoolHealth;
  readonly hopsTo: Hops;
  /** The SIP port of the plan, for redirects. */
  readonly port: number;
}

/** The Director, readable from top to bottom: the first decider that does not continue wins. */
export function directorChain(
  collaborators: Collaborators,
): readonly NamedDecider<DirectorContext>[] {
  const { self, gate, userLimit, health, hopsTo, port } = collaborators;
  return [
    trustedPeer(self),
    maxForwards,
    loop,
    ping(self),
    authenticate(gate),
    limitUser(userLimit),
    locateHome(self, health),
    redirectOrProxy(self, hopsTo, port),
  ];
}
