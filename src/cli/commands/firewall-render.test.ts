import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { compare, fits, policyOf, targets, unfold } from '#firewall';
import type { RuleSet } from '#firewall';
import { loadPlan } from '#ports';
import { main } from '../index.ts';
import { fakeWorld } from '../world.fixture.ts';

const examples = globSync('examples/*.yaml').map((path) => basename(path, '.yaml'));

async function usher(...args: readonly string[]) {
  const world = fakeWorld();
  const status = await main(['firewall', 'render', ...args], world);
  return { status, out: world.out(), errors: world.errors() };
}

/** Packets of a direction one of both rule sets lets pass and the other does not. */
function differences(wanted: RuleSet, found: RuleSet): readonly unknown[] {
  return (['in', 'out', 'forward'] as const).flatMap((direction) => {
    const regions: unknown[] = [];
    const most = { rules: unfold(wanted, direction), reading: 'upper' } as const;
    const least = { rules: unfold(found, direction), reading: 'lower' } as const;
    compare([most, least], 'disputed', (region) => regions.push(region));
    return regions;
  });
}

const ids = (set: RuleSet): ReadonlySet<string> =>
  new Set(set.chains.flatMap(({ rules }) => rules.map(({ id }) => id)));

const flow = (name: string, more: string): string =>
  `  - { name: ${name}, from: [administration], to: [hosts], service: ${name}, owner: Team, reason: Why${more} }\n`;

describe('usher firewall render', () => {
  for (const target of targets) {
    for (const example of examples) {
      test(`writes ${example} for ${target.name}, which reads back to the identical packets`, async () => {
        const file = `examples/${example}.yaml`;
        const directory = mkdtempSync(join(tmpdir(), 'usher-render-'));
        try {
          const out = join(directory, 'new');
          const { status, errors } = await usher(file, '--target', target.name, '--out', out);
          assert.equal(status, 0, errors);
          const files = readdirSync(out).map((name) => ({
            name,
            content: readFileSync(join(out, name), 'utf8'),
          }));
          const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
          assert.ok(loaded.ok);
          const policy = policyOf(loaded.plan)
            .filter((ruleSet) => fits(target, ruleSet))
            .map((ruleSet) => target.becomes?.(ruleSet) ?? ruleSet);
          const read = target.read(files);
          assert.equal(read.length, policy.length);
          for (const wanted of policy) {
            const found = read.find(({ device }) => device === wanted.device);
            assert.ok(found !== undefined, wanted.device);
            assert.deepEqual(differences(wanted, found), [], wanted.device);
            assert.deepEqual(ids(found).difference(new Set([...ids(wanted), ''])), new Set());
            assert.deepEqual(ids(wanted).difference(ids(found)), new Set());
          }
        } finally {
          rmSync(directory, { recursive: true, force: true });
        }
      });
    }
  }

  test('prints one device as a file that loads, and several with their names', async () => {
    const one = await usher('--target', 'nftables', '--host', 'perimeter');
    assert.match(one.out, /^# Packet filter of perimeter .*\ntable inet usher \{\n.*\}\n$/su);
    const all = await usher('--target', 'iptables', '--host', 'perimeter');
    assert.deepEqual(all.out.match(/^==> .* <==$/gmu), [
      '==> perimeter.v4.rules <==',
      '==> perimeter.v6.rules <==',
    ]);
  });

  test('says which devices a target for hosts leaves out, and why one alone cannot be', async () => {
    const all = await usher('--target', 'azure');
    assert.equal(all.status, 0);
    assert.match(all.errors, /azure protects hosts only; left out: perimeter, gateway/u);
    const one = await usher('--target', 'azure', '--host', 'gateway');
    assert.equal(one.status, 2);
    assert.match(one.errors, /USHER_RULES_INEXPRESSIBLE/u);
  });

  test('gives the reasons in German when asked', async () => {
    const [english, german] = [
      await usher('--target', 'nftables', '--host', 'gateway'),
      await usher('--target', 'nftables', '--host', 'gateway', '--lang', 'de'),
    ];
    assert.notEqual(english.out, german.out);
    assert.match(german.out, /Pakete bereits zugelassener Verbindungen/u);
  });

  test('says what is wrong with a call, and which targets and devices there are', async () => {
    const missing = await usher();
    assert.equal(missing.status, 2);
    assert.match(missing.errors, /--target/u);
    const target = await usher('--target', 'ipfw');
    assert.equal(target.status, 2);
    const names = targets.map(({ name }) => name).join(', ');
    assert.ok(target.errors.includes(`ipfw is not one of ${names}`), target.errors);
    const host = await usher('--target', 'nftables', '--host', 'nobody.contoso.com');
    assert.equal(host.status, 2);
    assert.match(host.errors, /nobody\.contoso\.com.*perimeter, gateway, /su);
  });

  test('says that it cannot write into a directory that is a file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'usher-render-'));
    try {
      const file = join(directory, 'taken');
      writeFileSync(file, '');
      const { status, errors } = await usher('--target', 'nftables', '--out', file);
      assert.equal(status, 2);
      assert.match(errors, /USHER_FILE/u);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test('lists the targets in its help', async () => {
    const { out } = await usher('--help');
    for (const { name } of targets) assert.match(out, new RegExp(name, 'u'));
  });

  test('warns of hosts nobody could administer any more, and of flows of the site that are over', async () => {
    const bare = await usher(
      'examples/contoso.yaml',
      '--target',
      'nftables',
      '--host',
      'fe01.contoso.net',
    );
    assert.match(bare.errors, /no rule lets SSH or RDP in.*: fe01\.contoso\.net\./u);
    const directory = mkdtempSync(join(tmpdir(), 'usher-render-'));
    try {
      const file = join(directory, 'topology.yaml');
      const policy = `policy:\n${flow('ssh', '')}${flow('snmp', ', expires: 2020-01-01')}`;
      writeFileSync(file, `${readFileSync('examples/contoso.yaml', 'utf8')}${policy}`);
      const { status, out, errors } = await usher(
        file,
        '--target',
        'nftables',
        '--host',
        'fe01.contoso.net',
      );
      assert.equal(status, 0);
      assert.match(out, /ip saddr 127\.40\.0\.0\/24 .*comment "SITE-ssh: Why \(Team\)"/u);
      assert.ok(!out.includes('SITE-snmp'));
      assert.equal(
        errors,
        'SITE-snmp was valid until 2020-01-01: its rules are left out (owner: Team)\n',
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
