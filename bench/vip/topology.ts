import type { EngineName } from '#topology';

/** The engines measured, in their turns. */
export const engines: readonly EngineName[] = ['nftables', 'haproxy', 'embedded'];

/** A balancer with a VIP and two members of its own. */
export interface Rival {
  readonly engine: EngineName;
  /** FQDN of its balancer. */
  readonly balancer: string;
  readonly vip: string;
  readonly address: string;
  readonly members: readonly { readonly fqdn: string; readonly address: string }[];
}

/** 10.9.1: clients and VIPs; 10.9.2 and 10.9.3: one member of each balancer. */
export const rivals: readonly Rival[] = engines.map((engine, index) => ({
  engine,
  balancer: `lb-${engine}.contoso.test`,
  vip: `10.9.1.${11 + index}`,
  address: `10.9.1.${21 + index}`,
  members: [2, 3].map((network) => ({
    fqdn: `${engine}${network - 1}.contoso.test`,
    address: `10.9.${network}.${11 + index}`,
  })),
}));

/** Who drives the load, as a trusted peer. */
export const driver = { fqdn: 'load.contoso.test', address: '10.9.1.2' } as const;

function poolOf({ engine, balancer, vip, members }: Rival): string {
  return `
  - fqdn: ${engine}.contoso.test
    role: director
    loadBalancing: hardware
    vip: ${vip}
    balancer: ${balancer}
    engine: ${engine}
    # One address makes all the load.
    balancing: { affinity: { webInternalPlain: none } }
    web: { internal: ${engine}.contoso.test, external: web${engine}.contoso.test }
    members: [${members.map(({ fqdn, address }) => `{ fqdn: ${fqdn}, address: ${address} }`).join(', ')}]`;
}

/** A deployment with a Director pool behind each engine, and the one Front End a deployment needs. */
export function topology(): string {
  return `name: Bench
sipDomains: [contoso.test]
networks: { internalClients: [10.9.1.0/24] }
pools:${rivals.map(poolOf).join('')}
  - fqdn: fe01.contoso.test
    role: frontEnd
    loadBalancing: none
    web: { internal: fe01.contoso.test, external: webfe01.contoso.test }
    members: [{ fqdn: fe01.contoso.test, address: 10.9.4.11, software: other }]
balancers: [${rivals.map(({ balancer, address }) => `{ fqdn: ${balancer}, address: ${address} }`).join(', ')}]
# Probes with time to spare: the load takes all there is of the machine.
timers: { probeInterval: 10 }
trustedPeers: [{ fqdn: ${driver.fqdn}, address: ${driver.address} }]
`;
}
