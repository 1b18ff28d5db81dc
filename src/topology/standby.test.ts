import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sound } from './damages.fixture.ts';
import {
  balancersOf,
  findHost,
  findPool,
  pairOf,
  parseTopology,
  partnerOf,
  standbysOf,
} from './index.ts';

/** The sound file with a pair before the VIP: `of` stands in the pool, `hosts` among the balancers. */
function paired(of: string, hosts = '{ fqdn: lb02.contoso.net, address: 10.1.1.6 }'): string {
  return sound
    .replace('    balancer: lb01.contoso.net\n', `${of.replaceAll(/^/gmu, '    ')}\n`)
    .replace('balancers:\n', `balancers:\n  - ${hosts}\n`);
}

/** A second pool with a VIP of its own. */
const second = (text: string, of: string): string =>
  text.replace(
    '    loadBalancing: none\n    backupPool: fepool02',
    `    loadBalancing: hardware\n    vip: 10.1.2.10\n${of.replaceAll(/^/gmu, '    ')}\n    backupPool: fepool02`,
  );

const pair = 'balancer: lb01.contoso.net\nstandby: lb02.contoso.net\nengine: haproxy';
const swapped = 'balancer: lb02.contoso.net\nstandby: lb01.contoso.net\nengine: haproxy';
const alone = 'balancer: lb01.contoso.net\nengine: haproxy';
const third = 'balancer: lb03.contoso.net\nstandby: lb02.contoso.net\nengine: haproxy';
const lb03 =
  '{ fqdn: lb02.contoso.net, address: 10.1.1.6 }\n  - { fqdn: lb03.contoso.net, address: 10.1.1.7 }';

describe('a balancer that takes the VIP over from another', () => {
  it('is part of the topology, and each of the two knows the other', () => {
    const { topology, faults } = parseTopology(second(paired(pair), pair), 'pair.yaml');
    assert.deepEqual(faults, []);
    assert.ok(topology !== undefined);
    const pool = findPool(topology, 'dirpool01.contoso.net');
    const [one, other] = [...(pool === undefined ? [] : balancersOf(topology, pool))];
    assert.deepEqual([one?.fqdn, other?.fqdn], ['lb01.contoso.net', 'lb02.contoso.net']);
    assert.ok(one !== undefined && other !== undefined);
    assert.equal(partnerOf(topology, one), other);
    assert.equal(partnerOf(topology, other), one);
    assert.deepEqual(standbysOf(topology), [other]);
    const director = findHost(topology, 'dir01.contoso.net');
    assert.ok(director !== undefined && partnerOf(topology, director) === undefined);
  });

  it('is refused for a VIP of both address families: the two agree by one conversation', () => {
    const text = paired(pair).replace('vip: 10.1.1.10', "vip: [10.1.1.10, 'fd00:1:1::10']");
    const { faults } = parseTopology(text, 'pair.yaml');
    assert.ok(
      faults.some(({ code, path }) => code === 'standby-one-family' && path === 'pools.0.vip.1'),
    );
    // Of the pair, both have to have the families of the VIP.
    const missing = faults.filter(({ code }) => code === 'family-missing').map(({ path }) => path);
    assert.ok(missing.includes('balancers.0.address') && missing.includes('balancers.1.address'));
  });

  it('agrees with its partner by the family of the VIP, where it has both', () => {
    const text = paired(
      pair,
      "{ fqdn: lb02.contoso.net, address: ['fd00:1:1::6', 10.1.1.6] }",
    ).replace(
      'lb01.contoso.net, address: 10.1.1.5',
      "lb01.contoso.net, address: ['fd00:1:1::5', 10.1.1.5]",
    );
    const { topology, faults } = parseTopology(text, 'pair.yaml');
    assert.deepEqual(faults, []);
    assert.ok(topology !== undefined);
    const lb01 = findHost(topology, 'lb01.contoso.net');
    assert.deepEqual(lb01 && pairOf(topology, lb01), {
      address: '10.1.1.5',
      partner: { host: 'lb02.contoso.net', address: '10.1.1.6' },
    });
  });

  const refused: readonly (readonly [string, string, string, string])[] = [
    [
      'is not listed',
      paired('balancer: lb01.contoso.net\nstandby: lb09.contoso.net\nengine: haproxy'),
      'unknown-balancer',
      'pools.0.standby',
    ],
    [
      'is another kind of host',
      paired('balancer: lb01.contoso.net\nstandby: edge01.contoso.net\nengine: haproxy'),
      'unknown-balancer',
      'pools.0.standby',
    ],
    [
      'is the balancer itself, however it is spelt',
      paired('balancer: lb01.contoso.net\nstandby: LB01.contoso.net\nengine: haproxy'),
      'standby-is-balancer',
      'pools.0.standby',
    ],
    [
      'has nobody to take over from',
      paired('standby: lb02.contoso.net\nengine: haproxy'),
      'standby-without-balancer',
      'pools.0.standby',
    ],
    [
      'has the default engine, which cannot wait',
      paired('balancer: lb01.contoso.net\nstandby: lb02.contoso.net'),
      'standby-needs-engine',
      'pools.0.standby',
    ],
    [
      'has the embedded engine by name',
      paired(pair.replace('haproxy', 'embedded')),
      'standby-needs-engine',
      'pools.0.engine',
    ],
    [
      'is on another wire than the balancer',
      paired(pair, '{ fqdn: lb02.contoso.net, address: 10.1.9.6 }'),
      'standby-elsewhere',
      'pools.0.standby',
    ],
    [
      'takes over one of two pools only',
      second(paired(pair), alone),
      'standbys-differ',
      'pools.1.balancer',
    ],
    [
      'is the balancer of the other pool',
      second(paired(pair), swapped),
      'standbys-differ',
      'pools.1.standby',
    ],
    [
      'takes over from two balancers',
      second(paired(pair, lb03), third),
      'standbys-differ',
      'pools.1.standby',
    ],
  ];
  for (const [that, text, code, path] of refused) {
    it(`is refused when it ${that}`, () => {
      const { faults } = parseTopology(text, 'pair.yaml');
      const found = faults.find((fault) => fault.code === code);
      assert.ok(found !== undefined, JSON.stringify(faults));
      assert.equal(found.path, path);
      assert.ok(found.line > 1 && found.allowed !== '' && found.remedy !== '');
    });
  }
});
