import { virtualServicesOf, type Plan, type VirtualService } from '#ports';
import { defaultSipLimits } from '#sip';
import type { Service } from '#topology';

/** Who lets an idle connection go, in the order in which they should: the first is never to come to it. */
const order = ['client', 'balancer', 'firewall', 'server'] as const;

/** A place on the way of a connection that does something when nothing moves on it. */
export interface IdleHop {
  readonly hop: (typeof order)[number];
  /** Seconds; undefined: the topology does not say. */
  readonly seconds: number | undefined;
}

/** The way of one service, and the neighbours on it that are in the wrong order. */
export interface IdleChain {
  readonly pool: string;
  readonly service: Service;
  /** Ids of the rows. */
  readonly rows: readonly string[];
  readonly hops: readonly IdleHop[];
  /** Each time `early` has to be less than `late` and is not; both are known. */
  readonly findings: readonly { readonly early: IdleHop; readonly late: IdleHop }[];
}

/**
 * The idle times on the way of every service of a balancer, compared: the client breaks a silence before
 * the balancer ends the connection, and the balancer, which tells both sides, ends it before a firewall
 * forgets it, which tells nobody. Last comes the server, which should find no connection idle at all. Pure.
 *
 * Web services are left to the first two that matter to them: their clients expect a server to close what
 * has been idle for seconds, and it says so.
 */
export function idleChains(plan: Plan, balancer: string): readonly IdleChain[] {
  // The two families of a VIP wait alike.
  const services = new Map(
    virtualServicesOf(plan, balancer).map((each) => [`${each.pool} ${each.service}`, each]),
  );
  return [...services.values()].map((virtual) => {
    const hops = hopsOf(plan, virtual);
    const known = hops.filter(({ seconds }) => seconds !== undefined);
    const findings = known.flatMap((early, index) => {
      const late = known[index + 1];
      return late === undefined || (early.seconds ?? 0) < (late.seconds ?? 0)
        ? []
        : [{ early, late }];
    });
    const { pool, service, flows } = virtual;
    return { pool, service, rows: flows.map(({ id }) => id), hops, findings };
  });
}

function hopsOf({ topology }: Plan, { service, idleTimeout }: VirtualService): readonly IdleHop[] {
  const { keepAlive, firewallSession } = topology.timers;
  const seconds = {
    client: keepAlive,
    balancer: idleTimeout,
    firewall: firewallSession,
    server: defaultSipLimits.idleTimeout / 1000,
  } as const;
  const hops = order.map((hop) => ({ hop, seconds: seconds[hop] }));
  return service === 'sip'
    ? hops
    : hops.filter(({ hop }) => hop === 'balancer' || hop === 'firewall');
}
