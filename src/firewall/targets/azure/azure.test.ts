import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { UsherError } from '#base';
import { addressesOf, between, everyPort, everyProtocol, exactly } from '../model.ts';
import { connectionStates, formatAddresses, matching, protocols, sameIntervals } from '../model.ts';
import type { Chain, Match, Rule, RuleSet } from '../model.ts';
import { assertSameRules, beginning, smallHosts } from '../rules.fixture.ts';
import { impliedRules } from '../stateful.ts';
import { azure } from './index.ts';

/** A rule a group can say: a connection begins, by one protocol of those it knows. */
function sayable(rule: Rule): Rule {
  const { sourcePort, destinationPort, protocol } = rule.match;
  const ported = ![sourcePort, destinationPort].every((set) => sameIntervals(set, everyPort));
  const known = sameIntervals(protocol, everyProtocol) ? protocol : exactly(protocols.udp);
  const begins = beginning(rule);
  return {
    ...begins,
    match: { ...begins.match, protocol: ported ? exactly(protocols.tcp) : known },
  };
}

/** A group with these rules, as Resource Manager exports it. */
function group(rules: readonly Readonly<Record<string, unknown>>[]): string {
  const securityRules = rules.map((properties, index) => ({
    name: `rule-${index}`,
    properties: {
      access: 'Allow',
      direction: 'Inbound',
      protocol: 'Tcp',
      priority: 100 + index,
      sourceAddressPrefix: '*',
      destinationAddressPrefix: '*',
      sourcePortRange: '*',
      destinationPortRange: '*',
      ...properties,
    },
  }));
  const type = 'Microsoft.Network/networkSecurityGroups';
  const resources = [{ type, name: 'nsg', properties: { securityRules } }, { type: 'other' }];
  return JSON.stringify({ resources }, undefined, 1);
}

const read = (content: string): readonly RuleSet[] => azure.read([{ name: 'nsg.json', content }]);

/** The rules of the way in, without what every group does. */
const inbound = (rules: readonly Readonly<Record<string, unknown>>[]): readonly Rule[] =>
  read(group(rules))[0]?.chains[0]?.rules.slice(2) ?? [];

/** Writes rules of the way in behind those every group has. */
function write(rules: readonly Rule[], chain: Partial<Chain> = {}): string {
  const base = { name: 'in', direction: 'in', policy: 'drop' } as const;
  const whole: Chain = { ...base, rules: [...impliedRules('in'), ...rules], ...chain };
  return azure.render([{ device: 'a', zones: [], chains: [whole] }], {})[0]?.content ?? '';
}

const permit = (fields: Partial<Match>, id = 'R-7'): Rule => ({
  id,
  match: matching({ states: ['new'], ...fields }),
  action: { kind: 'accept' },
});

