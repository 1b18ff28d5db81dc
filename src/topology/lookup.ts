import { addressFor } from './address.ts';
import type { Host, Pool, Topology } from './model.ts';

interface Index {
  readonly hosts: readonly Host[];
  readonly names: readonly string[];
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
    names: hosts.map(({ fqdn }) => fqdn),
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

/** The FQDNs of `hostsOf`; the same list each time. */
export function hostNames(topology: Topology): readonly string[] {
  return indexOf(topology).names;
}

/** The host of this name; the case of letters does not matter. */
export function findHost(topology: Topology, fqdn: string): Host | undefined {
  return indexOf(topology).hostByName.get(fqdn.toLowerCase());
}

/** The pool of this name; the case of letters does not matter. */
export function findPool(topology: Topology, fqdn: string): Pool | undefined {
  return indexOf(topology).poolByName.get(fqdn.toLowerCase());
}

/** The hosts that serve the VIP of a pool: its balancer, then its standby; none without a VIP. */
export function balancersOf(
  topology: Topology,
  { vips, balancer, standby }: Pool,
): readonly Host[] {
  if (vips.length === 0) return [];
  return [balancer, standby].flatMap((fqdn) => findHost(topology, fqdn ?? '') ?? []);
}

/** The other balancer of the pair a host belongs to; undefined for a balancer by itself and other hosts. */
export function partnerOf(topology: Topology, { fqdn }: Host): Host | undefined {
  const pool = topology.pools.find(
    ({ balancer, standby }) => standby !== undefined && (balancer === fqdn || standby === fqdn),
  );
  const other = pool?.standby === fqdn ? pool.balancer : pool?.standby;
  return findHost(topology, other ?? '');
}

/**
 * The addresses by which a balancer and its partner agree on who has the VIPs: of the family of these, which is
 * one (a check of the topology). Undefined for a balancer by itself and other hosts.
 */
export function pairOf(
  topology: Topology,
  host: Host,
):
  | {
      readonly address: string;
      readonly partner: { readonly host: string; readonly address: string };
    }
  | undefined {
  const partner = partnerOf(topology, host);
  const vip = topology.pools.find(
    ({ standby, balancer }) =>
      standby !== undefined && (balancer === host.fqdn || standby === host.fqdn),
  )?.vips[0];
  const address = addressFor(host.addresses, vip ?? '') ?? host.addresses[0];
  const other = partner && (addressFor(partner.addresses, vip ?? '') ?? partner.addresses[0]);
  if (partner === undefined || address === undefined || other === undefined) return undefined;
  return { address, partner: { host: partner.fqdn, address: other } };
}

/** Balancers that take over from another. */
export function standbysOf(topology: Topology): readonly Host[] {
  return topology.balancers.filter(({ fqdn }) =>
    topology.pools.some(({ standby }) => standby === fqdn),
  );
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
