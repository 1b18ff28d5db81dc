import type { TopologyFile } from './file.ts';
import type { SiteFlow, Topology } from './model.ts';

type Written = NonNullable<TopologyFile['policy']>[number];
type Places = Pick<
  Topology,
  'networks' | 'pools' | 'edges' | 'reverseProxies' | 'balancers' | 'trustedPeers'
>;

/** Words that stand for addresses, besides the names of hosts and pools. */
export const endWords = ['hosts', 'administration', 'internalClients', 'any'] as const;

/** The addresses a word or name under `from:` or `to:` stands for; an address or block is its own. */
function addressesOf(end: string, places: Places): readonly string[] {
  const hosts = [
    ...places.pools.flatMap(({ members }) => members),
    ...places.edges,
    ...places.reverseProxies,
    ...places.balancers,
    ...places.trustedPeers,
  ];
  if (end === 'hosts') return hosts.flatMap(({ addresses }) => addresses);
  if (end === 'administration' || end === 'internalClients') return places.networks[end];
  const name = end.toLowerCase();
  const pool = places.pools.find(({ fqdn }) => fqdn === name);
  const host = hosts.find(({ fqdn }) => fqdn === name);
  if (pool !== undefined) return pool.members.flatMap(({ addresses }) => addresses);
  return host?.addresses ?? [end];
}

function portOf(written: number | string): SiteFlow['ports'][number] {
  if (typeof written === 'number') return { first: written, last: written };
  const [first = 0, last = 0] = written.split('-').map(Number);
  return { first, last };
}

/** A flow of the site with every name resolved. */
export function buildSiteFlow(flow: Written, places: Places): SiteFlow {
  const ends = (written: readonly string[]): readonly string[] => [
    ...new Set(written.flatMap((end) => addressesOf(end, places))),
  ];
  return {
    name: flow.name,
    from: ends(flow.from),
    to: ends(flow.to),
    service: flow.service,
    protocol: flow.protocol ?? 'tcp',
    ports: (flow.ports ?? []).map(portOf),
    owner: flow.owner,
    reason: flow.reason,
    expires: flow.expires,
  };
}
