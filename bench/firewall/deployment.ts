/** Hosts of a role in the deployment that is compiled: together 1,000. */
const counts = { directors: 10, pools: 20, edges: 349, proxies: 200, peers: 200 };
const members = 12;

const list = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

/** A topology file of 1,000 hosts: one pool behind a VIP, all Front Ends in DNS-balanced pools of twelve. */
export function topologyText(): string {
  let last = 0;
  const address = (): string => {
    last += 1;
    return `10.1.${last >> 8}.${last & 255}`;
  };
  const host = (name: string): string => `fqdn: ${name}.example.net, address: ${address()}`;
  const pool = (index: number): string => `  - fqdn: fepool${index}.example.net
    role: frontEnd
    loadBalancing: dns
    web: { internal: web${index}.example.net, external: web${index}.example.com }
    members:
${list(members, (member) => `      - { ${host(`fe${index}-${member}`)} }`)}`;
  return `sipDomains: [example.com]
networks: { internalClients: [10.128.0.0/16] }
pools:
  - fqdn: dirpool.example.net
    role: director
    loadBalancing: hardware
    vip: ${address()}
    balancer: lb.example.net
    web: { internal: dirpool.example.net, external: webdir.example.com }
    members:
${list(counts.directors, (index) => `      - { ${host(`dir${index}`)} }`)}
${list(counts.pools, pool)}
balancers: [{ ${host('lb')} }]
edges:
${list(counts.edges, (index) => `  - { ${host(`edge${index}`)}, nextHop: dirpool.example.net, external: { address: 198.18.${index >> 8}.${index & 255}, fqdns: [sip${index}.example.com] } }`)}
reverseProxies:
${list(counts.proxies, (index) => `  - { ${host(`rp${index}`)}, external: { address: 198.19.${index >> 8}.${index & 255} } }`)}
trustedPeers:
${list(counts.peers, (index) => `  - { ${host(`peer${index}`)} }`)}
`;
}
