import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  addressesOf,
  addressesWithout,
  between,
  connectionStates,
  everyAddress,
  everyIPv6,
  everyPort,
  exactly,
  matching,
  named,
  protocols,
  sameIntervals,
  unionOf,
} from '../model.ts';
import type { Rule, RuleSet } from '../model.ts';
import {
  assertSamePackets,
  beginning,
  guarded,
  passage,
  permit,
  smallHosts,
  smallPassages,
} from '../rules.fixture.ts';
import { describeTarget } from '../target.compliance.ts';
import { pf } from './index.ts';

/** ICMP of IPv4 over IPv6 is refused by pf; the other protocols say nothing about the family. */
function sayable(asked: Rule): Rule {
  const kind = asked.action.kind === 'reject' ? 'reject' : undefined;
  const { match, ...rest } = beginning(asked);
  const free = [match.sourcePort, match.destinationPort].every((set) =>
    sameIntervals(set, everyPort),
  );
  const protocol = free
    ? unionOf([...exactly(protocols.udp), ...exactly(protocols.esp)])
    : match.protocol;
  const every = match.protocol.length === 1 && match.protocol[0]?.until === 256;
  return {
    ...rest,
    match: { ...match, protocol: every ? match.protocol : protocol },
    ...(kind === undefined ? {} : { action: { kind } }),
  };
}

