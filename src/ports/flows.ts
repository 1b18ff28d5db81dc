import { balancersOf } from '#topology';
import type { Pool, Service, Topology } from '#topology';
import { catalogue } from './catalogue.ts';
import { defaultPorts } from './defaults.ts';
import type { Flow, Origin, Party } from './model.ts';
import {
  anyone,
  eachOf,
  entranceOf,
  entrancesOf,
  from,
  internalClients,
  logControllers,
  membersOf,
  outsideOf,
  ownPools,
  remoteClients,
} from './parties.ts';

/** Port of a service in this topology, before any offset. */
export function portOf(topology: Topology, service: Service): number {
  return topology.ports[service] ?? defaultPorts[service];
}

/** The catalogue entry, the id and the ends of one row to be. */
interface Row {
  readonly entry: keyof typeof catalogue;
  readonly id: string;
  readonly origin: Origin;
  readonly source: Party;
  readonly destination: Party;
  /** The pool that tells rows of one id apart. */
  readonly pool: string | undefined;
}

/** The summary of the reference a Director pool is printed in. */
const summaries = { hardware: 'DH', dns: 'DD', none: 'DS' } as const;

/** Prefix of the row ids of a Director pool; `FE` for deployments without Directors. */
function summaryOf(pool: Pool | undefined): string {
  return pool === undefined ? 'FE' : summaries[pool.loadBalancing];
}

type EntryId = Row['entry'];

/**
 * Makes rows of one origin; the id is the entry's, behind the prefix, unless given. Rows belong to
 * `pool`, or else to the pool they lead to.
 */
function rowsOf(origin: Origin, prefix = '', pool?: string) {
  return (entry: EntryId, source: Party, destination: Party, id: string = entry): Row => ({
    entry,
    id: prefix + id,
    origin,
    source,
    destination,
    pool: pool ?? destination.pool,
  });
}

/** Rows 01 to 09 of one Director pool, in the order of the reference. */
function tableRows(topology: Topology, pool: Pool, frontEnds: readonly Pool[]): Row[] {
  const web = entranceOf(pool, 'web');
  const proxies = from('reverseProxy', topology.reverseProxies);
  const clients = internalClients(topology);
  const edges = topology.edges.filter((edge) => edge.nextHop === pool.fqdn);
  const controllers = logControllers(topology);
  const members = membersOf([pool]);
  const row = rowsOf('table', `${summaryOf(pool)}-`, pool.fqdn);
  return [
    row('01', proxies, web),
    row('02', proxies, web),
    row(
      '03',
      { ...from('director', pool.members), pool: pool.fqdn },
      membersOf(ownPools(frontEnds)),
    ),
    row('04', clients, web),
    row('05', clients, web),
    row('06', from('edge', edges), entranceOf(pool, 'other')),
    row('07', controllers, members),
    row('08', controllers, members),
    row('09', controllers, members),
  ];
}

/** Rows the summary names in its text only (contradiction C1); they belong to the first pool. */
function proseRows(
  topology: Topology,
  directors: readonly Pool[],
  frontEnds: readonly Pool[],
): Row[] {
  const servers = [...directors, ...frontEnds].flatMap((pool) => pool.members);
  const outbound = from(directors.length === 0 ? 'frontEnd' : 'directorOrFrontEnd', servers);
  const edges = topology.edges;
  const proxies = from('reverseProxy', topology.reverseProxies);
  const row = rowsOf('prose', `${summaryOf(directors[0])}-`);
  const published = entrancesOf(ownPools(frontEnds), 'web');
  return [
    row('P1', outbound, eachOf('edge', edges)),
    row('P2', from('edge', edges), membersOf(frontEnds)),
    ...published.map((entrance) => row('P3a', proxies, entrance)),
    ...published.map((entrance) => row('P3b', proxies, entrance)),
  ];
}

/** Flows the topology switches on. */
function optionRows(
  topology: Topology,
  directors: readonly Pool[],
  frontEnds: readonly Pool[],
): Row[] {
  const { internalClientsSignInAtDirector, interServerToDirector } = topology.options;
  const row = rowsOf('option');
  const entrances = entrancesOf(directors, 'other');
  const servers = from(
    'frontEnd',
    ownPools(frontEnds).flatMap((pool) => pool.members),
  );
  return [
    ...(internalClientsSignInAtDirector ? entrances : []).map((entrance) =>
      row('IS37', internalClients(topology), entrance),
    ),
    ...entrances.map((entrance) =>
      row('TP01', from('trustedPeer', topology.trustedPeers), entrance),
    ),
    ...(interServerToDirector ? entrances : []).map((entrance) => row('IS34', servers, entrance)),
  ];
}

