import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  addressesOf,
  between,
  connectionStates,
  exactly,
  intersect,
  isEmpty,
  matching,
  protocols,
} from '../model.ts';
import type { Rule, RuleSet } from '../model.ts';
import {
  assertSamePackets,
  beginning,
  beginningOfTcp,
  passage,
  permit,
  smallPassages,
} from '../rules.fixture.ts';
import { notNew } from '../stateless.ts';
import { describeTarget } from '../target.compliance.ts';
import { ios } from './index.ts';

const list = (line: string): string => `ip access-list extended A\n ${line}\n`;

describeTarget({
  target: ios,
  sets: fc.oneof(
    smallPassages(beginningOfTcp),
    // Beside refusals, replies without flags could undo these.
    smallPassages((rule) => beginning({ ...rule, action: { kind: 'accept' } })),
  ),
  faults: [
    ['', /^f:1: no access list; allowed/u],
    [list('allow ip any any'), /^f:2: allow; allowed: permit or deny/u],
    [list('permit tcp any'), /^f:2: the end of the line/u],
    [list('permit tcp host any any'), /^f:2: any; allowed: an address/u],
    [`${list('permit ip any any')}interface X\n ip access-group B in\n`, /^f:1: access list B/u],
    [`${list('permit ip any any')}interface X\n ip access-group A out\n`, /^f:4: .*coming in/u],
    [
      `${list('permit ip any any')}ip access-list extended B\n permit ip any any`,
      /^f:1: .*one list/u,
    ],
  ],
  words:
    'ip ipv6 access-list extended A permit deny tcp udp icmp any host 10.0.0.1 0.0.0.255 eq range 80 www established interface access-group in remark log object-group network'.split(
      ' ',
    ),
});

const rulesOf = (content: string): readonly Rule[] =>
  ios.read([{ name: 'r1.cfg', content }])[0]?.chains[0]?.rules ?? [];

const onlyNew = (set: RuleSet): RuleSet => ({
  ...set,
  chains: set.chains.map((chain) => ({
    ...chain,
    rules: chain.rules
      .map((rule) => ({ ...rule, match: { ...rule.match, states: ['new'] as const } }))
      .filter((_, index) => chain.rules[index]?.match.states.includes('new') === true),
  })),
});

describe('ios', () => {
  test('lets exactly those connections of TCP begin that the rules do', () => {
    fc.assert(
      fc.property(smallPassages(beginningOfTcp), (set) => {
        assertSamePackets(onlyNew(ios.becomes?.(set) ?? set), onlyNew(set));
      }),
      { numRuns: 100 },
    );
  });

  test('lets the replies of every connection pass that may begin', () => {
    fc.assert(
      fc.property(smallPassages(beginningOfTcp), (set) => {
        const [chain] = (ios.becomes?.(set) ?? set).chains;
        for (const { match, action } of set.chains[0]?.rules.slice(1) ?? []) {
          if (action.kind !== 'accept') continue;
          const reply = {
            ...match,
            source: match.destination,
            destination: match.source,
            sourcePort: match.destinationPort,
            destinationPort: match.sourcePort,
            states: ['established'] as const,
          };
          const first = chain?.rules.find((rule) => !isEmpty(intersect(rule.match, reply)));
          assert.equal(first?.action.kind, 'accept');
        }
      }),
      { numRuns: 100 },
    );
  });

  test('gives UDP replies of their own, unless these could undo a refusal', () => {
    const dns = permit({
      destination: addressesOf(['10.0.0.53']),
      protocol: exactly(protocols.udp),
      destinationPort: exactly(53),
    });
    const [file] = ios.render([passage([dns])], {});
    assert.match(file?.content ?? '', /^ permit udp host 10\.0\.0\.53 eq 53 any$/mu);
    const refuse: Rule = { id: 'D', match: matching({}), action: { kind: 'drop' } };
    assert.throws(() => ios.render([passage([dns, refuse])], {}), {
      code: 'USHER_RULES_INEXPRESSIBLE',
      message: /^R-7\/answer /u,
    });
  });

  test('reads a running configuration: sequences, wildcards, groups, lists of ports, IPv6', () => {
    const rules = rulesOf(`hostname r1
object-group network inner
 host 10.3.0.1
 10.4.0.0 255.255.0.0
!
interface GigabitEthernet0/0
 ip access-group IN in
 ipv6 traffic-filter IN6 in
!
ip access-list extended IN
 10 remark A-1: people
 20 permit tcp 10.1.0.0 0.0.255.255 host 10.0.0.5 eq 22 www log
 30 permit tcp any any established
 40 permit icmp any any unreachable
 50 deny   ip any any
ip access-list extended other
 permit ip any any
ipv6 access-list IN6
 permit tcp 2001:DB8::/32 any range 5000 5010 sequence 10
 permit icmp any any nd-na
 deny ipv6 any any log-input
`);
    const [people, begun, error, six] = rules;
    assert.equal(rules.length, 4);
    assert.deepEqual([people?.id, people?.comment], ['A-1', 'people']);
    assert.deepEqual(people?.match.destinationPort, [...exactly(22), ...exactly(80)]);
    assert.deepEqual(people.match.source, addressesOf(['10.1.0.0/16']));
    assert.deepEqual(people.match.states, connectionStates);
    assert.deepEqual(begun?.match.states, notNew);
    assert.deepEqual(error?.match.states, notNew);
    assert.deepEqual(six?.match.source, addressesOf(['2001:db8::/32']));
    assert.deepEqual(six.match.destinationPort, between(5000, 5010));
  });

  test('bounds wildcards with gaps, unknown groups and conditions', () => {
    const rules = rulesOf(`ip access-list extended A
 permit ip 10.0.0.0 0.255.0.255 any
 permit tcp any object-group gone
 permit tcp any any dscp ef
 permit tcp any any eq kerberos
`);
    assert.deepEqual(
      rules.slice(0, 4).map(({ unknown }) => unknown),
      [['10.0.0.0 0.255.0.255'], ['object-group gone'], ['dscp ef'], ['port kerberos']],
    );
  });
});
