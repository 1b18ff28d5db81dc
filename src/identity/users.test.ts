import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseTopology, type Host, type Topology } from '#topology';
import { createDemoUsers } from './demo.ts';
import { type ImportFormat, type ImportResult, importUsers } from './import/users.ts';
import { serversFor } from './placement.ts';
import { verifiersOf } from './verifier.ts';

const file = new URL('../../examples/contoso.yaml', import.meta.url);
const parsed = parseTopology(readFileSync(file, 'utf8'), 'contoso.yaml');
assert.ok(parsed.topology !== undefined);
const topology: Topology = parsed.topology;
const [pool1, pool2] = ['fepool01.contoso.net', 'fepool02.contoso.net'];

/** The example with that many Front Ends in its first pool. */
function withMembers(fqdns: readonly string[]): Topology {
  const members = fqdns.map((fqdn, i): Host => ({
    fqdn,
    role: 'frontEnd',
    pool: pool1,
    addresses: [`127.10.2.${i + 1}`],
  }));
  const pools = topology.pools.map((pool) => (pool.fqdn === pool1 ? { ...pool, members } : pool));
  return { ...topology, pools };
}

function firstOf(where: Topology, local: string): string | undefined {
  return serversFor(where, { aor: `${local}@contoso.com`, homePool: pool1 })[0]?.fqdn;
}

