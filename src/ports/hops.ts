import { UsherError } from '#base';
import { findPool } from '#topology';
import type { Host, Service } from '#topology';
import type { Flow, Hop, Plan } from './model.ts';
import { addressAt, destinationHosts } from './sockets.ts';

/** True when the flow lets this host open it. */
function opens(flow: Flow, from: string): boolean {
  return flow.source.role === 'any' || flow.source.hosts.includes(from);
}

/**
 * Where `from` (host FQDN) has to connect to reach `to` (pool or host FQDN) for a service: the VIP
 * when the flow goes to the VIP and `to` is its pool, else every member of `to` in topology order,
 * `from` itself left out. Throws `USHER_NO_FLOW` when no flow permits it: a server behind a VIP is
 * not reached by its own name.
 */
export function nextHops(plan: Plan, from: string, to: string, service: Service): readonly Hop[] {
  const source = from.toLowerCase();
  const target = to.toLowerCase();
  const pool = findPool(plan.topology, target);
  const wanted = (host: Host): boolean =>
    host.fqdn !== source && (host.fqdn === target || host.pool === target);

  for (const flow of plan.flows) {
    if (flow.service !== service || !opens(flow, source)) continue;
    const { via, addresses } = flow.destination;
    if (via === 'vip') {
      const [address] = addresses;
      if (pool === undefined || flow.destination.pool !== target || !address) continue;
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
  throw new UsherError('USHER_NO_FLOW', `No flow lets ${from} reach ${to} for ${service}.`, {
    remedy: 'Compare the names with `usher ports --all`, which lists every permitted flow.',
  });
}
