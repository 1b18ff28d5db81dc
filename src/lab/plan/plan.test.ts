import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadPlan } from '#ports';
import type { Plan } from '#ports';
import {
  checkName,
  hostsFile,
  markedPorts,
  meant,
  networkOf,
  renumbered,
  setupsOf,
} from './index.ts';
import type { Setup } from './index.ts';

function example(name: string, change: (text: string) => string = (text) => text): Plan {
  const file = `examples/${name}.yaml`;
  const text = renumbered(readFileSync(file, 'utf8'), file);
  const loaded = loadPlan(change(text), file);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.plan;
}

const contoso = example('contoso');
const { links, setups } = setupsOf('try', networkOf(contoso), contoso);

const setup = (station: string, of: readonly Setup[] = setups): Setup => {
  const found = of.find((each) => each.station === station);
  assert.ok(found, station);
  return found;
};

describe('moved addresses', () => {
  it('are those of loopback, each once', () => {
    const text = 'a: 127.10.1.11 # also 127.10.1.0/24\nb: 127.0.0.53.\nc: 1.127.0.0.1 127.1';
    assert.equal(
      renumbered(text, 'f.yaml'),
      'a: 10.10.1.11 # also 10.10.1.0/24\nb: 10.0.0.53.\nc: 1.127.0.0.1 127.1',
    );
  });

  it('leave real addresses alone', () => {
    const text = 'a: 10.1.0.1\nb: 2001:db8::1\nc: "::10"';
    assert.equal(renumbered(text, 'f.yaml'), text);
  });

  it('are refused where they meet one that is there, and where IPv6 has only one', () => {
    const clash = { code: 'USHER_LAB_ADDRESS', message: /127\.1\.2\.3 would become 10\.1\.2\.3/u };
    assert.throws(() => renumbered('a: 127.1.2.3\nb: 10.1.2.3', 'f.yaml'), clash);
    assert.throws(() => renumbered('a: "::1"', 'f.yaml'), { code: 'USHER_LAB_ADDRESS' });
  });
});

describe('the network of a lab', () => {
  const { segments, stations } = networkOf(contoso);
  const zoneOf = (segment: number | undefined): string => segments[segment ?? -1]?.zone ?? '';
  const zones = (name: string): readonly (readonly [string, readonly string[]])[] =>
    (stations.find((station) => station.name === name)?.ports ?? []).map(
      ({ segment, addresses }) => [zoneOf(segment), addresses] as const,
    );

  it('has a wire for every zone of the two firewalls', () => {
    assert.deepEqual(
      segments.map(({ router, zone }) => `${router} ${zone}`),
      [
        'gateway dirpool01.contoso.net',
        'gateway fepool01.contoso.net',
        'gateway fepool02.contoso.net',
        'gateway edge',
        'gateway reverseProxy',
        'gateway administration',
        'gateway internalClients',
        'perimeter outside',
        'perimeter published',
      ],
    );
  });

  it('gives the balancer its VIP, and an Edge a second interface outside', () => {
    assert.deepEqual(zones('lb01.contoso.net'), [
      ['dirpool01.contoso.net', ['10.10.1.5', '10.10.1.10']],
    ]);
    assert.deepEqual(zones('edge01.contoso.net'), [
      ['edge', ['10.10.8.11']],
      ['published', ['10.20.0.11']],
    ]);
  });

  it('gives a balancer an interface in every pool it serves', () => {
    const network = networkOf(example('dns-balanced'));
    const balancer = network.stations.find(({ name }) => name.startsWith('lb01'));
    assert.deepEqual(
      balancer?.ports.map(({ addresses }) => addresses),
      [['10.12.1.5', '10.12.1.10'], ['10.12.2.10']],
    );
  });

  it('has clients in every network of people, and one outside', () => {
    assert.deepEqual(zones('internalClients'), [['internalClients', ['10.30.0.1']]]);
    assert.deepEqual(zones('administration'), [['administration', ['10.40.0.1']]]);
    assert.deepEqual(zones('outside'), [['outside', ['203.0.113.10']]]);
  });

  it('refuses an outside address that lies in a network of the inside', () => {
    const plan = example('contoso', (text) => text.replace('10.20.0.11', '10.30.7.7'));
    assert.throws(() => networkOf(plan), {
      code: 'USHER_LAB_ADDRESS',
      message: /10\.30\.7\.7 is published outside and belongs to internalClients/u,
    });
  });
});

describe('the setup of a namespace', () => {
  it('has both ends of every wire, the other end in the namespace of the wires', () => {
    const [first = ''] = links;
    assert.equal(
      first,
      'link add eth0 netns try-dir01.contoso.net type veth peer name p0 netns try-wire',
    );
    const ends = links.map((line) => line.split(' ').slice(2, 5).join(' '));
    assert.equal(new Set(ends).size, links.length);
    for (const line of links) {
      const peer = line.split(' ').at(-3) ?? '';
      const masters = setup('wire').ip.filter((each) => each.startsWith(`link set ${peer} master`));
      assert.equal(masters.length, 1, peer);
    }
  });

  it('leads a host to its neighbours by the wire and to all others by the gateway', () => {
    const { ip } = setup('dir01.contoso.net');
    assert.ok(ip.includes('addr add 10.10.1.11/32 dev eth0'));
    assert.ok(ip.includes('route add 10.10.1.0/24 dev eth0'));
    assert.ok(ip.includes('route add default via 169.254.0.1 dev eth0 onlink src 10.10.1.11'));
  });

  it('sends out by the outer interface of an Edge what its outer address answers', () => {
    const { ip } = setup('edge01.contoso.net');
    assert.ok(ip.includes('rule add from 10.20.0.11 lookup 101'));
    assert.ok(
      ip.includes('route add default via 169.254.0.1 dev eth1 onlink src 10.20.0.11 table 101'),
    );
  });

  it('puts hosts and firewalls under the rules of the port table, clients under none', () => {
    assert.equal(setup('dir01.contoso.net').rules?.device, 'dir01.contoso.net');
    assert.equal(setup('gateway').rules?.device, 'gateway');
    assert.equal(setup('perimeter').rules?.device, 'perimeter');
    for (const name of ['outside', 'internalClients', 'wire']) {
      assert.equal(setup(name).rules, undefined);
    }
  });

  it('switches IPv6 off where no address of the topology is of it', () => {
    for (const { sysctls, ip6 } of setups) {
      assert.deepEqual(
        sysctls.find(([key]) => key === 'net/ipv6/conf/all/disable_ipv6'),
        ['net/ipv6/conf/all/disable_ipv6', '1'],
      );
      assert.deepEqual(ip6, []);
    }
  });

  it('keeps the marked ports out of the range the kernel gives out', () => {
    for (const { first, last } of Object.values(markedPorts))
      assert.ok(first < last && last < 32_768);
  });
});

