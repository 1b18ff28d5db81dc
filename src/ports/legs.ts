import { balancersOf, findHost, findPool } from '#topology';
import type { Host, Pool, Topology } from '#topology';
import type { Flow, Leg } from './model.ts';
import { addressAt, destinationHosts, guardsOf } from './sockets.ts';

type End = Leg['source'];

/** The ends connections of a flow come from: each host, and what lies outside the hosts. */
function sourcesOf(topology: Topology, flow: Flow): readonly End[] {
  const hosts = flow.source.hosts.flatMap((fqdn) => findHost(topology, fqdn) ?? []);
  const own = new Set(hosts.map((host) => host.address));
  const others = flow.source.addresses.filter((address) => !own.has(address));
  return [
    ...hosts.map((host) => ({ host: host.fqdn, addresses: [host.address] })),
    ...(others.length === 0 ? [] : [{ addresses: others }]),
  ];
}

function directLegs(topology: Topology, flow: Flow): Leg[] {
  const sources = sourcesOf(topology, flow);
  return destinationHosts(topology, flow).flatMap((host) =>
    sources
      .filter((source) => source.host !== host.fqdn)
      .map((source) => ({
        flow: flow.id,
        kind: 'direct',
        source,
        destination: { host: host.fqdn, address: addressAt(host, flow), port: flow.port },
      })),
  );
}

function balancedLegs(topology: Topology, flow: Flow, pool: Pool): Leg[] {
  const sources = sourcesOf(topology, flow);
  const balancers = balancersOf(topology, pool);
  // The VIP may be at either of a pair, and both probe all the time.
  const devices = balancers.map(({ fqdn, address }): End => ({ host: fqdn, addresses: [address] }));
  const member = (host: Host): Leg['destination'] => ({
    host: host.fqdn,
    address: host.address,
    port: flow.port,
  });
  // Without source NAT the members see the clients themselves.
  const seenByMember = pool.nat === 'source' ? devices : sources;
  const members = destinationHosts(topology, flow);
  return [
    ...balancers.flatMap(({ fqdn }) =>
      sources.map((source): Leg => ({
        flow: flow.id,
        kind: 'clientToVip',
        source,
        destination: { host: fqdn, address: pool.vip ?? '', port: flow.port },
      })),
    ),
    ...members.flatMap((host) =>
      seenByMember.map((source): Leg => ({
        flow: flow.id,
        kind: 'balancerToMember',
        source,
        destination: member(host),
      })),
    ),
    ...members.flatMap((host) =>
      devices.map((source): Leg => ({
        flow: flow.id,
        kind: 'healthProbe',
        source,
        destination: member(host),
      })),
    ),
  ];
}

/** Probes of a flow that reaches the members directly; each member is probed for its first one only. */
function guardLegs(topology: Topology, flow: Flow, earlier: readonly Flow[]): Leg[] {
  return destinationHosts(topology, flow).flatMap((host) => {
    const guards = guardsOf(topology, flow, host);
    if (guards.length === 0) return [];
    const probed = earlier.some(
      (other) =>
        guardsOf(topology, other, host).length > 0 && other.destination.hosts.includes(host.fqdn),
    );
    if (probed) return [];
    return guards.map((guard): Leg => ({
      flow: flow.id,
      kind: 'healthProbe',
      source: { host: guard.fqdn, addresses: [guard.address] },
      destination: { host: host.fqdn, address: host.address, port: flow.port },
    }));
  });
}

/** What each device on the way sees of every flow, in the order of the flows. */
export function legsFor(topology: Topology, flows: readonly Flow[]): readonly Leg[] {
  return flows.flatMap((flow, index) => {
    if (flow.destination.via !== 'vip') {
      const guards = guardLegs(topology, flow, flows.slice(0, index));
      return [...directLegs(topology, flow), ...guards];
    }
    const pool = findPool(topology, flow.destination.pool ?? '');
    return pool === undefined ? [] : balancedLegs(topology, flow, pool);
  });
}
