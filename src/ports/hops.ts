import { UsherError } from '#base';
import { addressFor, findHost, findPool } from '#topology';
import type { Host, Service } from '#topology';
import type { Flow, Hop, Plan } from './model.ts';
import { addressesAt, destinationHosts } from './sockets.ts';

/** True when the flow lets this host open it. */
function opens(flow: Flow, from: string): boolean {
  return flow.source.role === 'any' || flow.source.hosts.includes(from);
}

/**
 * One hop by the families both ends have, the preferred one first; none without one. A host that is not of
 * the topology may have both.
 */
function hopBy(
  own: readonly string[] | undefined,
  theirs: readonly string[],
  facts: Omit<Hop, 'address'>,
): readonly Hop[] {
  const [hop, otherwise] = theirs
    .filter((address) => own === undefined || addressFor(own, address) !== undefined)
    .map((address): Hop => ({ address, ...facts }));
  if (hop === undefined) return [];
  return [otherwise === undefined ? hop : { ...hop, otherwise }];
}

function findHops(plan: Plan, from: string, to: string, service: Service): readonly Hop[] {
  const pool = findPool(plan.topology, to);
  const own = findHost(plan.topology, from)?.addresses;
  const wanted = (host: Host): boolean =>
    host.fqdn !== from && (host.fqdn === to || host.pool === to);
  for (const flow of plan.flows) {
    if (flow.service !== service || !opens(flow, from)) continue;
    const { via, addresses } = flow.destination;
    if (via === 'vip') {
      if (pool === undefined || flow.destination.pool !== to) continue;
      const hops = hopBy(own, addresses, { port: flow.port, name: pool.fqdn, flow: flow.id });
      if (hops.length > 0) return hops;
      continue;
    }
    const hops = destinationHosts(plan.topology, flow)
      .filter(wanted)
      .flatMap((host) =>
        hopBy(own, addressesAt(host, flow), {
          port: flow.port,
          name: host.fqdn,
          host: host.fqdn,
          flow: flow.id,
        }),
      );
    if (hops.length > 0) return hops;
  }
  return [];
}

/** Hops found once per plan; only names of the topology get in, so it stays small. */
const known = new WeakMap<Plan, Map<string, readonly Hop[]>>();

/**
 * Where `from` (host FQDN) has to connect to reach `to` (pool or host FQDN) for a service: the VIP
 * when the flow goes to the VIP and `to` is its pool, else every member of `to` in topology order,
 * `from` itself left out. IPv6 where both ends have it, with IPv4 as `otherwise` (decision 28). Throws `USHER_NO_FLOW` when no flow permits it: a server behind a VIP is
 * not reached by its own name. Cheap enough for every request.
 */
export function nextHops(plan: Plan, from: string, to: string, service: Service): readonly Hop[] {
  const source = from.toLowerCase();
  const target = to.toLowerCase();
  const key = `${service} ${source} ${target}`;
  const found = known.get(plan)?.get(key) ?? findHops(plan, source, target, service);
  if (found.length === 0) {
    throw new UsherError('USHER_NO_FLOW', `No flow lets ${from} reach ${to} for ${service}.`, {
      remedy: 'Compare the names with `usher ports --all`, which lists every permitted flow.',
    });
  }
  const hops = known.get(plan) ?? new Map<string, readonly Hop[]>();
  known.set(plan, hops.set(key, found));
  return found;
}