describe('azure', () => {
  test('reads what it writes back to the same packets, rule by rule', () => {
    fc.assert(
      fc.property(smallHosts(sayable), (wanted) => {
        assertSameRules(azure.read(azure.render([wanted], {}))[0], wanted);
      }),
      { numRuns: 300 },
    );
  });

  test('gives every rule a name, a priority and a description Resource Manager takes', () => {
    const rules = Array.from({ length: 300 }, (_, index) => ({
      ...permit({ destinationPort: exactly(index), protocol: exactly(6) }, `DH-06@pool/${index}`),
      comment: 'ü'.repeat(300),
    }));
    const content = write(rules);
    const names = [...content.matchAll(/"name": "(in-.*)"/gu)].map(([, name = '']) => name);
    assert.equal(new Set(names).size, 301);
    for (const name of names) assert.match(name, /^[A-Za-z0-9][\w.-]{0,78}\w$/u);
    for (const [, reason = ''] of content.matchAll(/"description": "(.*)"/gu)) {
      assert.ok(reason.length <= 140);
    }
  });

  test('never makes a reason an expression of the template', () => {
    const rule = { ...permit({}, ''), comment: '[resourceGroup().location]' };
    const content = write([rule]);
    assert.match(content, /"description": "\[\[resourceGroup/u);
    assert.equal(read(content)[0]?.chains[0]?.rules.at(-1)?.comment, rule.comment);
  });

  test('reads singular and plural forms, in the order of priority, and the line of a rule', () => {
    const rules = inbound([
      { priority: 300, access: 'Deny', sourceAddressPrefix: '10.0.0.0/8' },
      {
        priority: 200,
        sourceAddressPrefix: undefined,
        sourceAddressPrefixes: ['10.0.1.0/24', '2001:db8::/32'],
        destinationPortRange: undefined,
        destinationPortRanges: ['22', '80-90'],
        description: 'A-1: people',
      },
      { priority: 4096, access: 'Deny', protocol: '*' },
    ]);
    assert.deepEqual(
      rules.map(({ action }) => action.kind),
      ['accept', 'drop'],
    );
    const [people] = rules;
    assert.deepEqual([people?.id, people?.comment], ['A-1', 'people']);
    assert.deepEqual(people?.match.destinationPort, [...between(22, 22), ...between(80, 90)]);
    assert.deepEqual(people.match.source, addressesOf(['10.0.1.0/24', '2001:db8::/32']));
    assert.ok((people.position?.line ?? 0) > 10);
  });

  test('bounds service tags, application groups and ports of any protocol', () => {
    const [tag, groups, ports] = inbound([
      { sourceAddressPrefix: 'VirtualNetwork', destinationPortRange: '22' },
      { destinationAddressPrefix: undefined, destinationApplicationSecurityGroups: [{ id: 'x' }] },
      { protocol: '*', destinationPortRange: '22' },
    ]);
    assert.deepEqual(tag?.unknown, ['source VirtualNetwork']);
    assert.deepEqual(formatAddresses(tag.match.source), ['any']);
    assert.deepEqual(groups?.unknown, ['destination application groups']);
    assert.deepEqual(ports?.unknown, ['ports of protocol *']);
    assert.deepEqual(ports.match.destinationPort, everyPort);
  });

  test('knows the rules every group ends with when none of its own decides', () => {
    const rules = inbound([{ destinationPortRange: '22' }]);
    assert.deepEqual(
      rules.map(({ id }) => id),
      ['', 'AllowVnetInBound', 'AllowAzureLoadBalancerInBound'],
    );
    assert.ok(rules.slice(1).every(({ unknown }) => unknown !== undefined));
  });

  test('refuses what a group cannot say', () => {
    for (const rule of [
      permit({ protocol: exactly(132) }),
      permit({ protocol: exactly(1), destinationPort: between(2048, 2303) }),
      permit({ inInterface: [{ from: 'a', until: 'a\u0000' }] }),
      permit({ states: connectionStates }),
      { ...permit({}), action: { kind: 'reject' } },
      { ...permit({}), action: { kind: 'drop' } },
      { ...permit({}), unknown: ['-m limit'] },
    ] as const) {
      assert.throws(() => write([rule]), { code: 'USHER_RULES_INEXPRESSIBLE', message: /^R-7 / });
    }
    for (const chain of [{ rules: [] }, { direction: 'forward' }, { policy: 'reject' }] as const) {
      assert.throws(() => write([], chain), { code: 'USHER_RULES_INEXPRESSIBLE' });
    }
    const many = Array.from({ length: 1000 }, () => permit({}));
    assert.throws(() => write(many), { code: 'USHER_RULES_TOO_LARGE' });
  });

  test('names file, line and what it met when it cannot go on', () => {
    const faults: readonly (readonly [string, RegExp])[] = [
      ['{', /^nsg\.json:1: /u],
      ['{}', /^nsg\.json:1: resources/u],
      [
        group([{ access: 'Maybe' }]),
        /^nsg\.json:1: properties\.securityRules\.0\.properties\.access/u,
      ],
      [group([{ destinationPortRange: '90-80' }]), /^nsg\.json:\d+: port 90-80/u],
      [group([{ sourcePortRange: undefined }]), /^nsg\.json:\d+: rule-0; allowed: a source/u],
    ];
    for (const [content, message] of faults) assert.throws(() => read(content), { message });
  });

  test('survives every JSON: rules, or an error of its own', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('*', '10.0.0.0/8', '::/0', '22', 'Tcp'));
    const keys = ['access', 'protocol', 'priority', 'sourceAddressPrefix', 'sourcePortRanges'];
    const rule = fc.dictionary(fc.constantFrom(...keys), value);
    const text = fc.oneof(fc.json(), fc.string(), fc.array(rule, { maxLength: 3 }).map(group));
    fc.assert(
      fc.property(text, (content) => {
        try {
          read(content);
        } catch (error) {
          assert.ok(error instanceof UsherError, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
