import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressesOf, between, exactly, named, otherAddresses, protocols } from '../model.ts';
import type { Rule } from '../model.ts';
import { beginningOfTcp, passage, permit, smallPassages } from '../rules.fixture.ts';
import { describeTarget } from '../target.compliance.ts';
import { paloalto } from './index.ts';

const rule = (words: string): string =>
  `set rulebase security rules r from any to any source any destination any application any service any ${words}`;

describeTarget({
  target: paloalto,
  sets: smallPassages(beginningOfTcp),
  faults: [
    ['show rules', /^f:1: show rules; allowed: a line that begins with set/u],
    [rule(''), /^f:1: rule r with action none; allowed: allow/u],
    [rule('action maybe'), /^f:1: rule r with action maybe/u],
    ['set address a ip-netmask 10.0.0', /^f:1: 10\.0\.0; allowed: an address/u],
    ['set service s protocol icmp', /^f:1: icmp; allowed: tcp, udp or sctp/u],
    ['\nset service s protocol tcp port 90-80', /^f:2: 90-80; allowed: a port/u],
    ['set address-group g static [ a b', /^f:1: \[; allowed: a list that ends/u],
    ['set device-group x pre-rulebase security rules r action allow', /^f:1: pre-rulebase/u],
    ['delete rulebase security rules r', /^f:1: .*delete rulebase security rules/u],
  ],
  words:
    'set delete rulebase security rules r from to any source destination service application [ ] action allow drop address a ip-netmask ip-range 10.0.0.0/8 protocol tcp port 80 description "x" negate-source yes'.split(
      ' ',
    ),
});

const rulesOf = (content: string): readonly Rule[] =>
  paloalto.read([{ name: 'fw.set', content }])[0]?.chains[0]?.rules.slice(1) ?? [];

describe('paloalto', () => {
  test('reads groups, ranges, zones, negations and rules told in several commands', () => {
    const [people, web, rest] = rulesOf(`set deviceconfig system hostname fw
set shared address web ip-netmask 10.0.0.5
set address some ip-range 10.2.0.1-10.2.0.9
set address v6 ip-netmask 2001:db8::/64
set address-group inner static [ web some ]
set address-group all-inner static [ inner v6 ]
set service high protocol tcp port 22,8000-8010 source-port 1024-65535
set service dns protocol udp port 53
set service-group both members [ high dns ]
set vsys vsys1 rulebase security rules "Some people" from [ lan dmz ]
set vsys vsys1 rulebase security rules "Some people" to any
set vsys vsys1 rulebase security rules "Some people" source all-inner
set vsys vsys1 rulebase security rules "Some people" source 10.9.0.0/16
set vsys vsys1 rulebase security rules "Some people" destination any negate-source yes
set vsys vsys1 rulebase security rules "Some people" application any service high action allow
set rulebase security rules off from any to any source any destination any application any service any action allow disabled yes
set rulebase security rules web from any to any source any destination web application any service both action deny description "A-1: why"
`);
    assert.equal(people?.id, 'Some people');
    assert.deepEqual(people?.match.inInterface, [...named('dmz'), ...named('lan')]);
    assert.deepEqual(
      people.match.source,
      otherAddresses(
        addressesOf(['10.0.0.5', '10.2.0.1-10.2.0.9', '2001:db8::/64', '10.9.0.0/16']),
      ),
    );
    assert.deepEqual(people.match.destinationPort, [...exactly(22), ...between(8000, 8010)]);
    assert.deepEqual(people.match.sourcePort, between(1024, 65_535));
    assert.deepEqual([web?.id, web?.comment, web?.action.kind], ['A-1', 'why', 'drop']);
    assert.deepEqual(rest?.match.protocol, exactly(protocols.udp));
  });

  test('bounds applications, users, names nobody described and what passes within a zone', () => {
    const rules = rulesOf(`set address d fqdn www.example.com
set rulebase security rules a from any to any source any destination d application web-browsing service application-default source-user staff action allow
`);
    assert.deepEqual(rules[0]?.unknown?.toSorted(), [
      'application web-browsing',
      'destination d',
      'service application-default',
      'source-user staff',
    ]);
    assert.deepEqual(rules[1]?.unknown, ['from and to the same zone']);
  });

  test('gives rules names PAN-OS takes, each once, and cuts long lists', () => {
    const source = addressesOf(Array.from({ length: 1200 }, (_, n) => `10.${n >> 8}.${n & 255}.2`));
    const long = permit(
      { source, protocol: exactly(6), destinationPort: exactly(9) },
      'x/'.repeat(60),
    );
    const wanted = passage([long, long]);
    const content = paloalto.render([wanted], {})[0]?.content ?? '';
    const names = [...content.matchAll(/security rules (\S+) from/gu)].map(([, name = '']) => name);
    assert.equal(new Set(names).size, 7);
    for (const name of names) assert.match(name, /^[A-Za-z\d][\w.-]{0,62}$/u);
    for (const [, list = ''] of content.matchAll(/source \[ (.*?) \]/gu)) {
      assert.ok(list.split(' ').length <= 500);
    }
  });

  test('refuses protocols that are no service', () => {
    const esp = permit({ protocol: exactly(protocols.esp) });
    assert.throws(() => paloalto.render([passage([esp])], {}), {
      code: 'USHER_RULES_INEXPRESSIBLE',
      message: /^Protocol 50 /u,
    });
  });
});
