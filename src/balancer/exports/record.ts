import { UsherError } from '#base';
import {
  listenersOf,
  servicePort,
  virtualServicesOf,
  type Plan,
  type VirtualService,
} from '#ports';
import { addressFor, findHost, pairOf, type Host, type Scheduling } from '#topology';
import { identifierOf, probeTargets, serviceKey, type ProbeTarget } from '../targets.ts';

/** One thing a member has to do to be healthy. */
export type Check =
  | { readonly kind: 'sip' | 'tls' | 'connect'; readonly port: number }
  | { readonly kind: 'https' | 'http'; readonly port: number; readonly site: string };

/** A server behind a virtual service. */
export interface MemberRecord {
  /** FQDN. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

/**
 * One virtual service in the words all load balancers share. What a target writes is read back into
 * this and compared, so that no two of them can disagree.
 */
export interface ServiceRecord {
  /** Pool and service (and family, where there are both) as an identifier: letters, digits, underscores. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly members: readonly MemberRecord[];
  readonly scheduling: Scheduling;
  /** Seconds; 0 where a returning member takes its whole share at once. */
  readonly slowStart: number;
  readonly connectionsPerMember: number | undefined;
  /** Seconds a client address stays with its member; `Infinity` where it is a hash; undefined: none. */
  readonly affinity: number | undefined;
  /** Seconds. */
  readonly idleTimeout: number;
  /** The address members see as the client, `device` where the device chooses; undefined: the client's. */
  readonly source: string | undefined;
  /** All of them have to pass; empty where nothing probes. */
  readonly checks: readonly Check[];
  /** Seconds between two probes; undefined where nothing probes. */
  readonly probeInterval: number | undefined;
  /** What becomes of the sessions of a member that failed. */
  readonly onFailure: 'reset' | 'keep';
}

/** A balancer that shares its VIPs with another: they are at one of the two. */
export interface Pair {
  /** Its own address towards the other, of the family of the VIPs. */
  readonly address: string;
  /** All of its own addresses. */
  readonly addresses: readonly string[];
  readonly partner: {
    /** FQDN. */
    readonly host: string;
    readonly address: string;
  };
  /** Where both listen for each other's affinity; undefined where the engine needs none of it. */
  readonly exchangePort: number | undefined;
}

/** What a target renders. */
export interface BalancerRecord {
  /** FQDN of the balancer host. */
  readonly balancer: string;
  /** Where this balancer and the other one of its pair find each other; undefined for a balancer by itself. */
  readonly pair: Pair | undefined;
  readonly services: readonly ServiceRecord[];
}

/**
 * The virtual services of one balancer, in the order of the plan. Times become whole seconds, upwards:
 * most targets know no parts of one.
 *
 * @throws UsherError `USHER_NOT_A_BALANCER` for a host that serves no VIP
 */
export function balancerRecord(plan: Plan, fqdn: string): BalancerRecord {
  const host = findHost(plan.topology, fqdn);
  const virtual = host === undefined ? [] : virtualServicesOf(plan, host.fqdn);
  if (host === undefined || virtual.length === 0) {
    throw new UsherError('USHER_NOT_A_BALANCER', `${fqdn} serves no VIP.`, {
      remedy: 'Name a host of `balancers` that a pool names as its `balancer` or `standby`.',
    });
  }
  const targets = probeTargets(plan, host.fqdn);
  const pair = pairOf(plan.topology, host);
  return {
    balancer: host.fqdn,
    pair: pair && {
      ...pair,
      addresses: host.addresses,
      exchangePort: listenersOf(plan, host.fqdn).find(
        ({ service }) => service === 'affinityExchange',
      )?.port,
    },
    services: virtual.map((service) => serviceRecord(plan, service, host, targets)),
  };
}

function serviceRecord(
  plan: Plan,
  virtual: VirtualService,
  balancer: Host,
  targets: readonly ProbeTarget[],
): ServiceRecord {
  const { balancing } = virtual;
  const own = targets.find((target) => target.serviceKey === serviceKey(virtual));
  return {
    name: identifierOf(serviceKey(virtual)),
    address: virtual.address,
    port: virtual.port,
    members: virtual.members.map(({ host, address, port }) => ({ host, address, port })),
    scheduling: balancing.scheduling,
    // A hash knows no weights (docs/balancer.md).
    slowStart: balancing.scheduling === 'maglev' ? 0 : Math.ceil(balancing.slowStart),
    connectionsPerMember: balancing.connectionsPerMember,
    affinity: virtual.affinity === 'source' ? Math.ceil(balancing.affinityTime) : undefined,
    idleTimeout: Math.ceil(virtual.idleTimeout),
    source: virtual.nat === 'source' ? addressFor(balancer.addresses, virtual.address) : undefined,
    checks: own === undefined ? [] : checksOf(plan, own),
    probeInterval: plan.topology.timers.probeInterval,
    onFailure: balancing.onFailure,
  };
}

/** The SIP service first where a web service follows it, then the row itself. */
function checksOf(plan: Plan, target: ProbeTarget): readonly Check[] {
  const guard: readonly Check[] =
    target.guard === undefined ? [] : [{ kind: 'sip', port: servicePort(plan, 'sip') }];
  return [...guard, checkOf(target)];
}

function checkOf({ service, security, port, site }: ProbeTarget): Check {
  switch (service) {
    case 'sip':
      return { kind: 'sip', port };
    case 'webInternal':
    case 'webExternal':
      return { kind: 'https', port, site };
    case 'webInternalPlain':
    case 'webExternalPlain':
      return { kind: 'http', port, site };
    default:
      return { kind: security === 'none' ? 'connect' : 'tls', port };
  }
}
