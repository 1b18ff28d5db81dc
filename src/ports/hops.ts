import { UsherError } from '#base';
import { findPool } from '#topology';
import type { Host, Service } from '#topology';
import type { Flow, Hop, Plan } from './model.ts';
import { addressAt, destinationHosts } from './sockets.ts';

/** True when the flow lets this host open it. */
function opens(flow: Flow, from: string): boolean {
  return flow.source.role === 'any' || flow.source.hosts.includes(from);
}

function findHops(plan: Plan, from: string, to: string, service: Service): readonly Hop[] {
  const pool = findPool(plan.topology, to);
  const wanted = (host: Host): boolean =>
    host.fqdn !== from && (host.fqdn === to || host.pool === to);
  for (const flow of plan.flows) {
    if (flow.service !== service || !opens(flow, from)) continue;
    const { via, addresses } = flow.destination;
    if (via === 'vip') {
      const [address] = addresses;
      if (pool === undefined || flow.destination.pool !== to || !address) continue;
      return [{ address, port: flow.port, name: pool.fqdn, flow: flow.id }];
    }
    const hops = destinationHosts(plan.topology, flow)
      .filter(wanted)
      .map((host) => ({
        address: addressAt(host, flow),
        port: flow.port,
        name: host.fqdn,
        host: host.fqdn,
        flow: flow.id,
      }));
    if (hops.length > 0) return hops;
  }
  return [];
}

/** Hops found once per plan; only names of the topology get in, so it stays small. */
const known = new WeakMap<Plan, Map<string, readonly Hop[]>>();

/**
 * Where `from` (host FQDN) has to connect to reach `to` (pool or host FQDN) for a service: the VIP
 * when the flow goes to the VIP and `to` is its pool, else every member of `to` in topology order,
 * `from` itself left out. Throws `USHER_NO_FLOW` when no flow permits it: a server behind a VIP is
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
