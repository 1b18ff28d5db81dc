import { addressFor, balancersOf, familyOf, findHost, findPool, poolOf } from '#topology';
import type { Host, Pool, Topology } from '#topology';
import type { Flow, Leg } from './model.ts';
import { addressesAt, destinationHosts, guardsOf } from './sockets.ts';

type End = Leg['source'];

/** The ends connections of a flow come from: each host, and what lies outside the hosts. */
function sourcesOf(topology: Topology, flow: Flow): readonly End[] {
  const hosts = flow.source.hosts.flatMap((fqdn) => findHost(topology, fqdn) ?? []);
  const own = new Set(hosts.flatMap((host) => host.addresses));
  const others = flow.source.addresses.filter((address) => !own.has(address));
  return [
    ...hosts.map((host) => ({ host: host.fqdn, addresses: host.addresses })),
    ...(others.length === 0 ? [] : [{ addresses: others }]),
  ];
}

/** Ends by the family of packets: each with those of its addresses that have it. */
type Ends = Readonly<Record<4 | 6, readonly End[]>>;

function byFamily(ends: readonly End[]): Ends {
  const of = (family: 4 | 6): readonly End[] =>
    ends
      .map((end) => ({
        ...end,
        addresses: end.addresses.filter((own) => own === 'any' || familyOf(own) === family),
      }))
      .filter(({ addresses }) => addresses.length > 0);
  return { 4: of(4), 6: of(6) };
}

/** One leg from each other host or network to each address of this one, family by family. */
function legsBetween(
  flow: Flow,
  kind: Leg['kind'],
  sources: Ends,
  host: Host,
  addresses: readonly string[],
): readonly Leg[] {
  return addresses.flatMap((address) =>
    sources[familyOf(address) ?? 4]
      .filter((source) => kind !== 'direct' || source.host !== host.fqdn)
      .map((source) => ({
        flow: flow.id,
        kind,
        source,
        destination: { host: host.fqdn, address, port: flow.port },
      })),
  );
}

function directLegs(topology: Topology, flow: Flow): readonly Leg[] {
  const sources = byFamily(sourcesOf(topology, flow));
  return destinationHosts(topology, flow).flatMap((host) =>
    legsBetween(flow, 'direct', sources, host, addressesAt(host, flow)),
  );
}

function balancedLegs(topology: Topology, flow: Flow, pool: Pool): readonly Leg[] {
  const sources = byFamily(sourcesOf(topology, flow));
  const balancers = balancersOf(topology, pool);
  // The VIP may be at either of a pair, and both probe all the time.
  const devices = byFamily(balancers.map(({ fqdn, addresses }) => ({ host: fqdn, addresses })));
  // A member is asked in the family the VIP was asked in.
  const inside = (host: Host): readonly string[] =>
    pool.vips.flatMap((vip) => addressFor(host.addresses, vip) ?? []);
  // Without source NAT the members see the clients themselves.
  const seenByMember = pool.nat === 'source' ? devices : sources;
  const members = destinationHosts(topology, flow);
  return [
    ...balancers.flatMap((balancer) =>
      legsBetween(flow, 'clientToVip', sources, balancer, pool.vips),
    ),
    ...members.flatMap((host) =>
      legsBetween(flow, 'balancerToMember', seenByMember, host, inside(host)),
    ),
    ...members.flatMap((host) => legsBetween(flow, 'healthProbe', devices, host, inside(host))),
  ];
}

/** Probes of a flow that reaches the members directly; each member is probed for its first one only. */
function guardLegs(topology: Topology, flow: Flow, earlier: readonly Flow[]): readonly Leg[] {
  return destinationHosts(topology, flow).flatMap((host) => {
    const guards = guardsOf(topology, flow, host);
    if (guards.length === 0) return [];
    const probed = earlier.some(
      (other) =>
        guardsOf(topology, other, host).length > 0 && other.destination.hosts.includes(host.fqdn),
    );
    if (probed) return [];
    const devices = byFamily(guards.map(({ fqdn, addresses }) => ({ host: fqdn, addresses })));
    const vips = poolOf(topology, host)?.vips ?? [];
    const watched = vips.flatMap((vip) => addressFor(host.addresses, vip) ?? []);
    return legsBetween(flow, 'healthProbe', devices, host, watched);
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
