import type { TlsOptions } from 'node:tls';
import { UsherError } from '#base';
import { alone } from '#base';
import type { Clock, Siblings } from '#base';
import { DigestAuthority, NonceCounts } from '#identity';
import type { UserDirectory } from '#identity';
import { listenersOf, nextHops, servicePort } from '#ports';
import type { Hop, Listener, Plan } from '#ports';
import { SipServer, SipSyntaxError, rateOf, runChain } from '#sip';
import type { Connection, NamedDecider, Outcome, RequestContext, SipLimits, SipReload } from '#sip';
import { vouchesForSenders } from '#topology';
import type { Host } from '#topology';
import { admit, TlsDialler, deriveKey, revocationOfPeer, serverTls, ticketKeys } from '#trust';
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

/**
 * The SIP server of a Director or Front End: exactly the `sip` listener the plan has for the host, peers
 * judged before their first byte, connections dialled from the host's own address to peers that prove
 * their name, and a chain that answers every request. Where no flow ends at the host's SIP service, as at
 * a Director nobody reaches but browsers, no socket is opened.
 */
export function createSipServer<C extends RequestContext>(
  options: RoleOptions,
  chain: readonly NamedDecider<C>[],
  /** Adds the room where deciders write down what they find out; keeps the getters of the core's object. */
  widen: (context: RequestContext) => C,
  onConnectionClosed?: (connection: Connection) => void,
): SipServer {
  const { plan, host, credentials, clock, sharePorts = false, siblings } = options;
  const { topology } = plan;
  const rates = new Map(topology.trustedPeers.map(({ fqdn, rate }) => [fqdn, rate]));
  const listeners = sipListeners(options);
  const { dial, established, ticketKeys: keys } = sessionsWith(credentials, options.secret, host);
  return new SipServer({
    name: host.fqdn,
    clock,
    localAddress: host.address,
    listeners: listeners.map((listener) => ({
      address: listener.address,
      port: listener.port,
      label: listener.service,
      tls: tlsOf(listener, credentials),
      reusePort: sharePorts,
      ...(listener.security === 'MTLS' ? { ticketKeys: keys } : {}),
      admit: (socket) => admit(socket, listener, clock.now()),
    })),
    dial,
    established,
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

/** Lets the server of `createSipServer` prove itself, and judge others, by other credentials. */
export function reloadSipServer(
  server: SipServer,
  options: RoleOptions,
  credentials: Credentials,
): { readonly dropped: number } {
  return server.reload({
    tls: sipListeners(options).map((listener) => tlsOf(listener, credentials)),
    ...sessionsWith(credentials, options.secret, options.host),
    revoked: (socket) => revocationOfPeer(socket, credentials) !== undefined,
  });
}

function sipListeners({ plan, host }: RoleOptions): readonly Listener[] {
  return listenersOf(plan, host.fqdn).filter(({ service }) => service === 'sip');
}

function tlsOf(
  { host, service, security, anonymousClients }: Listener,
  credentials: Credentials,
): TlsOptions {
  return serverTls(credentials, security === 'MTLS' ? 'MTLS' : 'TLS', {
    anonymousClients,
    ...(security === 'MTLS' ? { resumable: `${host} ${service}` } : {}),
  });
}

/** How connections are dialled, and which keys the session tickets have, with these credentials. */
function sessionsWith(
  credentials: Credentials,
  secret: Buffer,
  { address }: Host,
): Pick<SipReload, 'dial'> & {
  readonly established: NonNullable<SipReload['established']>;
  readonly ticketKeys: NonNullable<SipReload['ticketKeys']>;
} {
  const dialler = new TlsDialler(credentials, address);
  const key = deriveKey(secret, 'tls tickets');
  return {
    dial: (hop) => dialler.options(hop),
    established: (socket, hop) => dialler.established(socket, hop),
    ticketKeys: (now) => ticketKeys(key, credentials, now),
  };
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
      for (const hop of hops) if (hop.host === name) known.set(hop.address, hops);
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
