import { UsherError } from '#base';
import { formatAddress, hostsOf, parseAddress } from '#topology';
import type { Host } from '#topology';
import { virtualServicesOf } from '#ports';
import type { Plan } from '#ports';
import {
  addressesOf,
  addressesWithin,
  commonAddresses,
  formatAddresses,
  noAddress,
  ruleSetOf,
  sameAddresses,
} from '#firewall';
import type { AddressSet, Zone } from '#firewall';

/** The two firewalls of a lab, each the router of its segments. */
export type Router = 'gateway' | 'perimeter';

/** A wire of the lab: one zone of a firewall, with the hosts that lie in it. */
export interface Segment {
  /** Its number: the bridge and the router's interface are called `z0`, `z1`, … */
  readonly index: number;
  /** Zone of the firewall, e.g. a pool's FQDN, `edge`, `internalClients`, `outside`. */
  readonly zone: string;
  readonly router: Router;
  readonly addresses: AddressSet;
  /** The same as CIDR blocks; of `outside` none, it is where everything else goes. */
  readonly blocks: readonly string[];
  /** True when one station has all its addresses: a network of clients, or the outside. */
  readonly clients: boolean;
}

/** An interface of a station. */
export interface Port {
  /** Number of the segment. */
  readonly segment: number;
  /** The first of each family is the one connections of the station start from. */
  readonly addresses: readonly string[];
}

/** One namespace that is no part of the wiring. */
export interface Station {
  /** FQDN of a host, or the zone of clients. */
  readonly name: string;
  /** Absent for clients. */
  readonly host?: Host;
  readonly ports: readonly Port[];
}

/** A deployment as wires and what is plugged into them. */
export interface LabNetwork {
  readonly segments: readonly Segment[];
  readonly stations: readonly Station[];
  /** The address families in use inside or outside. */
  readonly families: readonly (4 | 6)[];
}

/** Zones whose addresses are people's, not servers'. */
const clientZones: ReadonlySet<string> = new Set(['internalClients', 'administration', 'outside']);

/** Where remote clients come from: documentation blocks (RFC 5737, RFC 3849) nobody else has. */
const remoteClients = {
  4: ['203.0.113.10', '198.51.100.10', '192.0.2.10'],
  6: ['2001:db8:ffff::10', '2001:db8:fffe::10'],
} as const;

/** The first address of a set a client can have: the second of a block, whose first is its name. */
function clientAddresses(zone: Zone, families: readonly (4 | 6)[]): readonly string[] {
  return families.flatMap((family) => {
    const [first] = family === 4 ? zone.addresses.v4 : zone.addresses.v6;
    if (first === undefined) return [];
    const single = first.until - first.from < 4n;
    return [formatAddress({ family, value: single ? first.from : first.from + 1n })];
  });
}

function remoteAddresses(zone: Zone, families: readonly (4 | 6)[]): readonly string[] {
  return families.flatMap((family) => {
    const free = remoteClients[family].find((text) =>
      addressesWithin(addressesOf([text]), zone.addresses),
    );
    return free === undefined ? [] : [free];
  });
}

function segmentsOf(plan: Plan): readonly Segment[] {
  const routers: readonly Router[] = ['gateway', 'perimeter'];
  return routers
    .flatMap((router) => ruleSetOf(plan, router).zones.map((zone) => ({ router, zone })))
    .map(({ router, zone: { name, addresses } }, index) => ({
      index,
      zone: name,
      router,
      addresses,
      blocks: name === 'outside' ? [] : formatAddresses(addresses),
      clients: clientZones.has(name),
    }));
}

/** @throws UsherError `USHER_LAB_ADDRESS` when no zone has the address */
function segmentOf(
  segments: readonly Segment[],
  router: Router,
  address: string,
  of: string,
): Segment {
  const set = addressesOf([address]);
  const found = segments.find(
    (segment) => segment.router === router && addressesWithin(set, segment.addresses),
  );
  if (found !== undefined) return found;
  throw new UsherError('USHER_LAB_ADDRESS', `${of}: no zone of the lab has ${address}`, {
    remedy: 'Give the host an address of its own, of a block that is not the internal clients’.',
  });
}

/** Addresses of one station, wire by wire, in the order they are first met. */
function portsOf(plan: Plan, segments: readonly Segment[], host: Host): readonly Port[] {
  // In a lab nobody moves the VIP of a pair: it is where the topology has it.
  const vips = virtualServicesOf(plan, host.fqdn).flatMap(({ balancer, address }) =>
    balancer === host.fqdn ? [address] : [],
  );
  const inner = [...host.addresses, ...new Set(vips)].map((address) => ({
    address,
    segment: segmentOf(segments, 'gateway', address, host.fqdn).index,
  }));
  const outer = (host.external?.addresses ?? []).map((address) => ({
    address,
    segment: segmentOf(segments, 'perimeter', address, host.fqdn).index,
  }));
  const bySegment = Map.groupBy([...inner, ...outer], ({ segment }) => segment);
  return [...bySegment].map(([segment, own]) => ({
    segment,
    addresses: own.map(({ address }) => address),
  }));
}

/** Published addresses lie outside; where they do not, no packet could tell which way to go. */
function refuseOverlaps(segments: readonly Segment[]): void {
  const published = segments.find(({ zone }) => zone === 'published');
  for (const { router, zone, addresses } of segments) {
    const common = commonAddresses(addresses, published?.addresses ?? noAddress);
    if (router === 'perimeter' || sameAddresses(common, noAddress)) continue;
    throw new UsherError(
      'USHER_LAB_ADDRESS',
      `${formatAddresses(common).join(', ')} is published outside and belongs to ${zone} as well`,
      { remedy: 'Take outside addresses of Edges and reverse proxies from blocks of their own.' },
    );
  }
}

/**
 * The network of a lab: a wire for each zone of the two firewalls, a station for each host, and one for
 * each network of clients. Pure.
 *
 * @throws UsherError `USHER_LAB_ADDRESS` when the addresses leave no way to lay the wires
 */
export function networkOf(plan: Plan): LabNetwork {
  const segments = segmentsOf(plan);
  refuseOverlaps(segments);
  const hosts = hostsOf(plan.topology).map((host) => ({
    name: host.fqdn,
    host,
    ports: portsOf(plan, segments, host),
  }));
  const used = hosts.flatMap(({ ports }) => ports.flatMap(({ addresses }) => addresses));
  const families = ([4, 6] as const).filter((family) =>
    used.some((address) => parseAddress(address)?.family === family),
  );
  const clients = segments
    .filter((segment) => segment.clients)
    .map(({ zone, index, addresses }) => {
      const of = zone === 'outside' ? remoteAddresses : clientAddresses;
      const own = of({ name: zone, addresses }, families);
      return { name: zone, ports: [{ segment: index, addresses: own }] };
    });
  return { segments, stations: [...hosts, ...clients], families };
}