/**
 * Rows of the neighbours: Front Ends, Edges, reverse proxies. A Front End of another make speaks SIP with
 * servers; clients cannot sign in there, for it knows no passwords, and it has none of our other services.
 */
function neighbourRows(
  topology: Topology,
  directors: readonly Pool[],
  frontEnds: readonly Pool[],
): Row[] {
  const clients = internalClients(topology);
  const controllers = logControllers(topology);
  const homeServers = frontEnds.flatMap((pool) => pool.members);
  const row = rowsOf('derived');
  const directorServers = directors.flatMap((pool) => pool.members);
  const everyFrontEnd = membersOf(frontEnds);
  const own = ownPools(frontEnds);
  const ownFrontEnds = membersOf(own);
  const edgesInside = eachOf('edge', topology.edges);
  return [
    row('IS03a', from('director', directorServers), everyFrontEnd),
    // A lone Front End has nobody to talk to.
    ...(homeServers.length > 1 ? [row('IS03b', from('frontEnd', homeServers), everyFrontEnd)] : []),
    ...entrancesOf(own, 'other').map((entrance) => row('IS03c', clients, entrance)),
    ...entrancesOf(own, 'web').map((entrance) => row('IS11', clients, entrance)),
    ...entrancesOf(own, 'web').map((entrance) => row('IS12', clients, entrance)),
    row('07', controllers, ownFrontEnds, 'FE-07'),
    row('08', controllers, ownFrontEnds, 'FE-08'),
    row('09', controllers, ownFrontEnds, 'FE-09'),
    row('EX06', remoteClients, outsideOf('edge', topology.edges)),
    row('CL6', remoteClients, outsideOf('edge', topology.edges)),
    row('07', controllers, edgesInside, 'EI09'),
    row('08', controllers, edgesInside, 'EI10'),
    row('09', controllers, edgesInside, 'EI11'),
    row('RP-E1', anyone, outsideOf('reverseProxy', topology.reverseProxies)),
    row('RP-E2', anyone, outsideOf('reverseProxy', topology.reverseProxies)),
  ];
}

/** What the two balancers of a pair tell each other: HAProxy its affinity. The kernel computes it. */
function pairRows(topology: Topology): Row[] {
  const exchanging = topology.pools.filter(
    ({ standby, engine }) => standby !== undefined && engine === 'haproxy',
  );
  // A pair serves several pools, and has one HAProxy on each of its machines.
  const pairs = new Map(exchanging.map((pool) => [pool.balancer, pool]));
  return [...pairs.values()].map((pool) => {
    const both = balancersOf(topology, pool);
    return rowsOf('derived', '', pool.fqdn)(
      'LB01',
      from('balancer', both),
      eachOf('balancer', both),
    );
  });
}

/** The first row of an id keeps it; further ones add the pool they belong to. */
function uniqueIds(rows: readonly Row[]): Row[] {
  const taken = new Set<string>();
  return rows.map((row) => {
    const id = taken.has(row.id) ? `${row.id}@${row.pool ?? ''}` : row.id;
    taken.add(row.id);
    return { ...row, id };
  });
}

/**
 * Every conversation the topology permits, in the order the table prints them: the summary of each
 * Director pool, the flows of its prose, the options switched on, the neighbours, pairs of balancers. A row one end of
 * which does not exist in the topology is left out.
 */
export function flowsOf(topology: Topology, portOffset: number): readonly Flow[] {
  const directors = topology.pools.filter((pool) => pool.role === 'director');
  const frontEnds = topology.pools.filter((pool) => pool.role === 'frontEnd');
  const rows = [
    ...directors.flatMap((pool) => tableRows(topology, pool, frontEnds)),
    ...proseRows(topology, directors, frontEnds),
    ...optionRows(topology, directors, frontEnds),
    ...neighbourRows(topology, directors, frontEnds),
    ...pairRows(topology),
  ].filter((row) => row.source.addresses.length > 0 && row.destination.addresses.length > 0);
  return uniqueIds(rows).map(({ entry, id, origin, source, destination }) => {
    const { service, application, security, note } = catalogue[entry];
    const port = portOf(topology, service) + portOffset;
    return {
      id,
      origin,
      service,
      application,
      security,
      transport: 'TCP',
      port,
      source,
      destination,
      note,
    };
  });
}
