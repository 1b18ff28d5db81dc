import { balancingDamages } from './damages-of-balancing.fixture.ts';
import { familyDamages } from './damages-of-families.fixture.ts';
import { policyDamages } from './damages-of-policy.fixture.ts';

/** A deployment without fault; every test damages one copy of it. */
export const sound = `sipDomains: [contoso.com]
networks:
  internalClients: [10.30.0.0/16]
  administration: [10.40.0.0/24]
pools:
  - fqdn: dirpool01.contoso.net
    role: director
    loadBalancing: hardware
    network: 10.1.1.0/24
    vip: 10.1.1.10
    balancer: lb01.contoso.net
    web: { internal: webdir.contoso.net, external: webdir.contoso.com }
    members:
      - { fqdn: dir01.contoso.net, address: 10.1.1.11 }
      - { fqdn: dir02.contoso.net, address: 10.1.1.12 }
  - fqdn: fepool01.contoso.net
    role: frontEnd
    loadBalancing: none
    backupPool: fepool02.contoso.net
    web: { internal: web1.contoso.net, external: web1.contoso.com }
    members:
      - { fqdn: fe01.contoso.net, address: 10.1.2.11 }
  - fqdn: fepool02.contoso.net
    role: frontEnd
    loadBalancing: none
    backupPool: fepool01.contoso.net
    web: { internal: web2.contoso.net, external: web2.contoso.com }
    members:
      - { fqdn: fe02.contoso.net, address: 10.1.3.11 }
edges:
  - fqdn: edge01.contoso.net
    address: 10.1.8.11
    nextHop: dirpool01.contoso.net
    external: { address: 203.0.113.11, fqdns: [sip.contoso.com] }
balancers:
  - { fqdn: lb01.contoso.net, address: 10.1.1.5 }
`;

/** One way to spoil the sound file, and the one fault that must be found. */
export interface Damage {
  readonly that: string;
  readonly from: string;
  readonly to: string;
  readonly code: string;
  readonly path: string;
  /** Text at the place the fault must point to, in the damaged file. */
  readonly at: string;
}

