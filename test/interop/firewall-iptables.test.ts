import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  addressesOf,
  between,
  everyIPv4,
  everyIPv6,
  exactly,
  intersect,
  iptables,
  isEmpty,
  matching,
  named,
  namedLike,
  protocols,
} from '#firewall';
import type { Chain, Match, Rule, RuleFile, RuleSet } from '#firewall';
import { rulesOf, without } from './support/policy.ts';
import { needs } from './support/programs.ts';

const missing = needs(['iptables-restore', 'iptables'], ['unshare', 'util-linux']);
const skip = missing !== false ? missing : process.getuid?.() !== 0 ? 'needs root' : false;

const families = [
  { program: 'iptables', ending: '.v4.rules', prefix: 'ip ', source: everyIPv4 },
  { program: 'ip6tables', ending: '.v6.rules', prefix: 'ip6 ', source: everyIPv6 },
] as const;

/** What the kernel lists after it has checked and loaded a file, in a network namespace of its own. */
function listed({ name, content }: RuleFile, program: string, table = 'filter'): RuleFile {
  const directory = mkdtempSync(join(tmpdir(), 'usher-iptables-'));
  const file = join(directory, 'rules');
  try {
    writeFileSync(file, content);
    const script = '"$1-restore" --test "$2" && "$1-restore" "$2" && "$1-save" -t "$3"';
    const command = ['-n', 'sh', '-c', script, 'sh', program, file, table];
    return { name, content: execFileSync('unshare', command, { encoding: 'utf8' }) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Asserts that the kernel's listings are about the packets the rule set is about, rule by rule. */
function assertSame(wanted: RuleSet): void {
  const files = iptables.render([wanted], {}).map((file) => {
    const family = families.find(({ ending }) => file.name.endsWith(ending));
    assert.ok(family !== undefined);
    return listed(file, family.program);
  });
  const [found, ...more] = iptables.read(files);
  assert.equal(more.length, 0);
  for (const { prefix, source } of families) {
    for (const { direction, policy, rules } of wanted.chains) {
      const chain = found?.chains.find(
        (each) => each.direction === direction && each.name.startsWith(prefix),
      );
      assert.ok(chain !== undefined);
      // The first lets the other family through, which this listing does not see.
      const read = chain.rules.slice(1);
      assert.equal(chain.policy, policy);
      const expected = rules.flatMap((rule): Rule[] => {
        const match = intersect(rule.match, matching({ source, destination: source }));
        return isEmpty(match) ? [] : [{ ...rule, match }];
      });
      assert.deepEqual(
        [...new Set(read.map(({ id }) => id))],
        [...new Set(expected.map(({ id }) => id))],
      );
      for (const { id, action } of expected) {
        const parts = read.filter((rule) => rule.id === id);
        const asked = expected.filter((rule) => rule.id === id).map(({ match }) => match);
        for (const part of parts) {
          assert.deepEqual([part.unknown, part.action], [undefined, action]);
        }
        const matches: readonly Match[] = parts.map((part) => part.match);
        assert.deepEqual([without(asked, matches), without(matches, asked)], [[], []], id);
      }
    }
  }
}

/** What a translation puts in place, of which packets. */
const told = (chains: readonly Chain[]): readonly unknown[] =>
  chains.flatMap((chain) => chain.rules.map(({ to, match, unknown }) => [to, match, unknown]));

const at = (address: string, port?: number) => ({
  family: 4,
  address: addressesOf([address]).v4[0]?.from,
  ...(port === undefined ? {} : { port }),
});

describe('iptables and ip6tables in the kernel', { skip }, () => {
  for (const example of ['contoso', 'dns-balanced', 'single-director', 'two-sites']) {
    test(`take the rules of every device of ${example} and list the same packets`, () => {
      const sets = rulesOf(`examples/${example}.yaml`);
      assert.ok(sets.length >= 4);
      for (const set of sets) assertSame(set);
    });
  }

  test('list the same packets of both families, interfaces, ranges, states and ICMP', () => {
    const ports = Array.from({ length: 20 }, (_, index) => ({
      from: index * 9,
      until: index * 9 + 1 + (index % 2),
    }));
    const matches = [
      matching({ source: addressesOf(['10.0.0.1-10.0.0.9', '2001:db8::/33', '2001:db8:8000::1']) }),
      matching({ destination: addressesOf(['2001:db8::5']) }),
      matching({
        protocol: exactly(protocols.tcp),
        inInterface: named('lan0'),
        outInterface: namedLike('wan'),
      }),
      matching({ protocol: exactly(protocols.udp), sourcePort: between(0, 1023) }),
      matching({
        source: everyIPv4,
        protocol: exactly(protocols.icmp),
        destinationPort: between(8 * 256, 8 * 256 + 257),
      }),
      matching({
        source: everyIPv6,
        protocol: exactly(protocols.icmpv6),
        destinationPort: between(128 * 256, 128 * 256 + 255),
      }),
      matching({ states: ['established', 'related'] }),
      matching({ states: ['invalid', 'untracked'] }),
      matching({
        protocol: exactly(protocols.tcp),
        sourcePort: ports,
        destinationPort: ports,
      }),
    ];
    const kinds = ['accept', 'drop', 'reject'] as const;
    const rules = matches.map((each, index): Rule => ({
      id: `R-${index}`,
      comment: `Grund "ü" \\ it's ${'x'.repeat(300)}`,
      match: each,
      action: { kind: kinds[index % 3] ?? 'drop' },
    }));
    const chains = [{ name: 'through', direction: 'forward', policy: 'drop', rules }] as const;
    assertSame({ device: 'fw01', zones: [], chains });
  });

  test('address translation reads as the kernel lists it', () => {
    const vip = '127.10.1.10';
    const rules = [
      `-A PREROUTING -d ${vip}/32 -p tcp -m tcp --dport 5061 -m statistic --mode random --probability 0.5 -j DNAT --to-destination 127.10.1.11:5061`,
      `-A PREROUTING -d ${vip}/32 -p tcp -m tcp --dport 5061 -j DNAT --to-destination 127.10.1.11-127.10.1.12`,
      `-A POSTROUTING -p tcp -m conntrack --ctstate DNAT --ctorigdst ${vip} --ctorigdstport 5061 -j SNAT --to-source 127.10.1.5`,
    ];
    const content = `*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n${rules.join('\n')}\nCOMMIT\n`;
    const [set] = iptables.read([listed({ name: 'lb01.v4.rules', content }, 'iptables', 'nat')]);
    const wanted = matching({
      destination: addressesOf([vip]),
      protocol: exactly(protocols.tcp),
      destinationPort: exactly(5061),
    });
    const inIPv4 = { ...wanted, source: everyIPv4 };
    const first = told(set?.translations?.destination ?? [])[0];
    assert.deepEqual(first, [
      [at('127.10.1.11', 5061)],
      inIPv4,
      ['-m statistic', '--mode random', '--probability 0.50000000000'],
    ]);
    assert.deepEqual(told(set?.translations?.destination ?? [])[1], [
      [at('127.10.1.11'), at('127.10.1.12')],
      inIPv4,
      undefined,
    ]);
    assert.deepEqual(told(set?.translations?.source ?? []), [
      [[at('127.10.1.5')], inIPv4, undefined],
    ]);
  });
});
