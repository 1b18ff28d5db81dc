import { UsherError, alone, hostInUri, waysTo } from '#base';
import type { Clock, Siblings } from '#base';
import { DigestAuthority, NonceCounts } from '#identity';
import type { UserDirectory } from '#identity';
import { listenersOf, nextHops, servicePort } from '#ports';
import type { Hop, Plan } from '#ports';
import { SipServer, SipSyntaxError, rateOf, runChain } from '#sip';
import type { Connection, NamedDecider, Outcome, RequestContext, SipLimits } from '#sip';
import { vouchesForSenders } from '#topology';
import type { Host } from '#topology';
import { SipTrust, deriveKey } from '#trust';
import type { Credentials } from '#trust';
import type { Gate } from './policy/authenticate.ts';
import type { Self } from './policy/context.ts';
import { SharedBackoff } from './policy/shared-backoff.ts';

/** What every SIP role of one host is given. */
export interface RoleOptions {
  readonly plan: Plan;
  readonly host: Host;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** The deployment's secret; keys are derived from it. */
  readonly secret: Buffer;
  readonly users: UserDirectory;
  /** True when other processes of this host listen on the same sockets. Default false. */
  readonly sharePorts?: boolean;
  /** Those processes; absent: there are none. */
  readonly siblings?: Siblings;
  readonly limits?: Partial<SipLimits>;
}

/** What the server of `createSipServer` proves itself by, and judges others. */
export function sipTrustOf({
  plan,
  host,
  clock,
  secret,
  sharePorts = false,
}: RoleOptions): SipTrust {
  const listeners = listenersOf(plan, host.fqdn).filter(({ service }) => service === 'sip');
  return new SipTrust({ host, listeners, clock, secret, sharePorts });
}

/**
 * The SIP server of a Director or Front End: exactly the `sip` listener the plan has for the host, peers
 * judged before their first byte, connections dialled from the host's own address to peers that prove
 * their name, and a chain that answers every request. Where no flow ends at the host's SIP service, as at
 * a Director nobody reaches but browsers, no socket is opened.
 */
export function createSipServer<C extends RequestContext>(
  options: RoleOptions,
  trust: SipTrust,
  chain: readonly NamedDecider<C>[],
  /** Adds the room where deciders write down what they find out; keeps the getters of the core's object. */
  widen: (context: RequestContext) => C,
  onConnectionClosed?: (connection: Connection) => void,
): SipServer {
  const { plan, host, credentials, clock, siblings } = options;
  const { topology } = plan;
  const rates = new Map(topology.trustedPeers.map(({ fqdn, rate }) => [fqdn, rate]));
  return new SipServer({
    name: host.fqdn,
    clock,
    ...trust.with(credentials),
    sentBy: () => `${host.fqdn}:${servicePort(plan, 'sip')}`,
    handle: (context) => answer(chain, widen(context)),
    vouches: (fqdn) => vouchesForSenders(topology, fqdn),
    peerRate(fqdn) {
      const rate = rates.get(fqdn);
      return rate === undefined ? undefined : rateOf(rate);
    },
    limits: { sourceRate: rateOf(topology.limits.source), ...options.limits },
    ...(siblings === undefined ? {} : { siblings }),
    ...(onConnectionClosed === undefined ? {} : { onConnectionClosed }),
  });
}

/** A header nobody checked before may still turn out malformed when a decider reads it. */
function answer<C extends RequestContext>(
  chain: readonly NamedDecider<C>[],
  context: C,
): Outcome | Promise<Outcome> {
  try {
    const outcome = runChain(chain, context);
    return outcome instanceof Promise ? outcome.catch(badRequest) : outcome;
  } catch (error) {
    return badRequest(error);
  }
}

function badRequest(error: unknown): Outcome {
  if (!(error instanceof SipSyntaxError)) throw error;
  return { kind: 'respond', status: 400, reason: error.message };
}

/** Asks users of every SIP domain for their password, with nonces any member of the pool can verify. */
export function domainGate(self: Self, options: RoleOptions): Gate {
  const { plan, secret, users, clock, siblings = alone(clock) } = options;
  const key = deriveKey(secret, 'digest');
  const counts = new NonceCounts(siblings);
  const { digest } = plan.topology.users;
  return {
    self,
    directory: users,
    backoff: new SharedBackoff(siblings),
    realms: new Map(
      plan.topology.sipDomains.map((realm) => [
        realm,
        new DigestAuthority({ secret: key, realm, algorithms: digest, clock, counts }),
      ]),
    ),
  };
}

/**
 * Finds the SIP hops from this host to a pool, to a host, or to the address of a host; none when no flow
 * leads there. Answers are remembered: the plan does not change while a server runs.
 */
export function hopsFinder(plan: Plan, host: Host): (name: string) => readonly Hop[] {
  const known = new Map<string, readonly Hop[]>();
  for (const name of peersOf(plan)) {
    try {
      const hops = nextHops(plan, host.fqdn, name, 'sip');
      known.set(name, hops);
      for (const hop of hops.filter(({ host: at }) => at === name)) {
        for (const way of waysTo(hop)) known.set(hostInUri(way.address), hops);
      }
    } catch (error) {
      if (!(error instanceof UsherError) || error.code !== 'USHER_NO_FLOW') throw error;
    }
  }
  return (name) => known.get(name.toLowerCase()) ?? [];
}

function peersOf({ topology }: Plan): readonly string[] {
  const { pools, edges } = topology;
  return [
    ...pools.flatMap((pool) => [pool.fqdn, ...pool.members.map(({ fqdn }) => fqdn)]),
    ...edges.map(({ fqdn }) => fqdn),
  ];
}
