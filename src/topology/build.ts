import { dirname, isAbsolute, join } from 'node:path';
import { buildSiteFlow } from './build-policy.ts';
import {
  familyOf,
  firstOf,
  formatAddress,
  formatNetwork,
  parseAddress,
  parseNetwork,
} from './address.ts';
import type { TopologyFile } from './file.ts';
import type { Balancing, Host, Pool, Topology, TrustedPeer } from './model.ts';

/** One spelling for each address, so that the rest of the program may compare texts. */
function canonicalAddress(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}

function canonicalNetwork(text: string): string {
  const network = parseNetwork(text);
  return network === undefined ? text : formatNetwork(firstOf(network));
}

/** One value or one of each family, as written, becomes a list that begins with the preferred one. */
function byFamily(
  written: string | readonly string[] | undefined,
  canonical: (text: string) => string,
): readonly string[] {
  return [written ?? []]
    .flat()
    .map(canonical)
    .toSorted((a, b) => (familyOf(b) ?? 0) - (familyOf(a) ?? 0));
}

const addressesOf = (written: string | readonly string[] | undefined): readonly string[] =>
  byFamily(written, canonicalAddress);

function buildBalancing(pool: TopologyFile['pools'][number]): Balancing {
  const { balancing = {}, engine } = pool;
  return {
    // The kernel does not count connections before it chooses.
    scheduling: balancing.scheduling ?? (engine === 'nftables' ? 'maglev' : 'leastConnections'),
    slowStart: balancing.slowStart ?? 30,
    connectionsPerMember: balancing.connectionsPerMember,
    affinity: Object.fromEntries(
      Object.entries(balancing.affinity ?? {}).filter(([, affinity]) => affinity !== undefined),
    ),
    affinityTime: balancing.affinityTime ?? 1200,
    onFailure: balancing.onFailure ?? 'reset',
  };
}

function buildPool(file: TopologyFile['pools'][number]): Pool {
  return {
    fqdn: file.fqdn,
    role: file.role,
    loadBalancing: file.loadBalancing,
    networks: byFamily(file.network, canonicalNetwork),
    vips: addressesOf(file.vip),
    nat: file.nat ?? 'source',
    engine: file.engine ?? 'embedded',
    balancing: buildBalancing(file),
    ...(file.balancer === undefined ? {} : { balancer: file.balancer }),
    ...(file.standby === undefined ? {} : { standby: file.standby }),
    ...(file.backupPool === undefined ? {} : { backupPool: file.backupPool }),
    members: file.members.map((member) => ({
      fqdn: member.fqdn,
      role: file.role,
      pool: file.fqdn,
      addresses: addressesOf(member.address),
      ...(member.software === 'other' ? { software: 'other' as const } : {}),
    })),
    web: file.web,
  };
}

function buildExternal(external: {
  address: string | readonly string[];
  fqdns?: string[] | undefined;
}) {
  return { addresses: addressesOf(external.address), fqdns: external.fqdns ?? [] };
}

function buildOuterHosts(file: TopologyFile): Pick<Topology, 'edges' | 'reverseProxies'> {
  return {
    edges: (file.edges ?? []).map((edge) => ({
      fqdn: edge.fqdn,
      role: 'edge',
      addresses: addressesOf(edge.address),
      external: buildExternal(edge.external),
      nextHop: edge.nextHop,
    })),
    reverseProxies: (file.reverseProxies ?? []).map((proxy) => ({
      fqdn: proxy.fqdn,
      role: 'reverseProxy',
      addresses: addressesOf(proxy.address),
      external: buildExternal(proxy.external),
    })),
  };
}

/** A file the topology names: relative paths start where the topology lies, not where we run. */
function beside(topologyFile: string, path: string | undefined): string | undefined {
  if (path === undefined || isAbsolute(path)) return path;
  return join(dirname(topologyFile), path);
}

/** Fills in the defaults of the file, writes every address one way, resolves paths beside `name`. */
export function buildTopology(file: TopologyFile, name: string): Topology {
  const balancers = (file.balancers ?? []).map((balancer): Host => ({
    fqdn: balancer.fqdn,
    role: 'balancer',
    addresses: addressesOf(balancer.address),
  }));
  const trustedPeers = (file.trustedPeers ?? []).map((peer): TrustedPeer => ({
    fqdn: peer.fqdn,
    role: 'trustedPeer',
    addresses: addressesOf(peer.address),
    software: 'other',
    rate: peer.rate,
  }));
  const places = {
    networks: {
      internalClients: file.networks.internalClients.map(canonicalNetwork),
      administration: (file.networks.administration ?? []).map(canonicalNetwork),
    },
    pools: file.pools.map(buildPool),
    ...buildOuterHosts(file),
    balancers,
    trustedPeers,
  };
  return {
    name: file.name ?? file.sipDomains[0] ?? '',
    sipDomains: file.sipDomains,
    ...places,
    policy: (file.policy ?? []).map((flow) => buildSiteFlow(flow, places)),
    simpleUrls: {
      meet: file.simpleUrls?.meet ?? file.sipDomains.map((domain) => `meet.${domain}`),
      dialin: file.simpleUrls?.dialin,
      admin: file.simpleUrls?.admin,
    },
    // Absent rather than undefined, so that spreading over the defaults keeps them.
    ports: Object.fromEntries(
      Object.entries(file.ports ?? {}).filter(([, port]) => port !== undefined),
    ),
    limits: { source: file.limits?.source ?? 500, user: file.limits?.user ?? 20 },
    options: {
      internalClientsSignInAtDirector: file.options?.internalClientsSignInAtDirector ?? false,
      loggingFromAdministrationOnly: file.options?.loggingFromAdministrationOnly ?? false,
      interServerToDirector: file.options?.interServerToDirector ?? false,
    },
    users: { digest: file.users?.digest ?? ['SHA-256', 'MD5'] },
    trust: {
      caFile: beside(name, file.trust?.caFile),
      certificateDirectory: beside(name, file.trust?.certificateDirectory),
      crlFile: beside(name, file.trust?.crlFile),
    },
    timers: {
      probeInterval: file.timers?.probeInterval ?? 2,
      idleTimeout: file.timers?.idleTimeout ?? 1800,
      keepAlive: file.timers?.keepAlive,
      firewallSession: file.timers?.firewallSession,
    },
  };
}