describe('a lab of both families', () => {
  const plan = example('two-sites');
  const network = networkOf(plan);
  const both = setupsOf('try', network, plan).setups;

  it('has a remote client with an address of each', () => {
    assert.deepEqual(network.families, [4, 6]);
    const outside = network.stations.find(({ name }) => name === 'outside');
    assert.deepEqual(
      outside?.ports.flatMap(({ addresses }) => addresses),
      ['203.0.113.10', '2001:db8:ffff::10'],
    );
  });

  it('gives every host its addresses, routes and rules in each', () => {
    const director = setup('dir01.fabrikam.net', both);
    assert.ok(director.ip.includes('addr add 10.1.1.11/32 dev eth0'));
    assert.ok(
      director.ip.includes('route add default via 169.254.0.1 dev eth0 onlink src 10.1.1.11'),
    );
    assert.ok(director.ip6.includes('addr add fd5e:1:1::11/128 dev eth0 nodad'));
    assert.ok(director.ip6.includes('route add default via fe80::1 dev eth0 src fd5e:1:1::11'));
    const edge = setup('edge01.fabrikam.net', both);
    assert.ok(edge.ip.includes('rule add from 198.51.100.11 lookup 101'));
    assert.ok(edge.ip6.includes('rule add from 2001:db8:1:20::11 lookup 101'));
    const balancer = setup('lb01.fabrikam.net', both);
    assert.ok(balancer.ip.includes('addr add 10.1.1.10/32 dev eth0'));
    assert.ok(balancer.ip6.includes('addr add fd5e:1:1::10/128 dev eth0 nodad'));
  });

  it('has commands of a family only where an address of it is', () => {
    const alone = example('two-sites', (text) =>
      text.replace("['fd5e:2:1::11', 10.2.1.11]", "'fd5e:2:1::11'"),
    );
    const director = setup('dir03.fabrikam.net', setupsOf('try', networkOf(alone), alone).setups);
    assert.deepEqual(director.ip, ['link set lo up', 'link set eth0 up']);
    assert.ok(director.ip6.includes('addr add fd5e:2:1::11/128 dev eth0 nodad'));
  });

  it('knows every name by the addresses of both', () => {
    const inside = hostsFile(plan.topology, 'inside').split('\n');
    for (const address of ['fd5e:1:1::10', '10.1.1.10'])
      assert.ok(inside.includes(`${address} dirpool01.fabrikam.net`), address);
    for (const address of ['fd5e:1:2::12', '10.1.2.12'])
      assert.ok(inside.includes(`${address} fe02.fabrikam.net`), address);
    const outside = hostsFile(plan.topology, 'outside').split('\n');
    for (const address of ['2001:db8:2:20::11', '203.0.113.11'])
      assert.ok(outside.includes(`${address} sip2.fabrikam.com`), address);
  });

  it('leaves IPv6 on', () => {
    const { sysctls } = setup('dir01.fabrikam.net', both);
    assert.equal(
      sysctls.find(([key]) => key.endsWith('disable_ipv6')),
      undefined,
    );
  });
});

describe('names of a lab', () => {
  it('lead inside to VIPs and members, outside to what is published', () => {
    const inside = hostsFile(contoso.topology, 'inside').split('\n');
    assert.ok(inside.includes('10.10.1.10 dirpool01.contoso.net'));
    assert.ok(inside.includes('10.10.2.12 fepool01.contoso.net'));
    assert.ok(inside.includes('10.10.1.10 lyncdiscoverinternal.contoso.com'));
    const outside = hostsFile(contoso.topology, 'outside').split('\n');
    assert.ok(outside.includes('10.20.0.11 sip.contoso.com'));
    assert.ok(outside.includes('10.20.0.21 webdirext.contoso.com'));
    assert.ok(!outside.some((line) => line.includes('dir01.contoso.net')));
  });

  it('mean a station by its first label as long as only one has it', () => {
    const names = ['fe01.a.net', 'fe01.b.net', 'dir01.a.net', 'gateway'];
    assert.equal(meant(names, 'DIR01'), 'dir01.a.net');
    assert.equal(meant(names, 'fe01.b.net'), 'fe01.b.net');
    assert.throws(() => meant(names, 'fe01'), { code: 'USHER_LAB_HOST', message: /means/u });
    assert.throws(() => meant(names, 'lb01'), { code: 'USHER_LAB_HOST' });
  });

  it('are short and plain', () => {
    assert.equal(checkName('lab-2'), 'lab-2');
    for (const bad of ['', 'Lab', '../x', 'a b', 'x'.repeat(17), '-a']) {
      assert.throws(() => checkName(bad), { code: 'USHER_LAB_NAME' }, bad);
    }
  });
});
