import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressesOf, between, exactly, named, otherAddresses, protocols } from '../model.ts';
import type { Rule } from '../model.ts';
import { beginning, passage, permit, smallPassages } from '../rules.fixture.ts';
import { describeTarget } from '../target.compliance.ts';
import { srx } from './index.ts';

const policy = (words: string): string => `set security policies global policy p ${words}`;

describeTarget({
  target: srx,
  sets: smallPassages(beginning),
  faults: [
    ['security { policies', /^f:1: security \{ policies; allowed: a line that begins with set/u],
    [policy('match source-address any'), /^f:1: policy p without an action/u],
    [policy('unless'), /^f:1: unless; allowed: match, then/u],
    ['set security address-book global address a 10.0.0', /^f:1: 10\.0\.0; allowed/u],
    ['set applications application a destination-port 90-80', /^f:1: destination-port 90-80/u],
    ['set applications application a protocol what', /^f:1: protocol what/u],
    ['\ndelete security policies global policy p', /^f:2: delete security policies global/u],
    [`${policy('then permit')}\n${policy('match source-address')}`, /^f:2: the end of the line/u],
  ],
  words:
    'set delete deactivate security policies global policy p match source-address destination-address application any then permit deny reject address-book address address-set a 10.0.0.0/8 applications application-set protocol tcp destination-port 80 from-zone to-zone description "x"'.split(
      ' ',
    ),
});

const rulesOf = (content: string): readonly Rule[] =>
  srx.read([{ name: 'fw.set', content }])[0]?.chains[0]?.rules.slice(1) ?? [];

describe('srx', () => {
  test('reads zones before global policies, sets in sets, ranges, terms and what is switched off', () => {
    const rules = rulesOf(`set version 21.4R1
set system host-name fw
set security address-book global address web 10.0.0.5/32
set security address-book global address some range-address 10.2.0.1 to 10.2.0.9
set security address-book global address-set inner address web
set security address-book global address-set inner address some
set security address-book global address-set outer address-set inner
set applications application high term t1 protocol tcp destination-port 8000-8010
set applications application high term t2 protocol udp source-port 53
set applications application ping protocol icmp icmp-type 8
set applications application-set both application [ high ping ]
set security policies global policy last match source-address any-ipv6
set security policies global policy last match destination-address any
set security policies global policy last match application junos-https
set security policies global policy last then reject
set security policies from-zone lan to-zone dmz policy first match source-address any
set security policies from-zone lan to-zone dmz policy first match destination-address outer
set security policies from-zone lan to-zone dmz policy first match destination-address-excluded
set security policies from-zone lan to-zone dmz policy first match application both
set security policies from-zone lan to-zone dmz policy first then permit
set security policies from-zone lan to-zone dmz policy first then log session-close
set security policies global policy off match source-address any
set security policies global policy off match destination-address any
set security policies global policy off match application any
set security policies global policy off then permit
deactivate security policies global policy off
`);
    const [tcp, udp, ping, last] = rules;
    assert.equal(rules.length, 4);
    assert.deepEqual([tcp?.id, last?.id, last?.action.kind], ['first', 'last', 'reject']);
    assert.deepEqual(tcp?.match.inInterface, named('lan'));
    assert.deepEqual(tcp.match.outInterface, named('dmz'));
    assert.deepEqual(
      tcp.match.destination,
      otherAddresses(addressesOf(['10.0.0.5', '10.2.0.1-10.2.0.9'])),
    );
    assert.deepEqual(tcp.match.destinationPort, between(8000, 8010));
    assert.deepEqual(udp?.match.sourcePort, exactly(53));
    assert.deepEqual(ping?.match.destinationPort, between(2048, 2303));
    assert.deepEqual(last?.match.destinationPort, exactly(443));
    assert.equal(tcp.position?.line, 16);
  });

  test('bounds host names, one name in two books, schedules and dynamic applications', () => {
    const [rule] = rulesOf(`set security address-book global address d dns-name www.example.com
set security address-book one address a 10.0.0.1/32
set security address-book two address a 10.0.0.2/32
set security policies global policy p match source-address a
set security policies global policy p match destination-address d
set security policies global policy p match application junos-sip
set security policies global policy p match dynamic-application junos:HTTP
set security policies global policy p scheduler-name nights
set security policies global policy p then permit
`);
    assert.deepEqual(rule?.unknown?.toSorted(), [
      'destination d',
      'match dynamic-application junos:HTTP',
      'scheduler-name nights',
      'service junos-sip',
      'source a',
    ]);
  });

  test('lets the default policy decide the rest', () => {
    const sets = srx.read([
      { name: 'f', content: 'set security policies default-policy permit-all' },
    ]);
    assert.equal(sets[0]?.chains[0]?.policy, 'accept');
  });

  test('writes zones, types of ICMP and other protocols', () => {
    const rules = [
      permit({ inInterface: named('lan'), outInterface: named('dmz') }),
      permit({ protocol: exactly(1), destinationPort: [...between(0, 255), ...exactly(2049)] }),
      permit({ protocol: exactly(protocols.esp) }),
    ];
    const content = srx.render([passage(rules)], {})[0]?.content ?? '';
    assert.match(content, /match from-zone lan\n.*match to-zone dmz$/mu);
    assert.match(content, /icmp-type 8\n.*icmp-code 1$/mu);
    assert.match(content, /usher-50 protocol 50$/mu);
  });
});
