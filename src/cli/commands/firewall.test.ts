import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fits, nftables, policyOf, ruleSetOf, targets } from '#firewall';
import type { RuleSet } from '#firewall';
import { loadPlan } from '#ports';
import { main } from '../index.ts';
import { fakeWorld } from '../world.fixture.ts';

const topology = 'examples/contoso.yaml';
const loaded = loadPlan(readFileSync(topology, 'utf8'), topology);
assert.ok(loaded.ok);
const files = nftables.render(policyOf(loaded.plan), {});
const directory = mkdtempSync(join(tmpdir(), 'usher-firewall-'));
after(() => rmSync(directory, { recursive: true }));

function rendered(device: string): string {
  return files.find(({ name }) => name === `${device}.nft`)?.content ?? '';
}

function write(content: string, name = 'rules.nft'): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

async function usher(...args: readonly string[]) {
  const world = fakeWorld();
  const status = await main(['firewall', ...args], world);
  return { status, out: world.out(), errors: world.errors() };
}

const auditOf = (device: string, content: string, ...more: readonly string[]) =>
  usher('audit', topology, '--host', device, '--rules', write(content), ...more);

/** The part of a finding these tests read. */
interface Found {
  readonly row?: string;
  readonly rule: 'default' | { readonly id: string; readonly position: string };
}
interface Report {
  readonly ok: boolean;
  readonly missing: readonly Found[];
  readonly excess: readonly Found[];
}
const isReport = (value: unknown): value is Report =>
  typeof value === 'object' && value !== null && 'missing' in value && 'excess' in value;

const idOf = ({ rule }: Found): string => (rule === 'default' ? 'default' : rule.id);

const director = 'dir01.contoso.net';

/** Changes the one line of a chain that bears this row. */
function change(content: string, row: string, with_: (line: string) => string): string {
  const lines = content.split('\n');
  const at = lines.findIndex((line) => line.includes(`comment "${row}:`));
  assert.ok(at >= 0, row);
  lines[at] = with_(lines[at] ?? '');
  const changed = lines.join('\n');
  assert.notEqual(changed, content, row);
  return changed;
}

interface Mutation {
  readonly what: string;
  readonly device?: string;
  readonly row: string;
  readonly change: (line: string) => string;
  /** What is found: rows missing, and rules in excess. */
  readonly missing?: readonly string[];
  readonly excess?: readonly string[];
}

const mutations: readonly Mutation[] = [
  { what: 'a row is removed', row: 'DH-06/member', change: () => '', missing: ['DH-06/member'] },
  {
    what: 'a source is widened',
    row: 'DH-06/member',
    change: (line) => line.replace('saddr 127.10.1.5', 'saddr 127.10.1.0/24'),
    excess: ['DH-06/member'],
  },
  {
    what: 'a port range is one too long',
    row: 'DH-09',
    change: (line) => line.replace('dport 50003', 'dport 50003-50004'),
    excess: ['DH-09'],
  },
  {
    what: 'a port is another',
    row: 'DH-03',
    change: (line) => line.replace('dport 444', 'dport 445'),
    missing: ['DH-03'],
    excess: ['DH-03'],
  },
  {
    what: 'a permit has become a denial',
    row: 'DH-07',
    change: (line) => line.replace('counter accept', 'counter drop'),
    missing: ['DH-07'],
  },
  {
    what: 'a denial stands before a row',
    row: 'DH-08',
    change: (line) => `    meta l4proto 6 th dport 50002 drop comment "X-1: cleaned up"\n${line}`,
    missing: ['DH-08'],
  },
  {
    what: 'a member is left out',
    device: 'lb01.contoso.net',
    row: 'DH-05/member',
    change: (line) => line.replace('{ 127.10.1.11, 127.10.1.12 }', '127.10.1.11'),
    missing: ['DH-05/member'],
  },
  {
    what: 'the protocol is left out',
    device: 'gateway',
    row: 'DH-06',
    change: (line) => line.replace('meta l4proto 6 th dport 5061 ', ''),
    excess: ['DH-06'],
  },
  {
    what: 'return traffic is forgotten',
    device: 'perimeter',
    row: 'replies',
    change: () => '',
    missing: ['replies'],
  },
  {
    what: 'the outside may reach an inner address',
    device: 'perimeter',
    row: 'RP-E2',
    change: (line) => line.replace('daddr 127.20.0.21', 'daddr { 127.10.9.11, 127.20.0.21 }'),
    excess: ['RP-E2'],
  },
];

