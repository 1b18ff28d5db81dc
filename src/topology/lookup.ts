import type { Host, Pool, Topology } from './model.ts';

interface Index {
  readonly hosts: readonly Host[];
  readonly hostByName: ReadonlyMap<string, Host>;
  readonly poolByName: ReadonlyMap<string, Pool>;
}

/** A topology never changes, so what is found in it once is kept with it: look-ups are per request. */
const indexes = new WeakMap<Topology, Index>();

function indexOf(topology: Topology): Index {
  const known = indexes.get(topology);
  if (known !== undefined) return known;
  const hosts: readonly Host[] = [
    ...topology.pools.flatMap((pool) => pool.members),
    ...topology.edges,
    ...topology.reverseProxies,
    ...topology.balancers,
    ...topology.trustedPeers,
  ];
  const index = {
    hosts,
    hostByName: new Map(hosts.map((host) => [host.fqdn, host])),
    poolByName: new Map(topology.pools.map((pool) => [pool.fqdn, pool])),
  };
  indexes.set(topology, index);
  return index;
}

/** Every host: pool members in file order, then Edges, reverse proxies, balancers and trusted peers. */
export function hostsOf(topology: Topology): readonly Host[] {
  return indexOf(topology).hosts;
}

/** The host of this name; the case of letters does not matter. */
export function findHost(topology: Topology, fqdn: string): Host | undefined {
  return indexOf(topology).hostByName.get(fqdn.toLowerCase());
}

/** The pool of this name; the case of letters does not matter. */
export function findPool(topology: Topology, fqdn: string): Pool | undefined {
  return indexOf(topology).poolByName.get(fqdn.toLowerCase());
}

/** The pool a host is a member of; undefined for Edges, reverse proxies and balancers. */
export function poolOf(topology: Topology, host: Host): Pool | undefined {
  return host.pool === undefined ? undefined : findPool(topology, host.pool);
}

/**
 * False for a host that runs software of another make: it speaks SIP with the servers of the
 * topology and has none of our other services.
 */
export function runsUsher(host: Host): boolean {
  return host.software === undefined;
}

/** The domain remote and internal users sign in with when they name none. */
export function primarySipDomain(topology: Topology): string {
  return topology.sipDomains[0] ?? '';
}

/** True when the deployment serves users of this domain. */
export function servesDomain(topology: Topology, domain: string): boolean {
  return topology.sipDomains.includes(domain.toLowerCase());
}

/**
 * True for a host that lets nobody speak through it who was not asked who they are: every host of the
 * topology but an Edge, which authenticates nobody.
 */
export function vouchesForSenders(topology: Topology, fqdn: string): boolean {
  const host = findHost(topology, fqdn);
  return host !== undefined && host.role !== 'edge';
}
