import { hostsOf } from '#topology';
import type { Pool, Topology } from '#topology';

interface Name {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** Where the name of a pool leads: to the VIP, or to its members when DNS or nobody balances it. */
const poolAddresses = ({ loadBalancing, vips, members }: Pool): readonly string[] =>
  loadBalancing === 'hardware' && vips.length > 0
    ? vips
    : members.flatMap(({ addresses }) => addresses);

/** Where the web sites of a pool are: at the VIP where there is one. */
const webAddresses = ({ vips, members }: Pool): readonly string[] =>
  vips.length === 0 ? members.flatMap(({ addresses }) => addresses) : vips;

const simpleUrls = ({ simpleUrls: { meet, dialin, admin } }: Topology): readonly string[] =>
  [...meet, dialin, admin].filter((name) => name !== undefined);

/** Names as hosts and clients inside look them up. */
function inside(topology: Topology): readonly Name[] {
  const { pools, sipDomains } = topology;
  const entrance = pools.find(({ role }) => role === 'director') ?? pools[0];
  const started = sipDomains.map((domain) => `lyncdiscoverinternal.${domain}`);
  return [
    ...hostsOf(topology).map(({ fqdn, addresses }) => ({ name: fqdn, addresses })),
    ...pools.map((pool) => ({ name: pool.fqdn, addresses: poolAddresses(pool) })),
    ...pools.map((pool) => ({ name: pool.web.internal, addresses: webAddresses(pool) })),
    ...(entrance === undefined
      ? []
      : [...started, ...simpleUrls(topology)].map((name) => ({
          name,
          addresses: webAddresses(entrance),
        }))),
  ];
}

/** Names as remote clients look them up. */
function outside(topology: Topology): readonly Name[] {
  const { edges, reverseProxies, pools, sipDomains } = topology;
  const published = reverseProxies.flatMap(({ external }) => external?.addresses ?? []);
  return [
    ...edges.flatMap(({ external }) =>
      (external?.fqdns ?? []).map((name) => ({ name, addresses: external?.addresses ?? [] })),
    ),
    ...[
      ...pools.map(({ web }) => web.external),
      ...sipDomains.map((domain) => `lyncdiscover.${domain}`),
      ...simpleUrls(topology),
    ].map((name) => ({ name, addresses: published })),
  ];
}

/**
 * What `/etc/hosts` says in a namespace (hosts(5)). Of names given twice the first counts.
 *
 * @param side whose view it is; `inside` for every host of the topology
 */
export function hostsFile(topology: Topology, side: 'inside' | 'outside'): string {
  const names = side === 'inside' ? inside(topology) : outside(topology);
  const known = new Set<string>();
  const lines = names.flatMap(({ name, addresses }) => {
    if (known.has(name)) return [];
    known.add(name);
    return addresses.map((address) => `${address} ${name}`);
  });
  return ['127.0.0.1 localhost', '::1 localhost', ...lines, ''].join('\n');
}

/** What `/etc/resolv.conf` says there: the hosts file has every name, and nobody else is asked. */
export const resolvConf = `# A lab has no name server: /etc/hosts has every name.
nameserver 127.0.0.1
options timeout:1 attempts:1
`;