describe('usher firewall audit', () => {
  it('finds nothing in the rules that follow from the table, on any device', async () => {
    for (const { name, content } of files) {
      const device = name.replace(/\.nft$/u, '');
      const { status, out, errors } = await auditOf(device, content);
      assert.equal(status, 0, out + errors);
      assert.match(out, new RegExp(`^${device}: the rules admit`, 'u'));
      assert.ok(!out.includes('Never reached'), out);
    }
  });

  for (const {
    what,
    device = director,
    row,
    change: how,
    missing = [],
    excess = [],
  } of mutations) {
    it(`names row and rule when ${what}`, async () => {
      const content = change(rendered(device), row, how);
      const { status, out } = await auditOf(device, content, '--json');
      const found: unknown = JSON.parse(out);
      assert.ok(isReport(found));
      assert.equal(status, 1);
      assert.equal(found.ok, false);
      assert.deepEqual([...new Set(found.missing.map((each) => each.row))], missing);
      assert.deepEqual([...new Set(found.excess.map(idOf))], excess);
    });
  }

  it('finds a row that is blocked in one address family, with a witness of that family', async () => {
    const file = 'examples/two-sites.yaml';
    const both = loadPlan(readFileSync(file, 'utf8'), file);
    assert.ok(both.ok);
    const host = 'dir01.fabrikam.net';
    const [{ content } = assert.fail()] = nftables.render([ruleSetOf(both.plan, host)], {});
    const ruled = content.split('\n').filter((line) => line.includes('comment "DH-06/member:'));
    assert.equal(ruled.length, 2, 'a rule a family');
    for (const [gone, witness] of [
      ['ip ', /DH-06\/member +tcp 10\.1\.1\.5:\d+ → 10\.1\.1\.11:5061/u],
      ['ip6 ', /DH-06\/member +tcp \[?fd5e:1:1::5\]?:\d+ → \[?fd5e:1:1::11\]?:5061/u],
    ] as const) {
      const line = ruled.find((each) => each.trim().startsWith(gone)) ?? assert.fail();
      const rules = write(content.replace(line, ''));
      const { status, out } = await usher('audit', file, '--host', host, '--rules', rules);
      assert.equal(status, 1);
      assert.match(out, witness);
      assert.equal(out.match(/^ *DH-\d\d/gmu)?.length, 1, out);
    }
  });

  it('says the witness as a sentence, with file and line of the rule, in both languages', async () => {
    const content = change(rendered(director), 'DH-07', (line) => line.replace('accept', 'drop'));
    const english = await auditOf(director, content);
    assert.match(
      english.out,
      /DH-07 +tcp \S+:49152 → 127\.10\.1\.11:50001, new, to the host is dropped by DH-07 \(\S+rules\.nft:\d+\)/u,
    );
    const german = await auditOf(director, content, '--lang', 'de');
    assert.match(german.out, /wird verworfen: DH-07 \(/u);
  });

  it('marks what depends on a condition it does not understand, and shows it', async () => {
    const content = change(rendered(director), 'DH-07', (line) =>
      line.replace('counter accept', 'limit rate 5/second accept'),
    );
    const { status, out } = await auditOf(director, content);
    assert.equal(status, 1);
    assert.match(out, /DH-07 .*\(depends on a condition/u);
    assert.match(out, /Not understood, read both ways\n.*limit rate 5\/second/u);
  });

  it('refuses a device that is not there, a missing file and rules it cannot read', async () => {
    const unknown = await auditOf('nowhere.contoso.net', rendered(director));
    assert.equal(unknown.status, 2);
    assert.match(unknown.errors, /USHER_UNKNOWN_HOST/u);
    const nothing = await usher('audit', topology, '--host', director, '--rules', 'nowhere.nft');
    assert.match(nothing.errors, /nowhere\.nft.*\n.*USHER_RULES_UNREADABLE/u);
    const broken = await auditOf(director, 'table inet filter {\n  chain c {\n');
    assert.equal(broken.status, 2);
    assert.match(broken.errors, /rules\.nft:3: /u);
  });
});

describe('usher firewall audit, of several devices and other firewalls', () => {
  const widened = change(rendered(director), 'DH-06/member', (line) =>
    line
      .replace('saddr 127.10.1.5', 'saddr 127.10.1.0/24')
      .replace('dport 5061', 'dport 5060-5061'),
  );

  it('takes one file a device, called after it, in one run', async () => {
    const devices = ['dir01.contoso.net', 'lb01.contoso.net', 'gateway'];
    const paths = devices.map((device) =>
      write(device === director ? widened : rendered(device), `${device}.nft`),
    );
    const { status, out } = await usher('audit', topology, '--rules', ...paths);
    assert.equal(status, 1);
    assert.match(out, /^dir01\.contoso\.net\n\nIn excess\n {2}DH-06\/member/u);
    assert.match(out, /lb01\.contoso\.net: the rules admit/u);
    assert.match(out, /gateway: the rules admit/u);
    const json = await usher('audit', topology, '--rules', ...paths, '--json');
    const found: unknown = JSON.parse(json.out);
    assert.ok(typeof found === 'object' && found !== null && 'devices' in found && 'ok' in found);
    assert.ok(Array.isArray(found.devices));
    assert.equal(found.ok, false);
    assert.deepEqual(
      found.devices.map(({ device, ok }: { device: string; ok: boolean }) => [device, ok]),
      devices.map((device) => [device, device !== director]),
    );
  });

  it('says what to write instead, in the words of the firewall', async () => {
    const { out } = await auditOf(director, widened);
    assert.match(out, /all of it: tcp 127\.10\.1\.0\/24 → 127\.10\.1\.11 port 5060, new, not lo/u);
    const line = rendered(director)
      .split('\n')
      .find((each) => each.includes('"DH-06/member:'));
    assert.ok(line !== undefined && out.includes(`write instead:\n      ${line.trim()}`), out);
    const stray = `table inet usher {\n  chain c0 {\n    tcp dport 22 accept comment "X-1: SSH"\n  }\n}\n`;
    const extra = await auditOf(director, rendered(director) + stray);
    assert.match(extra.out, /X-1 .*\n.*\n.*remove the rule/u);
  });

  for (const target of targets) {
    it(`reads the rules of ${target.name}, finds nothing in its own and a row that is gone`, async () => {
      const plan = policyOf(loaded.plan).filter((set) => fits(target, set));
      const set = plan.find(({ device }) => device === director || device === 'gateway');
      assert.ok(set !== undefined);
      const auditWith = (rules: RuleSet, ...more: readonly string[]) => {
        const paths = target.render([rules], {}).map(({ name, content }) => write(content, name));
        const which = ['--target', target.name, '--host', set.device];
        return usher('audit', topology, ...which, '--rules', ...paths, ...more);
      };
      const clean = await auditWith(set);
      assert.deepEqual([clean.status, clean.errors], [0, ''], clean.out);
      const chains = set.chains.map((chain) => ({
        ...chain,
        rules: chain.rules.filter(({ id }) => !id.startsWith('DH-08')),
      }));
      const { status, out } = await auditWith({ ...set, chains }, '--json');
      assert.equal(status, 1);
      assert.match(out, /"row": "DH-08/u);
    });
  }

  it('needs to know whose rules they are', async () => {
    const unnamed = await usher('audit', topology, '--rules', write(widened, 'rules.nft'));
    assert.equal(unnamed.status, 2);
    assert.match(unnamed.errors, /no host or firewall rules/u);
    const paths = ['lb01.contoso.net', 'gateway'].map((device) =>
      write(rendered(device), `${device}.nft`),
    );
    const others = await usher('audit', topology, '--host', director, '--rules', ...paths);
    assert.equal(others.status, 2);
    assert.match(others.errors, /lb01\.contoso\.net, gateway; none of dir01/u);
    const two = await usher(
      'audit',
      topology,
      '--rules',
      ...paths,
      '--certificate',
      'nowhere.json',
    );
    assert.equal(two.status, 2);
    assert.match(two.errors, /USHER_USAGE/u);
  });
});

describe('usher firewall audit, of a balancer that translates', () => {
  const balancer = 'lb01.contoso.net';
  const file = join(directory, 'kernel.yaml');
  const text = readFileSync(topology, 'utf8').replace('engine: embedded', 'engine: nftables');
  writeFileSync(file, text);
  const plan = loadPlan(text, file);
  assert.ok(plan.ok);
  const [filter] = nftables.render([ruleSetOf(plan.plan, balancer)], {});

  /** The rules of the VIP as our own engine writes them, changed, beside the packet filter. */
  async function auditWith(changeOf: (vip: string) => string) {
    const world = fakeWorld();
    await main(['balancer', 'render', file, '--target', 'nftables'], world);
    const vip = world.out();
    const rules = write(changeOf(vip) + (filter?.content ?? ''), 'lb.nft');
    return usher('audit', file, '--host', balancer, '--rules', rules, '--lang', 'en');
  }

  it('finds nothing where the rules lead every row to the members', async () => {
    const { status, out, errors } = await auditWith((vip) => vip);
    assert.equal(status, 0, out + errors);
  });

  it('names the row when its translation is gone', async () => {
    const { status, out } = await auditWith((vip) => vip.replace(/^.*dport 5061 goto.*\n/mu, ''));
    assert.equal(status, 1);
    assert.match(out, /^Blocked\n {2}DH-06 .* → 127\.10\.1\.10:5061, new, is led to no member/u);
    const all = await auditWith(() => '');
    assert.deepEqual(all.out.match(/DH-0\d(?= .*led to no member)/gu)?.toSorted(), [
      'DH-01',
      'DH-02',
      'DH-04',
      'DH-05',
      'DH-06',
    ]);
  });

  it('names the row when members would see the client instead of the balancer', async () => {
    const { status, out } = await auditWith((vip) =>
      vip.replace(/^.*proto-dst 443 snat.*\n/mu, ''),
    );
    assert.equal(status, 1);
    assert.match(out, /^Blocked\n {2}DH-05 .*:443, new, reaches members as the client's/u);
    const other = await auditWith((vip) =>
      vip.replace('5061 snat ip to 127.10.1.5', '5061 snat ip to 127.10.1.6'),
    );
    assert.match(
      other.out,
      /DH-06 .* as another's than the balancer's by the rule at \S+lb\.nft:\d+/u,
    );
  });

  it('names row and rule when a translation leads elsewhere', async () => {
    const { status, out } = await auditWith((vip) =>
      vip.replace('127.10.1.12 . 5061', '127.10.1.13 . 5061'),
    );
    assert.equal(status, 1);
    assert.match(out, /DH-06 .* is led to others than the members by the rule at \S+lb\.nft:\d+/u);
  });
});

describe('usher firewall check', () => {
  it('confirms a certificate, and refuses one of other rules or one somebody changed', async () => {
    const rules = write(
      change(rendered(director), 'DH-07', () => ''),
      'rules.nft',
    );
    const file = join(directory, 'certificate.json');
    const made = await usher(
      'audit',
      topology,
      '--host',
      director,
      '--rules',
      rules,
      '--certificate',
      file,
    );
    assert.equal(made.status, 1);
    const good = await usher('check', file, topology, '--rules', rules);
    assert.equal(good.status, 0, good.errors);
    assert.match(good.out, /^dir01\.contoso\.net: the certificate holds; \d+ regions/u);
    assert.match(good.out, /blocked packets: [1-9]\d*; with packets in excess: 0/u);
    const other = await usher('check', file, topology, '--rules', write(rendered(director)));
    assert.equal(other.status, 1);
    assert.match(other.out, /certificate is wrong: .*\nto the host, region \d+/u);
    const lie = readFileSync(file, 'utf8').replace('"verdict":"drop"', '"verdict":"accept"');
    const forged = await usher(
      'check',
      write(lie, 'lie.json'),
      topology,
      '--rules',
      rules,
      '--json',
    );
    assert.equal(forged.status, 1);
    assert.match(forged.out, /"holds": false/u);
    const none = await usher('check', rules, topology, '--rules', rules);
    assert.equal(none.status, 2);
    assert.match(none.errors, /rules\.nft:1: .*allowed: a certificate/u);
  });
});

describe('usher firewall diff', () => {
  it('compares by packets, not by text', async () => {
    const before = write(rendered(director), 'before.nft');
    const reworded = rendered(director).replaceAll(/comment "[^"]*"/gu, '');
    const same = await usher('diff', before, write(reworded, 'same.nft'));
    assert.deepEqual([same.status, same.out], [0, 'both admit the same packets\n']);
    const changed = change(rendered(director), 'DH-06/member', () => '');
    const other = await usher('diff', before, write(changed, 'after.nft'), '--json');
    assert.equal(other.status, 1);
    assert.match(other.out, /"onlySecond": \[\]/u);
    assert.match(other.out, /"admittedBy": \{\s+"id": "DH-06\/member"/u);
    const text = await usher('diff', before, write(changed, 'after.nft'));
    assert.match(text.out, /^Admitted by \S+before\.nft only\n {2}tcp /u);
  });
});