export const damages: readonly Damage[] = [
  {
    that: 'an unknown key, with the key that was meant',
    from: 'sipDomains:',
    to: 'sipDomain: x\nsipDomains:',
    code: 'unknown-key',
    path: 'sipDomain',
    at: 'sipDomain: x',
  },
  {
    that: 'a file without SIP domain',
    from: '[contoso.com]',
    to: '[]',
    code: 'no-sip-domain',
    path: 'sipDomains',
    at: '[]',
  },
  {
    that: 'a bad host name',
    from: 'fqdn: dir01.contoso.net',
    to: 'fqdn: dir_01',
    code: 'bad-host-name',
    path: 'pools.0.members.0.fqdn',
    at: 'dir_01',
  },
  {
    that: 'a bad address',
    from: '10.1.2.11',
    to: '10.1.2.311',
    code: 'bad-address',
    path: 'pools.1.members.0.address',
    at: '10.1.2.311',
  },
  {
    that: 'an address no host can have',
    from: '10.1.2.11',
    to: '239.1.1.1',
    code: 'bad-address',
    path: 'pools.1.members.0.address',
    at: '239.1.1.1',
  },
  {
    that: 'a block with host bits',
    from: '10.30.0.0/16',
    to: '10.30.0.1/16',
    code: 'bad-network',
    path: 'networks.internalClients.0',
    at: '10.30.0.1/16',
  },
  {
    that: 'a port out of range',
    from: 'balancers:',
    to: 'ports: { sip: 65536 }\nbalancers:',
    code: 'bad-port',
    path: 'ports.sip',
    at: '65536',
  },
  {
    that: 'an unknown service under ports',
    from: 'balancers:',
    to: 'ports: { sipp: 6000 }\nbalancers:',
    code: 'unknown-key',
    path: 'ports.sipp',
    at: 'sipp',
  },
  {
    that: 'a service that stands twice under ports',
    from: 'balancers:',
    to: 'ports: { sip: 6000, sip: 6001 }\nbalancers:',
    code: 'yaml-syntax',
    path: '',
    at: 'sip: 6001',
  },
  {
    that: 'a role that does not exist',
    from: 'role: director',
    to: 'role: Director',
    code: 'bad-value',
    path: 'pools.0.role',
    at: 'Director\n',
  },
  {
    that: 'a missing web section',
    from: '    web: { internal: webdir.contoso.net, external: webdir.contoso.com }\n',
    to: '',
    code: 'missing',
    path: 'pools.0.web',
    at: 'fqdn: dirpool01',
  },
  {
    that: 'a name two hosts have, whatever its case',
    from: 'fqdn: dir02',
    to: 'fqdn: DIR01',
    code: 'duplicate-fqdn',
    path: 'pools.0.members.1.fqdn',
    at: 'DIR01',
  },
  {
    that: 'a pool of several named like one of its members',
    from: 'fqdn: dir02.contoso.net',
    to: 'fqdn: dirpool01.contoso.net',
    code: 'duplicate-fqdn',
    path: 'pools.0.members.1.fqdn',
    at: 'dirpool01.contoso.net, address',
  },
  {
    that: 'an address two hosts have',
    from: '10.1.8.11',
    to: '10.1.3.11',
    code: 'duplicate-address',
    path: 'edges.0.address',
    at: '10.1.3.11\n',
  },
  {
    that: 'an Edge with one address for both sides',
    from: '203.0.113.11',
    to: '10.1.8.11',
    code: 'duplicate-address',
    path: 'edges.0.external.address',
    at: '10.1.8.11, fqdns',
  },
  {
    that: 'a VIP that is the address of a member',
    from: 'vip: 10.1.1.10',
    to: 'vip: 10.1.1.12',
    code: 'vip-is-host-address',
    path: 'pools.0.vip',
    at: '10.1.1.12\n',
  },
  {
    that: 'a VIP that is the address of the balancer',
    from: 'vip: 10.1.1.10',
    to: 'vip: 10.1.1.5',
    code: 'vip-is-host-address',
    path: 'pools.0.vip',
    at: '10.1.1.5\n',
  },
  {
    that: 'an unknown backup pool',
    from: 'backupPool: fepool02',
    to: 'backupPool: fepool03',
    code: 'unknown-pool',
    path: 'pools.1.backupPool',
    at: 'fepool03',
  },
  {
    that: 'a pool that backs itself up',
    from: 'backupPool: fepool02',
    to: 'backupPool: fepool01',
    code: 'backup-is-itself',
    path: 'pools.1.backupPool',
    at: 'fepool01.contoso.net\n    web',
  },
  {
    that: 'a Director pool as backup',
    from: 'backupPool: fepool02',
    to: 'backupPool: dirpool01',
    code: 'backup-is-director',
    path: 'pools.1.backupPool',
    at: 'dirpool01.contoso.net\n    web',
  },
  {
    that: 'a Director pool with a backup',
    from: 'network: 10.1.1.0/24',
    to: 'backupPool: fepool01.contoso.net',
    code: 'director-has-backup',
    path: 'pools.0.backupPool',
    at: 'fepool01.contoso.net\n    vip',
  },
  {
    that: 'a next hop that is a server instead of a pool',
    from: 'nextHop: dirpool01',
    to: 'nextHop: dir01',
    code: 'unknown-pool',
    path: 'edges.0.nextHop',
    at: 'dir01.contoso.net\n    external',
  },
  {
    that: 'a next hop that bypasses the Directors',
    from: 'nextHop: dirpool01',
    to: 'nextHop: fepool01',
    code: 'next-hop-bypasses-director',
    path: 'edges.0.nextHop',
    at: 'fepool01.contoso.net\n    external',
  },
  {
    that: 'an unknown balancer',
    from: 'balancer: lb01',
    to: 'balancer: lb02',
    code: 'unknown-balancer',
    path: 'pools.0.balancer',
    at: 'lb02',
  },
  {
    that: 'a balancer that is another kind of host',
    from: 'balancer: lb01',
    to: 'balancer: edge01',
    code: 'unknown-balancer',
    path: 'pools.0.balancer',
    at: 'edge01.contoso.net\n    web',
  },
  {
    that: 'a VIP nobody serves',
    from: '    balancer: lb01.contoso.net\n',
    to: '',
    code: 'balancer-missing',
    path: 'pools.0.balancer',
    at: 'fqdn: dirpool01',
  },
  {
    that: 'a member outside the network of its pool',
    from: 'address: 10.1.1.12',
    to: 'address: 10.1.4.12',
    code: 'outside-network',
    path: 'pools.0.members.1.address',
    at: '10.1.4.12',
  },
  {
    that: 'a VIP outside the network of its pool',
    from: 'vip: 10.1.1.10',
    to: 'vip: 10.1.4.10',
    code: 'outside-network',
    path: 'pools.0.vip',
    at: '10.1.4.10',
  },
  {
    that: 'direct server return, with the reason',
    from: 'network: 10.1.1.0/24',
    to: 'nat: direct-server-return',
    code: 'direct-server-return',
    path: 'pools.0.nat',
    at: 'direct-server-return',
  },
  {
    that: 'destination NAT with an engine that cannot do it',
    from: 'network: 10.1.1.0/24',
    to: 'nat: destination',
    code: 'nat-needs-nftables',
    path: 'pools.0.nat',
    at: 'destination\n',
  },
  ...balancingDamages,
  ...policyDamages,
  {
    that: 'hardware balancing without VIP',
    from: '    vip: 10.1.1.10\n',
    to: '',
    code: 'vip-missing',
    path: 'pools.0.vip',
    at: 'fqdn: dirpool01',
  },
  {
    that: 'DNS balancing of Directors without a VIP for the web services',
    from: 'hardware\n    network: 10.1.1.0/24\n    vip: 10.1.1.10\n    balancer: lb01.contoso.net',
    to: 'dns',
    code: 'vip-missing',
    path: 'pools.0.vip',
    at: 'fqdn: dirpool01',
  },
  {
    that: 'DNS balancing with one name for members and VIP',
    from: 'hardware\n    network: 10.1.1.0/24\n    vip: 10.1.1.10\n    balancer: lb01.contoso.net\n    web: { internal: webdir',
    to: 'dns\n    vip: 10.1.1.10\n    balancer: lb01.contoso.net\n    web: { internal: dirpool01',
    code: 'web-name-is-pool-name',
    path: 'pools.0.web.internal',
    at: 'dirpool01.contoso.net, external',
  },
  {
    that: 'several members without load balancing',
    from: 'hardware\n    network: 10.1.1.0/24\n    vip: 10.1.1.10\n    balancer: lb01.contoso.net',
    to: 'none',
    code: 'balancing-needed',
    path: 'pools.0.loadBalancing',
    at: 'none\n    web: { internal: webdir',
  },
  {
    that: 'a VIP without load balancing',
    from: 'none\n    backupPool: fepool02.contoso.net',
    to: 'none\n    vip: 10.1.2.10',
    code: 'vip-without-balancing',
    path: 'pools.1.vip',
    at: '10.1.2.10',
  },
  {
    that: 'more than ten Directors in a pool',
    from: '      - { fqdn: dir02.contoso.net, address: 10.1.1.12 }\n',
    to: Array.from(
      { length: 10 },
      (_, index) => `      - { fqdn: d${index}.contoso.net, address: 10.1.1.${index + 20} }\n`,
    ).join(''),
    code: 'too-many-members',
    path: 'pools.0.members',
    at: '- { fqdn: dir01',
  },
  {
    that: 'a Director of another make',
    from: 'address: 10.1.1.12 }',
    to: 'address: 10.1.1.12, software: other }',
    code: 'director-of-other-make',
    path: 'pools.0.members.1.software',
    at: 'other }',
  },
  {
    that: 'two pools with one external web name',
    from: 'external: web2.contoso.com',
    to: 'external: web1.contoso.com',
    code: 'duplicate-web-name',
    path: 'pools.2.web.external',
    at: 'web1.contoso.com }\n    members:\n      - { fqdn: fe02',
  },
  ...familyDamages,
  {
    that: 'a SIP domain that stands twice',
    from: '[contoso.com]',
    to: '[contoso.com, CONTOSO.com]',
    code: 'duplicate-domain',
    path: 'sipDomains.1',
    at: 'CONTOSO.com',
  },
  {
    that: 'YAML that is none',
    from: '[contoso.com]',
    to: '[contoso.com',
    code: 'yaml-syntax',
    path: '',
    at: 'networks:',
  },
];
