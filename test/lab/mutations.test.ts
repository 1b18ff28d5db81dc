import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cannot, TestLab } from './support/lab.ts';
import { audited, load, proven, rulesOf, type Named } from './support/rules.ts';

/** One fault somebody might make in the rules of a device, and what it has to be found as. */
interface Mutation {
  readonly what: string;
  readonly device: string;
  readonly change: (rules: string) => string;
  readonly found: readonly Named[];
}

const blocked = (row: string, rule = 'policy'): Named => ({ kind: 'blocked', row, rule });
const admitted = (rule: string): Named => ({ kind: 'admitted', row: undefined, rule });

/** Changes the line of a rule set that begins a comment with this row; it has to be there. */
const line =
  (row: string, change: (text: string) => string) =>
  (rules: string): string => {
    const changed = rules
      .split('\n')
      .map((text) => (text.includes(`comment "${row}:`) ? change(text) : text))
      .join('\n');
    assert.notEqual(changed, rules, row);
    return changed;
  };

const dir = 'dir01.contoso.net';

const mutations: readonly Mutation[] = [
  {
    what: 'a row removed from a host',
    device: dir,
    change: line('DH-06/member', () => ''),
    found: [blocked('DH-06/member')],
  },
  {
    what: 'a source widened',
    device: 'dir02.contoso.net',
    change: line('DH-05/member', (text) => text.replace('10.10.1.5 ', '10.10.1.4/31 ')),
    found: [admitted('DH-05/member')],
  },
  {
    what: 'a port range off by one',
    device: dir,
    change: line('DH-09', (text) => text.replace('dport 50003', 'dport 50003-50004')),
    found: [admitted('DH-09')],
  },
  {
    what: 'the wrong port',
    device: 'fe01.contoso.net',
    change: line('DH-03', (text) => text.replace('dport 444', 'dport 445')),
    found: [admitted('DH-03'), blocked('DH-03')],
  },
  {
    what: 'a denial before the rule it should follow: two rules swapped',
    device: 'edge01.contoso.net',
    change: line(
      'EI10',
      (text) => `tcp dport 50000-50002 counter drop comment "X1: no logging"\n${text}`,
    ),
    found: [blocked('EI10', 'X1')],
  },
  {
    what: 'a host that may open more than its rows',
    device: 'fe03.contoso.net',
    change: line('DH-P1', (text) => text.replace(/ip daddr \S+ /u, '')),
    found: [admitted('DH-P1')],
  },
  {
    what: 'a row removed from the gateway',
    device: 'gateway',
    change: line('DH-P2', () => ''),
    found: [blocked('DH-P2')],
  },
  {
    what: 'a destination of the gateway widened to its pool’s network',
    device: 'gateway',
    change: line('IS12', (text) => text.replace(/ip daddr \{[^}]*\}/u, 'ip daddr 10.10.2.0/24')),
    found: [admitted('IS12'), blocked('IS12')],
  },
  {
    what: 'a port too many at the perimeter',
    device: 'perimeter',
    change: line('CL6', (text) => text.replace('dport 5061', 'dport { 5060, 5061 }')),
    found: [admitted('CL6')],
  },
  {
    what: 'a chain that accepts what it does not know',
    device: 'rp01.contoso.net',
    change: (rules) =>
      rules.replace(
        'hook input priority filter; policy drop',
        'hook input priority filter; policy accept',
      ),
    found: [admitted('policy')],
  },
];

describe('a fault in the rules of a lab', { skip: cannot ?? false }, () => {
  const lab = new TestLab('m');
  const rules = new Map<string, string>();

  before(async () => {
    const up = await lab.usher(['up', 'examples/contoso.yaml']);
    assert.equal(up.status, 0, up.err);
    for (const { device } of mutations) rules.set(device, await rulesOf(lab, device));
    assert.deepEqual(await proven(lab), new Map());
  });
  after(() => lab.close());

  // Each mutation is of a device of its own at a time, so one proof shows several of them.
  const rounds = [...Map.groupBy(mutations, ({ device }) => device).values()];
  const most = Math.max(...rounds.map((list) => list.length));
  for (let round = 0; round < most; round++) {
    const together = rounds.flatMap((list) => list.slice(round, round + 1));
    const names = together.map(({ what }) => what).join('; ');
    test(`is found by the audit and by packets alike: ${names}`, async () => {
      for (const { device, change } of together) {
        await load(lab, device, change(rules.get(device) ?? ''));
      }
      const byPackets = await proven(lab);
      for (const { what, device, found } of together) {
        assert.deepEqual(await audited(lab, device), found, `audit: ${what}`);
        assert.deepEqual(byPackets.get(device), found, `packets: ${what}`);
      }
      assert.equal(byPackets.size, together.length, 'no other device is blamed');
      for (const { device } of together) await load(lab, device, rules.get(device) ?? '');
    });
  }

  test('is none any more when the rules are back', async () => {
    assert.deepEqual(await proven(lab), new Map());
  });
});

describe('a VIP in the kernel of a lab', { skip: cannot ?? false }, () => {
  const lab = new TestLab('k');
  after(() => lab.close());

  test('hands on what the table asks for; when its translation is gone, audit and packets name the same rows', async () => {
    const file = join(lab.state, 'kernel.yaml');
    const text = readFileSync('examples/contoso.yaml', 'utf8');
    writeFileSync(file, text.replace(/engine: embedded/u, 'engine: nftables'));
    const up = await lab.usher(['up', file]);
    assert.equal(up.status, 0, up.err);
    assert.deepEqual(await proven(lab, ['lb01.contoso.net in']), new Map());

    const balancer = 'lb01.contoso.net';
    await lab.inside(balancer, 'nft', 'flush chain inet usher_vip dispatch');
    const found = await proven(lab, ['lb01.contoso.net in', 'lb01.contoso.net forward']);
    const rows = ['DH-01', 'DH-02', 'DH-04', 'DH-05', 'DH-06'].map((row) => blocked(row));
    assert.deepEqual(found, new Map([[balancer, rows]]));
    assert.deepEqual(await audited(lab, balancer), rows);
  });
});
