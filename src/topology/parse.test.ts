import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { damages, sound } from './damages.fixture.ts';
import { hostsOf, parseTopology, runsUsher, topologyJsonSchema } from './index.ts';

function positionOf(text: string, at: string): { line: number; column: number } {
  const before = text.slice(0, text.indexOf(at)).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** The limits of a file with this key in it, or what is wrong with it. */
const limitsOf = (limits: string) => {
  const text = sound.replace('sipDomains:', `${limits}\nsipDomains:`);
  const { faults, topology } = parseTopology(text, 'limits.yaml');
  return faults.length === 0 ? topology?.limits : faults.map(({ path, code }) => `${path} ${code}`);
};

describe('a topology file', () => {
  it('is read without fault when it has none', () => {
    const { topology, faults } = parseTopology(sound, 'sound.yaml');
    assert.deepEqual(faults, []);
    assert.equal(topology?.name, 'contoso.com');
    assert.deepEqual(topology?.simpleUrls.meet, ['meet.contoso.com']);
    assert.deepEqual(topology?.timers, {
      probeInterval: 2,
      idleTimeout: 1800,
      keepAlive: undefined,
      firewallSession: undefined,
    });
    assert.deepEqual(topology?.users.digest, ['SHA-256', 'MD5']);
  });

  it('says which Front Ends are of another make', () => {
    const text = sound
      .replace('address: 10.1.2.11 }', 'address: 10.1.2.11, software: usher }')
      .replace('address: 10.1.3.11 }', 'address: 10.1.3.11, software: other }');
    const { topology, faults } = parseTopology(text, 'f.yaml');
    assert.deepEqual(faults, []);
    assert.ok(topology !== undefined);
    const others = hostsOf(topology).filter((host) => !runsUsher(host));
    assert.deepEqual(
      others.map(({ fqdn }) => fqdn),
      ['fe02.contoso.net'],
    );
  });

  it('resolves the ends of the flows of the site', () => {
    const text = `${sound}
policy:
  - name: backup
    from: [10.60.0.7, administration]
    to: [hosts, FE01.contoso.net]
    ports: [9102, 9110-9119]
    owner: Backup team
    reason: Nightly backup.
    expires: 2027-06-30
  - { name: dns, from: [dirpool01.contoso.net], to: [10.50.0.53], service: dns, owner: Net, reason: Names. }
`;
    const { topology, faults } = parseTopology(text, 'f.yaml');
    assert.deepEqual(faults, []);
    const [backup, dns] = topology?.policy ?? [];
    assert.deepEqual(backup?.from, ['10.60.0.7', '10.40.0.0/24']);
    assert.deepEqual(
      backup.to,
      hostsOf(topology ?? assert.fail()).flatMap(({ addresses }) => addresses),
    );
    assert.deepEqual(backup.ports, [
      { first: 9102, last: 9102 },
      { first: 9110, last: 9119 },
    ]);
    assert.deepEqual([backup.protocol, backup.expires], ['tcp', '2027-06-30']);
    assert.deepEqual(dns?.from, ['10.1.1.11', '10.1.1.12']);
    assert.deepEqual(parseTopology(sound, 'f.yaml').topology?.policy, []);
  });

  it('names certificate files relative to itself, not to where we run', () => {
    const text = `${sound}
trust: { caFile: ca.pem, certificateDirectory: ../certificates, crlFile: /etc/pki/ca.crl }
`;
    assert.deepEqual(parseTopology(text, '/etc/usher/topology.yaml').topology?.trust, {
      caFile: '/etc/usher/ca.pem',
      certificateDirectory: '/etc/certificates',
      crlFile: '/etc/pki/ca.crl',
    });
    assert.equal(parseTopology(text, 'sites/f.yaml').topology?.trust.caFile, 'sites/ca.pem');
    assert.equal(parseTopology(sound, 'f.yaml').topology?.trust.caFile, undefined);
  });

  for (const { that, from, to, code, path, at } of damages) {
    it(`is refused for ${that}`, () => {
      assert.ok(sound.includes(from), 'the test damages what is there');
      const text = sound.replace(from, () => to);
      const { faults } = parseTopology(text, 'damaged.yaml');
      const found = faults.find((fault) => fault.code === code && fault.path === path);
      assert.ok(found, `expected ${code} at ${path}, got ${JSON.stringify(faults, null, 1)}`);
      const { line, column } = found;
      if (code !== 'yaml-syntax') {
        assert.deepEqual({ line, column }, positionOf(text, at));
        assert.deepEqual(faults, [found], 'nothing else is at fault');
      }
      assert.equal(line, positionOf(text, at).line);
      for (const words of [found.found, found.allowed, found.remedy]) assert.notEqual(words, '');
    });
  }

  it('names the key that was probably meant', () => {
    const { faults } = parseTopology(sound.replace('nextHop', 'nexthop'), 'f.yaml');
    assert.match(faults.map((fault) => fault.remedy).join(' '), /Did you mean "nextHop"\?/u);
  });

  it('says why direct server return is refused', () => {
    const text = sound.replace('network: 10.1.1.0/24', 'nat: DSR');
    const { faults } = parseTopology(text, 'f.yaml');
    assert.match(faults[0]?.remedy ?? '', /not support direct server return/u);
  });

  it('reports every fault at once, in file order, structure and values together', () => {
    const text = sound
      .replace('10.30.0.0/16', '10.30.0.0/99')
      .replace('vip: 10.1.1.10', 'vip: 10.1.1.12')
      .replace('address: 10.1.2.11', 'address: nowhere')
      .replace('backupPool: fepool01', 'backupPool: fepool09')
      .replace('nextHop: dirpool01', 'nextHop: dirpool07')
      .replace('balancers:', 'port: 1\nbalancers:');
    const { faults } = parseTopology(text, 'f.yaml');
    assert.deepEqual(
      faults.map((fault) => fault.code),
      [
        'bad-network',
        'vip-is-host-address',
        'bad-address',
        'unknown-pool',
        'unknown-pool',
        'unknown-key',
      ],
    );
  });

  it('does not report what only follows from another fault', () => {
    const badVip = parseTopology(sound.replace('vip: 10.1.1.10', 'vip: ten'), 'f.yaml');
    assert.deepEqual(
      badVip.faults.map((fault) => fault.code),
      ['bad-address'],
    );
    const badPool = parseTopology(
      sound.replace('fqdn: dirpool01.contoso.net', 'fqdn: 7'),
      'f.yaml',
    );
    assert.deepEqual(
      badPool.faults.map((fault) => fault.code),
      ['bad-host-name'],
    );
  });

  it('needs a Front End pool, since Directors home nobody', () => {
    const [directorsOnly] = sound.split('  - fqdn: fepool01');
    const { faults } = parseTopology(
      `${directorsOnly ?? ''}balancers:\n  - { fqdn: lb01.contoso.net, address: 10.1.1.5 }\n`,
      'f.yaml',
    );
    assert.deepEqual(
      faults.map((fault) => fault.code),
      ['no-front-end-pool'],
    );
  });

  it('may let an Edge lead to a Front End pool where there is no Director', () => {
    const text = `sipDomains: [contoso.com]
networks: { internalClients: [10.30.0.0/16] }
pools:
  - fqdn: fe01.contoso.net
    role: frontEnd
    loadBalancing: none
    web: { internal: fe01.contoso.net, external: web.contoso.com }
    members: [{ fqdn: fe01.contoso.net, address: 10.1.2.11 }]
edges:
  - fqdn: edge01.contoso.net
    address: 10.1.8.11
    nextHop: fe01.contoso.net
    external: { address: '2001:db8::11', fqdns: [sip.contoso.com] }
`;
    assert.deepEqual(parseTopology(text, 'f.yaml').faults, []);
  });

  it('writes names in lower case and addresses in one form, whatever the file does', () => {
    const text = sound
      .replaceAll('10.1.', 'FD00:0:0:1::')
      .replaceAll(/FD00:0:0:1::(\d+)\.(\d+)/gu, '"FD00:0:0:1::$1:$2"')
      .replace('"FD00:0:0:1::1:0"/24', '"fd00:0:0:1::/64"')
      .replace('10.30.0.0/16', "'fd00:0:0:30::/64'")
      .replace('10.40.0.0/24', "'fd00:0:0:40::/64'")
      .replace('dir01.contoso.net', 'DIR01.Contoso.NET');
    const { topology, faults } = parseTopology(text, 'f.yaml');
    assert.deepEqual(faults, []);
    assert.deepEqual(topology?.pools[0]?.members[0], {
      fqdn: 'dir01.contoso.net',
      role: 'director',
      pool: 'dirpool01.contoso.net',
      addresses: ['fd00::1:0:0:1:11'],
    });
    assert.deepEqual(topology?.networks.internalClients, ['fd00:0:0:30::/64']);
  });

  it('survives whatever is thrown at it', () => {
    const oddities = [
      '',
      '- 1',
      'null',
      '"text"',
      'a: &a [*a]',
      'pools: &p [*p]',
      'pools: &p [{ members: *p }]',
      'sipDomains: *nowhere',
      '---\na: 1\n---\nb: 2',
      '? [a]: b',
      '__proto__: { polluted: true }',
      'pools: [null, 3, [], {}]',
      `a: ${'['.repeat(500)}`,
      `x: &x [1,1,1,1,1,1,1,1,1]\ny: &y [*x,*x,*x,*x,*x,*x,*x,*x,*x]\nz: &z [*y,*y,*y,*y,*y,*y,*y,*y]\npools: [*z,*z,*z,*z,*z]`,
    ];
    for (const text of oddities) {
      const { faults } = parseTopology(text, 'odd.yaml');
      assert.notEqual(faults.length, 0, text);
      for (const { line, column } of faults) assert.ok(line >= 1 && column >= 1, text);
    }
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });
});

describe('limits', () => {
  it('have defaults, take numbers, and refuse one that lets nothing in', () => {
    assert.deepEqual(limitsOf(''), { source: 500, user: 20 });
    assert.deepEqual(limitsOf('limits: { source: 9000 }'), { source: 9000, user: 20 });
    assert.deepEqual(limitsOf('limits: { user: 0 }'), ['limits.user bad-value']);
  });
});

describe('the JSON Schema', () => {
  it('in schema/ is the one the program checks with (usher init --schema writes it)', () => {
    const kept: unknown = JSON.parse(readFileSync('schema/topology.schema.json', 'utf8'));
    assert.deepEqual(kept, JSON.parse(JSON.stringify(topologyJsonSchema())));
  });
});
