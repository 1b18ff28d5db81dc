import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  addressesOf,
  between,
  everyAddress,
  exactly,
  matching,
  named,
  namedLike,
  nftables,
  protocols,
} from '#firewall';
import type { Rule, RuleSet } from '#firewall';
import { rulesOf, without } from './support/policy.ts';
import { needs } from './support/programs.ts';

const missing = needs(['nft', 'nftables'], ['unshare', 'util-linux']);
const skip = missing !== false ? missing : process.getuid?.() !== 0 ? 'needs root' : false;

/** What the kernel lists after it has loaded a file, in a network namespace that ends with it. */
function listed(content: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'usher-nft-'));
  const file = join(directory, 'rules.nft');
  try {
    writeFileSync(file, content);
    // Loaded twice: the second replaces the first in one transaction.
    const script = 'nft -c -f "$1" && nft -f "$1" && nft -f "$1" && nft list ruleset';
    return execFileSync('unshare', ['-n', 'sh', '-c', script, 'sh', file], { encoding: 'utf8' });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Asserts that the kernel's listing is about the packets the rule set is about, rule by rule. */
function assertSame(wanted: RuleSet): void {
  const [file] = nftables.render([wanted], {});
  assert.ok(file !== undefined);
  const [found] = nftables.read([{ name: file.name, content: listed(file.content) }]);
  for (const { direction, policy, rules } of wanted.chains) {
    const chain = found?.chains.find((each) => each.direction === direction);
    assert.ok(chain !== undefined);
    const read: readonly Rule[] = chain.rules;
    assert.equal(chain.policy, policy);
    assert.deepEqual(
      [...new Set(read.map(({ id }) => id))],
      [...new Set(rules.map(({ id }) => id))],
    );
    for (const { id, action } of rules) {
      const parts = read.filter((rule) => rule.id === id);
      const asked = rules.filter((rule) => rule.id === id).map(({ match }) => match);
      for (const part of parts) assert.deepEqual([part.unknown, part.action], [undefined, action]);
      const matches = parts.map((part) => part.match);
      assert.deepEqual([without(asked, matches), without(matches, asked)], [[], []], id);
    }
  }
}

describe('nftables in the kernel', { skip }, () => {
  for (const example of ['contoso', 'dns-balanced', 'single-director', 'two-sites']) {
    test(`takes the rules of every device of ${example} and lists the same packets`, () => {
      const sets = rulesOf(`examples/${example}.yaml`);
      assert.ok(sets.length >= 4);
      for (const set of sets) assertSame(set);
    });
  }

  test('lists the same packets of both families, interfaces, ranges, states and ICMP', () => {
    const matches = [
      matching({ source: addressesOf(['10.0.0.1-10.0.0.9', '2001:db8::/33', '2001:db8:8000::1']) }),
      matching({ source: everyAddress, destination: addressesOf(['2001:db8::5']) }),
      matching({
        protocol: between(6, 17),
        inInterface: named('lan0'),
        outInterface: namedLike('wan'),
      }),
      matching({ protocol: exactly(protocols.udp), sourcePort: between(0, 1023) }),
      matching({ protocol: exactly(protocols.icmp), destinationPort: between(2048, 2303) }),
      matching({ states: ['established', 'related'] }),
      matching({ states: ['invalid'] }),
      matching({
        protocol: exactly(protocols.tcp),
        destinationPort: [
          { from: 1, until: 3 },
          { from: 9, until: 99 },
        ],
      }),
    ];
    const kinds = ['accept', 'drop', 'reject'] as const;
    const rules = matches.map((each, index): Rule => ({
      id: `R-${index}`,
      comment: `Grund ü ${'x'.repeat(200)}`,
      match: each,
      action: { kind: kinds[index % 3] ?? 'drop' },
    }));
    // ICMP reaches IPv4 only, whatever the rule says.
    const [icmp] = rules.splice(4, 1);
    assert.ok(icmp !== undefined);
    rules.push({
      ...icmp,
      match: {
        ...icmp.match,
        source: addressesOf(['0.0.0.0/0']),
        destination: addressesOf(['10.0.0.1']),
      },
    });
    const chains = [{ name: 'through', direction: 'forward', policy: 'drop', rules }] as const;
    assertSame({ device: 'fw01', zones: [], chains });
  });
});
