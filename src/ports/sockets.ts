import {
  addressFor,
  balancersOf,
  familyOf,
  findHost,
  findPool,
  hostNames,
  hostsOf,
  poolOf,
  runsUsher,
  services,
} from '#topology';
import type { Affinity, Host, Service, Topology } from '#topology';
import type { Flow, Listener, VirtualService } from './model.ts';

/** The addresses of a host on the side a flow arrives at, one of each family it has. */
export function addressesAt(host: Host, flow: Flow): readonly string[] {
  return flow.destination.interface === 'external' && host.external !== undefined
    ? host.external.addresses
    : host.addresses;
}

/**
 * The balancers that watch this flow at a member which serves it directly: with DNS balancing the
 * VIP carries web services only, and these follow the SIP service of the same member.
 */
export function guardsOf(topology: Topology, flow: Flow, host: Host): readonly Host[] {
  const { service, security, destination } = flow;
  if (service !== 'sip' || security !== 'MTLS' || destination.via === 'vip') return [];
  const pool = poolOf(topology, host);
  return pool !== undefined && runsUsher(host) ? balancersOf(topology, pool) : [];
}

/** Hosts whose certificate this flow lets in at a host. */
function peersOf(flow: Flow, topology: Topology, host: Host): readonly string[] {
  if (flow.security !== 'MTLS') return [];
  // Log collection comes from anywhere, but from a controller that runs on a host of ours.
  if (flow.source.role === 'any') return hostNames(topology);
  const pool = findPool(topology, flow.destination.pool ?? '');
  const behindVip = pool === undefined ? [] : balancersOf(topology, pool);
  const probers = flow.destination.via === 'vip' ? behindVip : guardsOf(topology, flow, host);
  const { hosts } = flow.source;
  const more = probers.map(({ fqdn }) => fqdn).filter((fqdn) => !hosts.includes(fqdn));
  return more.length === 0 ? hosts : [...hosts, ...more];
}

/** All of these lists, each name once; one list that is all there is stays the same list. */
function together(lists: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...more] = lists.filter((list) => list.length > 0);
  return more.length === 0 ? first : [...new Set([first, ...more].flat())];
}

function listenerOf(host: Host, address: string, flows: readonly Flow[], topology: Topology) {
  const securities = new Set(flows.map((flow) => flow.security));
  const mutual = securities.has('MTLS');
  return flows.slice(0, 1).map((first): Listener => ({
    host: host.fqdn,
    address,
    port: first.port,
    service: first.service,
    security: mutual ? 'MTLS' : first.security,
    flows,
    trustedPeers: together(flows.map((flow) => peersOf(flow, topology, host))),
    anonymousClients: flows.some((flow) => flow.security !== 'MTLS'),
  }));
}

/** Every socket every host has to open: hosts in topology order, services in the model's order. */
export function listenersFor(topology: Topology, flows: readonly Flow[]): readonly Listener[] {
  const byHost = new Map<string, Flow[]>();
  for (const flow of flows) {
    for (const fqdn of new Set(flow.destination.hosts)) {
      const known = byHost.get(fqdn);
      if (known === undefined) byHost.set(fqdn, [flow]);
      else known.push(flow);
    }
  }
  return hostsOf(topology).flatMap((host) =>
    services.flatMap((service) => {
      const own = (byHost.get(host.fqdn) ?? []).filter((flow) => flow.service === service);
      const addresses = new Set(own.flatMap((flow) => addressesAt(host, flow)));
      return [...addresses].flatMap((address) =>
        listenerOf(
          host,
          address,
          own.filter((flow) => addressesAt(host, flow).includes(address)),
          topology,
        ),
      );
    }),
  );
}

/** The reference asks for source affinity on the internal web rows and on no other (decision 7). */
function referenceAffinity(service: Service): Affinity {
  return service === 'webInternal' || service === 'webInternalPlain' ? 'source' : 'none';
}

/** The members at their addresses of one family. */
function membersAt(members: readonly Host[], vip: string, port: number): VirtualService['members'] {
  return members.flatMap(({ fqdn, addresses }) => {
    const address = addressFor(addresses, vip);
    return address === undefined ? [] : [{ host: fqdn, address, port }];
  });
}

/**
 * Every port of every VIP, of one with two families each by itself: pools in topology order, services in
 * the model's order.
 */
export function virtualServicesFor(
  topology: Topology,
  flows: readonly Flow[],
): readonly VirtualService[] {
  return topology.pools.flatMap((pool) =>
    services.flatMap((service) => {
      const own = flows.filter(
        (flow) =>
          flow.service === service &&
          flow.destination.via === 'vip' &&
          flow.destination.pool === pool.fqdn,
      );
      const { vips, balancer, standby } = pool;
      const [first] = own;
      if (balancer === undefined || first === undefined) return [];
      const { port, destination } = first;
      const members = pool.members.filter(({ fqdn }) => destination.hosts.includes(fqdn));
      return vips.map((vip): VirtualService => ({
        pool: pool.fqdn,
        balancer,
        ...(standby === undefined ? {} : { standby }),
        service,
        address: vip,
        ...(vips.length > 1 ? { family: familyOf(vip) } : {}),
        port,
        flows: own,
        members: membersAt(members, vip, port),
        affinity: pool.balancing.affinity[service] ?? referenceAffinity(service),
        nat: pool.nat,
        engine: pool.engine,
        balancing: pool.balancing,
        idleTimeout: topology.timers.idleTimeout,
      }));
    }),
  );
}

/** The hosts at the destination of a flow. */
export function destinationHosts(topology: Topology, flow: Flow): readonly Host[] {
  return flow.destination.hosts.flatMap((fqdn) => findHost(topology, fqdn) ?? []);
}
