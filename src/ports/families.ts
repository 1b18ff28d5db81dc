import type { Fault } from '#base';
import { familyOf, findHost, findPool } from '#topology';
import type { Host, ParsedTopology, Topology } from '#topology';
import type { Flow, Plan } from './model.ts';
import { addressesAt, destinationHosts } from './sockets.ts';

type Path = Parameters<ParsedTopology['locate']>[0];

/** Who has to talk with somebody: a host on one of its sides, a VIP, or a network of people. */
interface End {
  readonly name: string;
  readonly path: Path;
  readonly addresses: readonly string[];
  /** `4`, `6` or `46`; empty when any will do. */
  readonly families: string;
}

/** Two ends of a row that no packet can get from one to the other of. */
interface Gap {
  readonly row: string;
  readonly ends: readonly [End, End];
}

/** Where each host stands in the file. */
function placesOf({ pools, ...others }: Topology): ReadonlyMap<string, Path> {
  const lists = ['edges', 'reverseProxies', 'balancers', 'trustedPeers'] as const;
  return new Map<string, Path>([
    ...pools.flatMap(({ members }, pool) =>
      members.map(({ fqdn }, index) => [fqdn, ['pools', pool, 'members', index]] as const),
    ),
    ...lists.flatMap((list) =>
      others[list].map(({ fqdn }: Host, index: number) => [fqdn, [list, index]] as const),
    ),
  ]);
}

/** The families of several addresses, `4`, `6` or `46`; empty when any will do. */
const familiesOf = (addresses: readonly string[]): string =>
  ([4, 6] as const)
    .filter((family) => addresses.some((text) => familyOf(text) === family))
    .join('');

const apart = (one: string, other: string): boolean =>
  (one === '4' && other === '6') || (one === '6' && other === '4');

class Ends {
  readonly #topology: Topology;
  readonly #places: ReadonlyMap<string, Path>;

  constructor(topology: Topology) {
    this.#topology = topology;
    this.#places = placesOf(topology);
  }

  sources({ source }: Flow): readonly End[] {
    const hosts = source.hosts.flatMap((fqdn) => findHost(this.#topology, fqdn) ?? []);
    const { internalClients, administration } = this.#topology.networks;
    const people = {
      internalClient: { name: 'internalClients', addresses: internalClients },
      logController: { name: 'administration', addresses: administration },
    } as const;
    const network =
      source.role === 'internalClient' || source.role === 'logController'
        ? [people[source.role]]
        : [];
    return [
      ...hosts.map((host) => this.#host(host, host.addresses, false)),
      ...network.map(({ name, addresses }) => ({
        name,
        path: ['networks', name],
        addresses,
        families: familiesOf(addresses),
      })),
    ];
  }

  destinations(flow: Flow): readonly End[] {
    const { via, pool: fqdn = '', interface: side } = flow.destination;
    const pool = findPool(this.#topology, fqdn);
    if (via === 'vip' && pool !== undefined) {
      const path = ['pools', this.#topology.pools.indexOf(pool), 'vip'];
      return [{ name: fqdn, path, addresses: pool.vips, families: familiesOf(pool.vips) }];
    }
    return destinationHosts(this.#topology, flow).map((host) =>
      this.#host(host, addressesAt(host, flow), side === 'external'),
    );
  }

  #host({ fqdn }: Host, addresses: readonly string[], outside: boolean): End {
    const path = [...(this.#places.get(fqdn) ?? []), ...(outside ? ['external'] : []), 'address'];
    return { name: fqdn, path, addresses, families: familiesOf(addresses) };
  }
}

function gapsOf(plan: Plan): readonly Gap[] {
  const ends = new Ends(plan.topology);
  return plan.flows.flatMap((flow) => {
    const sources = ends.sources(flow);
    const destinations = ends.destinations(flow);
    // Nearly every topology ends here: a row of many hosts has very many pairs.
    const kinds = new Set([...sources, ...destinations].map(({ families }) => families));
    if (!kinds.has('4') || !kinds.has('6')) return [];
    return sources.flatMap((source) =>
      destinations
        .filter(({ name, families }) => name !== source.name && apart(source.families, families))
        .map((destination): Gap => ({ row: flow.id, ends: [source, destination] })),
    );
  });
}

/** The ends that stand alone, fewest first to be changed: each time the one most others cannot talk with. */
function culpritsOf(gaps: readonly Gap[]): readonly { readonly end: End; readonly gap: Gap }[] {
  const left = new Map<string, Gap[]>();
  for (const gap of gaps) {
    for (const { path } of gap.ends) {
      const key = path.join('.');
      left.set(key, [...(left.get(key) ?? []), gap]);
    }
  }
  const found: { end: End; gap: Gap }[] = [];
  let open = new Set(gaps);
  while (open.size > 0) {
    const counted = [...left].map(([key, own]) => ({
      key,
      others: new Set(
        own.filter((gap) => open.has(gap)).flatMap(({ ends }) => ends.map(({ name }) => name)),
      ).size,
    }));
    const most = Math.max(...counted.map(({ others }) => others));
    // Of several the one the rows name last: whoever comes later has to fit to who is there.
    const worst = counted.findLast(({ others }) => others === most)?.key ?? '';
    const [gap] = (left.get(worst) ?? []).filter((each) => open.has(each));
    const end = gap?.ends.find(({ path }) => path.join('.') === worst);
    if (gap === undefined || end === undefined) break;
    found.push({ end, gap });
    open = new Set([...open].filter((each) => !(left.get(worst) ?? []).includes(each)));
  }
  return found;
}

/**
 * Ends of rows without an address family in common: one has IPv4 only, the other IPv6 only. Each row is to
 * hold in every family both ends have, so they need one.
 */
export function familyFaults(plan: Plan, file: string, locate: ParsedTopology['locate']): Fault[] {
  const rows = culpritsOf(gapsOf(plan)).map(({ end, gap }) => {
    const other = gap.ends.find(({ name }) => name !== end.name) ?? end;
    const [own, theirs] = [end.families, other.families];
    return {
      file,
      ...locate(end.path),
      path: end.path.join('.'),
      code: 'no-common-family',
      found: `${end.addresses.join(', ')}, IPv${own} alone`,
      allowed: `an IPv${theirs} one as well: ${other.name} has IPv${theirs} alone, and row ${gap.row} joins the two`,
      remedy: `Write a list of both here, such as [10.1.1.11, 'fd00::11'], or give ${other.name} an IPv${own} one; a connection cannot change its family on the way.`,
    };
  });
  const flows = plan.topology.policy.flatMap(({ from, to }, index) => {
    const path = ['policy', index];
    const [own, theirs] = [familiesOf(from), familiesOf(to)];
    if (from.includes('any') || to.includes('any') || !apart(own, theirs)) return [];
    return [
      {
        file,
        ...locate(path),
        path: path.join('.'),
        code: 'no-common-family',
        found: `from IPv${own} to IPv${theirs}`,
        allowed: 'ends that have an address family in common',
        remedy: 'Name addresses of one family at both ends; a packet cannot change it on the way.',
      },
    ];
  });
  return [...rows, ...flows];
}