describe('the servers of a user', () => {
  test('are the members of the home pool, then those of the backup pool', () => {
    const servers = serversFor(topology, { aor: 'alice@contoso.com', homePool: pool1 });
    assert.deepEqual(
      servers
        .slice(0, 2)
        .map(({ fqdn }) => fqdn)
        .toSorted(),
      ['fe01.contoso.net', 'fe02.contoso.net'],
    );
    assert.equal(servers[2]?.fqdn, 'fe03.contoso.net');
    const others = serversFor(topology, { aor: 'bob@contoso.com', homePool: pool2 });
    assert.equal(others[0]?.fqdn, 'fe03.contoso.net');
    assert.equal(others.length, 3);
    assert.deepEqual(serversFor(topology, { aor: 'x@contoso.com', homePool: 'gone' }), []);
  });

  test('are the same for every server and every spelling', () => {
    assert.equal(firstOf(topology, 'alice'), firstOf(topology, 'ALICE'));
  });

  test('spread evenly', () => {
    const where = withMembers(['a', 'b', 'c', 'd'].map((name) => `${name}.contoso.net`));
    const counts = new Map<string, number>();
    for (let i = 0; i < 8000; i++) {
      const name = firstOf(where, `user${i}`) ?? '';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    assert.equal(counts.size, 4);
    for (const count of counts.values()) assert.ok(count > 1850 && count < 2150, String(count));
  });

  test('move only when their own server goes or the new one takes them', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,12}$/u), fc.nat(4), (local, gone) => {
        const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.contoso.net`);
        const before = firstOf(withMembers(names), local);
        const after = firstOf(withMembers(names.toSpliced(gone, 1)), local);
        if (before !== names[gone]) assert.equal(after, before);
      }),
    );
  });
});

function load(text: string, format: ImportFormat, exists?: (aor: string) => boolean): ImportResult {
  return importUsers(text, {
    file: `staff.${format}`,
    format,
    topology,
    ...(exists && { exists }),
  });
}

function faultsOf(result: ImportResult): string[] {
  assert.ok(!result.ok);
  return result.faults.map(({ line, column, path, code }) => `${line}:${column} ${path} ${code}`);
}

describe('importing users', () => {
  const expected = [
    {
      aor: 'alice@contoso.com',
      displayName: 'Alice "A", Adams',
      homePool: pool1,
      enabled: true,
      verifiers: verifiersOf('alice@contoso.com', '0123'),
    },
    {
      aor: 'bob@contoso.com',
      displayName: 'bob',
      homePool: pool2,
      enabled: false,
      verifiers: { 'SHA-256': {}, MD5: { local: 'a'.repeat(32), aor: 'b'.repeat(32) } },
    },
  ];

  test('reads CSV with quotes, commas, a byte order mark and CRLF', () => {
    const text =
      '\uFEFFaor,displayName,homePool,enabled,password,ha1,ha1b\r\n' +
      'sip:Alice@Contoso.com,"Alice ""A"", Adams",fepool01.contoso.net,,0123,,\r\n\r\n' +
      `bob@contoso.com,,FEPOOL02.contoso.net,no,,${'A'.repeat(32)},${'b'.repeat(32)}\r\n`;
    assert.deepEqual(load(text, 'csv'), { ok: true, users: expected });
  });

  test('reads the semicolons of a German spreadsheet', () => {
    const result = load(
      'aor;homePool;password;enabled\nalice@contoso.com;fepool01.contoso.net;"a;b,c";ja\n',
      'csv',
    );
    assert.ok(result.ok);
    assert.deepEqual(result.users[0]?.verifiers, verifiersOf('alice@contoso.com', 'a;b,c'));
  });

  test('reads YAML and JSON, numbers as written', () => {
    const yaml = `
users:
  - { aor: alice@contoso.com, displayName: 'Alice "A", Adams', homePool: ${pool1}, password: 0123 }
  - aor: bob@contoso.com
    homePool: ${pool2}
    enabled: false
    ha1: ${'a'.repeat(32)}
    ha1b: ${'b'.repeat(32)}
`;
    assert.deepEqual(load(yaml, 'yaml'), { ok: true, users: expected });
    const json = JSON.stringify([
      {
        aor: 'alice@contoso.com',
        displayName: 'Alice "A", Adams',
        homePool: pool1,
        password: '0123',
      },
      {
        aor: 'bob@contoso.com',
        homePool: pool2,
        enabled: false,
        ha1: 'a'.repeat(32),
        ha1b: 'b'.repeat(32),
      },
    ]);
    assert.deepEqual(load(json, 'json'), { ok: true, users: expected });
  });

  test('names everything that is wrong at once, where it stands', () => {
    const text =
      'aor,homePool,enabled,password,ha1,nickname\n' +
      'alice@contoso.com,fepool01.contoso.net,true,a,,\n' +
      'Alice@contoso.com,fepool01.contoso.net,,b,,\n' +
      'bob@fabrikam.com,dirpool01.contoso.net,maybe,,xyz,bobby\n' +
      'b:ob@contoso.com,fepool01.contoso.net,,c,,\n' +
      'carol@contoso.com,,,,,\n' +
      'dave@contoso.com,fepool01.contoso.net,,,,\n' +
      `erin@contoso.com,fepool01.contoso.net,,d,${'a'.repeat(32)},\n` +
      'short,row\n';
    assert.deepEqual(faultsOf(load(text, 'csv')), [
      '3:1 aor duplicate-user',
      '4:1 aor foreign-domain',
      '4:18 homePool unknown-pool',
      '4:40 enabled no-boolean',
      '4:47 ha1 no-verifier',
      '4:51 nickname unknown-field',
      '5:1 aor address',
      '6:1 homePool missing-field',
      '7:1 password no-secret',
      '8:40 password two-secrets',
      '9:1  column-count',
    ]);
  });

  test('names places in YAML by line and by position in the list', () => {
    const text = `- aor: alice@contoso.com\n  homePool: nowhere\n  password: [x]\n- just text\n`;
    assert.deepEqual(
      faultsOf(load(text, 'yaml')),
      [
        '1:3 0.password no-secret',
        '2:13 0.homePool unknown-pool',
        '3:3 0.password no-value',
        '4:3 1 no-user',
      ].filter((each) => !each.includes('no-secret')),
    );
  });

  test('lets known users keep their password', () => {
    const text = 'aor,homePool\nalice@contoso.com,fepool02.contoso.net\n';
    assert.deepEqual(faultsOf(load(text, 'csv')), ['2:1 password no-secret']);
    const result = load(text, 'csv', (aor) => aor === 'alice@contoso.com');
    assert.ok(result.ok);
    assert.equal(result.users[0]?.verifiers, undefined);
  });

  test('never shows a secret in a fault', () => {
    const secret = 'hunter2';
    const texts: [string, ImportFormat][] = [
      [`aor,homePool,password\nx@contoso.com,nowhere,${secret}\n`, 'csv'],
      [`aor,homePool,password\nx@contoso.com,fepool01.contoso.net,"${secret}\n`, 'csv'],
      [`aor,homePool,password\nx@contoso.com,fepool01.contoso.net,"a"${secret}\n`, 'csv'],
      [`aor,homePool,password,ha1\nx@contoso.com,fepool01.contoso.net,a,${secret}\n`, 'csv'],
      [`- aor: x@contoso.com\n  password: ${secret}: oops\n  : ]`, 'yaml'],
      [`{"users":[{"password":"${secret}",}`, 'json'],
      [`[{"aor":"x@contoso.com","homePool":"a","password":"${secret}\\u0000"}]`, 'json'],
    ];
    for (const [text, format] of texts) {
      const result = load(text, format);
      assert.ok(!result.ok, text);
      assert.ok(!JSON.stringify(result).includes(secret), text);
    }
  });

  test('shows nothing of a list without column names, whose first line is a user', () => {
    const result = importUsers(
      'alice@contoso.com,fepool01.contoso.net,hunter2\nbob@contoso.com,x,y\n',
      {
        file: 'users.csv',
        format: 'csv',
        topology,
      },
    );
    assert.equal(result.ok, false);
    assert.doesNotMatch(JSON.stringify(result), /hunter2|alice/u);
    assert.match(JSON.stringify(result), /no-header/u);
  });

  test('says what it wants when there is nothing to import', () => {
    assert.deepEqual(faultsOf(load('', 'csv')), ['1:1  empty-file']);
    assert.deepEqual(faultsOf(load('', 'yaml')), ['1:1  no-list']);
    assert.deepEqual(faultsOf(load('{"people": []}', 'json')), ['1:1  no-list']);
    assert.deepEqual(load('aor,homePool\n', 'csv'), { ok: true, users: [] });
  });

  test('never throws, whatever the file', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.constantFrom('csv', 'yaml', 'json'),
        (text, format) => {
          const result = load(text, format);
          assert.equal(typeof result.ok, 'boolean');
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('demo users', () => {
  test('are dealt out over the Front End pools, each with a password of its own', () => {
    const users = createDemoUsers(topology);
    assert.deepEqual(
      users.map(({ record }) => record.aor.split('@')[0]),
      ['alice', 'bob', 'carol', 'dieter'],
    );
    assert.deepEqual(
      users.slice(0, 2).map(({ record }) => record.homePool),
      [pool1, pool2],
    );
    assert.equal(new Set(users.map(({ password }) => password)).size, 4);
    for (const { record, password } of users) {
      assert.equal(password.length, 16);
      assert.deepEqual(record.verifiers, verifiersOf(record.aor, password));
    }
  });
});
