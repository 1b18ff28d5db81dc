import type { Host, Pool, Topology } from './model.ts';

/** Every host: pool members in file order, then Edges, reverse proxies and balancers. */
export function hostsOf(topology: Topology): readonly Host[] {
  return [
    ...topology.pools.flatMap((pool) => pool.members),
    ...topology.edges,
    ...topology.reverseProxies,
    ...topology.balancers,
  ];
}

/** The host of this name; the case of letters does not matter. */
export function findHost(topology: Topology, fqdn: string): Host | undefined {
  const wanted = fqdn.toLowerCase();
  return hostsOf(topology).find((host) => host.fqdn === wanted);
}

/** The pool of this name; the case of letters does not matter. */
export function findPool(topology: Topology, fqdn: string): Pool | undefined {
  const wanted = fqdn.toLowerCase();
  return topology.pools.find((pool) => pool.fqdn === wanted);
}

/** The pool a host is a member of; undefined for Edges, reverse proxies and balancers. */
export function poolOf(topology: Topology, host: Host): Pool | undefined {
  return host.pool === undefined ? undefined : findPool(topology, host.pool);
}

/** The domain remote and internal users sign in with when they name none. */
export function primarySipDomain(topology: Topology): string {
  return topology.sipDomains[0] ?? '';
}

/** True when the deployment serves users of this domain. */
export function servesDomain(topology: Topology, domain: string): boolean {
  return topology.sipDomains.includes(domain.toLowerCase());
}