describeTarget({
  target: pf,
  sets: fc.oneof(smallHosts(sayable), smallPassages(sayable)),
  faults: [
    ['allow all', /^f:1: allow; allowed: pass, block, table/u],
    ['pass in from 10.0.0', /^f:1: 10\.0\.0; allowed: an address/u],
    ['pass in proto nothing', /^f:1: nothing; allowed: a protocol/u],
    ['pass in from { 10.0.0.1', /^f:1: pass; allowed: a statement that ends/u],
    ['\npass in from $office', /^f:2: \$office; allowed: a macro/u],
    ['pass in proto tcp to port 90:80', /^f:1: 90:80; allowed/u],
    ['pass in proto tcp from any port 90:80', /^f:1: 90:80; allowed: a port or LOW:HIGH/u],
    ['pass in "open', /^f:1: "open; allowed/u],
    ['pass in icmp-type 8', /^f:1: .*allowed: a type behind/u],
    ['match out nat-to 10.0.0.1', /^f:1: nat-to; allowed: rules that only filter/u],
    ['rdr pass on em0 to port 80 -> 10.0.0.1', /^f:1: rdr; allowed: pass, block/u],
    ['include "other.conf"', /^f:1: include; allowed/u],
  ],
  words:
    'pass block in out quick log on em0 inet inet6 proto tcp from any to { } ( ) < > = ! 10.0.0.1 10.0.0.0/8 port 80 80:90 flags S/SA keep state label "x" table <t> const self set skip all anchor'.split(
      ' ',
    ),
});

const read = (content: string): RuleSet | undefined =>
  pf.read([{ name: 'fw.pf.conf', content }])[0];

const inbound = (content: string): readonly Rule[] =>
  read(content)?.chains[0]?.rules.slice(1) ?? [];

describe('pf', () => {
  test('reads macros, lists, tables, names of ports, comparisons and what pfctl prints', () => {
    const rules = inbound(`# A-1: people
# and machines
ext = "em0"
office = "{ 10.0.0.0/8 192.0.2.1 - 192.0.2.9, !10.9.9.9 }"
web = "{ 22 https 8000:8010 }"
table <inner> const { 10.3/16 2001:db8::/64 }
set limit states 10000
set skip on { lo0 em9 }
scrub in all
pass in quick on $ext inet proto tcp from $office to any port $web \\
  flags S/SA keep state (max 10)
pass in quick proto { tcp udp } from <inner> port > 1023 to any port != 53
pass in quick inet proto icmp from any to any icmp-type echoreq code 0 keep state
pass in quick proto tcp from ! <inner> to any port 79 >< 82 flags any
block return in log quick all label "rest"
`);
    const [skipLo, skip, people, inner, ping, finger] = rules;
    assert.deepEqual([skipLo?.id, skip?.match.inInterface], ['loopback', named('em9')]);
    assert.deepEqual(people?.match.inInterface, named('em0'));
    assert.deepEqual(people.match.destinationPort, [
      ...exactly(22),
      ...exactly(443),
      ...between(8000, 8010),
    ]);
    assert.deepEqual(people.match.states, ['new']);
    assert.equal(people.position?.line, 10);
    assert.deepEqual(inner?.match.sourcePort, between(1024, 65_535));
    assert.deepEqual(inner.match.source, addressesOf(['10.3.0.0/16', '2001:db8::/64']));
    assert.deepEqual(ping?.match.destinationPort, exactly(2048));
    assert.deepEqual(finger?.match.destinationPort, between(80, 81));
    assert.deepEqual(finger.match.states, connectionStates);
    assert.deepEqual(
      finger.match.source,
      addressesWithout(everyAddress, addressesOf(['10.3.0.0/16', '2001:db8::/64'])),
    );
    assert.equal(read('block return in quick all\npass out')?.chains[0]?.policy, 'reject');
  });

  test('lets the last rule that matches decide, unless one is quick', () => {
    const ids = inbound(`block all label "default"
pass in proto tcp to port 22 label "ssh"
pass in quick proto tcp to port 80 label "web"
block in proto tcp from 10.0.0.0/8 to port 22 label "not-ssh"
`).map(({ id }) => id);
    assert.deepEqual(ids, ['web', 'not-ssh', 'ssh']);
  });

  test('tells packets of the device from those it passes on, which it is asked about twice', () => {
    const set = read(`block in quick from any to ! (self)
pass in quick all
pass out quick from (self)
block out quick all
`);
    assert.deepEqual(
      set?.chains.map(({ direction, policy }) => [direction, policy]),
      [
        ['in', 'accept'],
        ['out', 'drop'],
        ['forward', 'drop'],
        ['forward', 'drop'],
      ],
    );
  });

  test('bounds anchors, tables others fill, names, users and flags', () => {
    const unknown = inbound(`table <bad> persist
table <file> file "/etc/hosts.bad"
anchor "relayd/*"
pass in quick from <bad>
pass in quick from <file>
pass in quick from em0:network
pass in quick proto tcp to port kerberos
pass in quick proto tcp user root
pass in quick proto tcp flags R/RA
pass in quick from { (self) 10.0.0.1 }
block all
`).map((rule) => rule.unknown);
    assert.deepEqual(unknown, [
      ['anchor relayd/*'],
      ['anchor relayd/*'],
      ['<bad>'],
      ['<file>'],
      ['em0:network'],
      ['port kerberos'],
      ['user root'],
      ['flags R/RA'],
      ['(self) in a list'],
    ]);
  });

  test('makes tables of long lists, and labels pf does not put values into', () => {
    const source = addressesOf(Array.from({ length: 20 }, (_, n) => `10.0.${n}.2`));
    const wanted = passage([permit({ source, protocol: exactly(6) }, `$if-${'x'.repeat(80)}`)]);
    const content = pf.render([wanted], {})[0]?.content ?? '';
    assert.match(content, /^table <usher_[\da-f]{12}> const \{ 10\.0\.0\.2 /mu);
    assert.match(content, /label "\.if-x{59}"$/mu);
    assertSamePackets(read(content), wanted);
  });

  test('lets neighbours of IPv6 through before what is not addressed to the host', () => {
    const neighbours: Rule = {
      id: 'neighbours',
      match: matching({
        source: everyIPv6,
        destination: everyIPv6,
        protocol: exactly(protocols.icmpv6),
        destinationPort: between(133 * 256, 136 * 256 + 255),
        states: ['untracked'],
      }),
      action: { kind: 'accept' },
    };
    const wanted = guarded([neighbours, permit({ protocol: exactly(6) })], [neighbours]);
    const content = pf.render([wanted], {})[0]?.content ?? '';
    assert.ok(content.indexOf('icmp6-type 135') < content.indexOf('! (self)'));
    assertSamePackets(read(content), wanted);
  });
});
