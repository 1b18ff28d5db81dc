import type { Damage } from './damages.fixture.ts';

/** Addresses of both families in one place. */
export const familyDamages: readonly Damage[] = [
  {
    that: 'two addresses of one family on one host',
    from: 'fe01.contoso.net, address: 10.1.2.11',
    to: 'fe01.contoso.net, address: [10.1.2.11, 10.1.2.21]',
    code: 'family-twice',
    path: 'pools.1.members.0.address.1',
    at: '10.1.2.21',
  },
  {
    that: 'two networks of one family',
    from: 'network: 10.1.1.0/24',
    to: 'network: [10.1.1.0/24, 10.1.2.0/24]',
    code: 'family-twice',
    path: 'pools.0.network.1',
    at: '10.1.2.0/24',
  },
  {
    that: 'a list of addresses with one that is none',
    from: 'fe01.contoso.net, address: 10.1.2.11',
    to: "fe01.contoso.net, address: [10.1.2.11, 'fd00::zz']",
    code: 'bad-address',
    path: 'pools.1.members.0.address.1',
    at: "'fd00::zz'",
  },
  {
    that: 'three addresses',
    from: 'fe01.contoso.net, address: 10.1.2.11',
    to: "fe01.contoso.net, address: [10.1.2.11, 'fd00::1', 'fd00::2']",
    code: 'bad-address',
    path: 'pools.1.members.0.address',
    at: "[10.1.2.11, 'fd00::1'",
  },
];
