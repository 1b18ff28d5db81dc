import { hostsOf, runsUsher } from '#topology';
import type { Host, Pool, Topology } from '#topology';
import type { Party } from './model.ts';

/** Anybody, anywhere. */
export const anyone: Party = { role: 'any', hosts: [], addresses: ['any'] };

/** Users outside; any address may be theirs. */
export const remoteClients: Party = { role: 'remoteClient', hosts: [], addresses: ['any'] };

/** Users inside. */
export function internalClients(topology: Topology): Party {
  return { role: 'internalClient', hosts: [], addresses: topology.networks.internalClients };
}

/**
 * Who may command the logging agents: anybody, as the reference has it, or the administration
 * networks and the hosts when the topology restricts it.
 */
export function logControllers(topology: Topology): Party {
  if (!topology.options.loggingFromAdministrationOnly) return anyone;
  const hosts = hostsOf(topology);
  return {
    role: 'logController',
    hosts: hosts.map((host) => host.fqdn),
    addresses: [...topology.networks.administration, ...hosts.flatMap((host) => host.addresses)],
  };
}

/** Servers as a source: their inside addresses. */
export function from(role: Party['role'], hosts: readonly Host[]): Party {
  return {
    role,
    ...(role === 'edge' || role === 'reverseProxy' ? { interface: 'internal' as const } : {}),
    hosts: hosts.map((host) => host.fqdn),
    addresses: hosts.flatMap((host) => host.addresses),
  };
}

/** Servers as a destination, each by itself: their inside addresses. */
export function eachOf(role: Party['role'], hosts: readonly Host[]): Party {
  return { ...from(role, hosts), via: 'member' };
}

/** The outside interfaces of Edges or reverse proxies as a destination. */
export function outsideOf(role: 'edge' | 'reverseProxy', hosts: readonly Host[]): Party {
  const outer = hosts.filter((host) => host.external !== undefined);
  return {
    role,
    interface: 'external',
    via: 'member',
    hosts: outer.map((host) => host.fqdn),
    addresses: outer.flatMap((host) => host.external?.addresses ?? []),
  };
}

/** The members of pools as a destination; names the pool when it is one. */
export function membersOf(pools: readonly Pool[]): Party {
  const [first, ...others] = pools;
  const party = eachOf(
    first?.role ?? 'frontEnd',
    pools.flatMap((pool) => pool.members),
  );
  return first !== undefined && others.length === 0 ? { ...party, pool: first.fqdn } : party;
}

/** The pools without the members that run software of another make; pools of nothing else are left out. */
export function ownPools(pools: readonly Pool[]): readonly Pool[] {
  return pools
    .map((pool) => ({ ...pool, members: pool.members.filter(runsUsher) }))
    .filter(({ members }) => members.length > 0);
}

/** What enters a pool at its VIP: with DNS balancing the client web services only. */
export type Entrance = 'web' | 'other';

/** Where a pool is entered: its VIP when balancing puts one there, else each member. */
export function entranceOf(pool: Pool, entrance: Entrance): Party {
  const balanced =
    pool.loadBalancing === 'hardware' || (pool.loadBalancing === 'dns' && entrance === 'web');
  if (!balanced || pool.vips.length === 0) return membersOf([pool]);
  return {
    role: pool.role,
    via: 'vip',
    pool: pool.fqdn,
    hosts: pool.members.map((member) => member.fqdn),
    addresses: pool.vips,
  };
}

/**
 * The entrances of several pools, as few as possible: all pools entered at their members are one
 * destination, every VIP is its own.
 */
export function entrancesOf(pools: readonly Pool[], entrance: Entrance): readonly Party[] {
  const direct = pools.filter((pool) => entranceOf(pool, entrance).via === 'member');
  const balanced = pools.filter((pool) => !direct.includes(pool));
  return [
    ...(direct.length === 0 ? [] : [membersOf(direct)]),
    ...balanced.map((pool) => entranceOf(pool, entrance)),
  ];
}
