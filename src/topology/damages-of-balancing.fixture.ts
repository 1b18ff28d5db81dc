import type { Damage } from './damages.fixture.ts';

/** Ways to spoil how a pool shares its connections. */
export const balancingDamages: readonly Damage[] = [
  {
    that: 'destination NAT without the network that shows who would be answered past the balancer',
    from: 'network: 10.1.1.0/24',
    to: 'nat: destination\n    engine: nftables',
    code: 'nat-needs-network',
    path: 'pools.0.network',
    at: 'fqdn: dirpool01',
  },
  {
    that: 'least connections with an engine that counts none',
    from: 'network: 10.1.1.0/24',
    to: 'engine: nftables\n    balancing: { scheduling: leastConnections }',
    code: 'scheduling-needs-count',
    path: 'pools.0.balancing.scheduling',
    at: 'leastConnections }',
  },
  {
    that: 'a limit of connections that is none',
    from: 'network: 10.1.1.0/24',
    to: 'balancing: { connectionsPerMember: 0 }',
    code: 'bad-value',
    path: 'pools.0.balancing.connectionsPerMember',
    at: '0 }',
  },
  {
    that: 'affinity for a service that is not balanced',
    from: 'network: 10.1.1.0/24',
    to: 'balancing: { affinity: { published: source } }',
    code: 'unknown-key',
    path: 'pools.0.balancing.affinity.published',
    at: 'published: source',
  },
  {
    that: 'two pools that ask one balancer for different engines',
    from: '    loadBalancing: none\n    backupPool: fepool02.contoso.net',
    to: '    loadBalancing: hardware\n    vip: 10.1.2.10\n    balancer: lb01.contoso.net\n    engine: haproxy\n    backupPool: fepool02.contoso.net',
    code: 'engines-differ',
    path: 'pools.1.engine',
    at: 'haproxy',
  },
];
