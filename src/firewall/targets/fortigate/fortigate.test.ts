import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressesOf, between, exactly, named, protocols } from '../model.ts';
import type { Rule } from '../model.ts';
import { assertSamePackets, beginning, passage, permit, smallPassages } from '../rules.fixture.ts';
import { describeTarget } from '../target.compliance.ts';
import { fortigate } from './index.ts';

const table = (name: string, ...lines: readonly string[]): string =>
  `config firewall ${name}\nedit "x"\n${lines.map((line) => `set ${line}\n`).join('')}next\nend\n`;

describeTarget({
  target: fortigate,
  sets: smallPassages(beginning),
  faults: [
    ['set x', /^f:1: set x; allowed: a table/u],
    [
      'config firewall policy\nedit 1\nnext',
      /^f:1: config firewall policy; allowed: a table that ends/u,
    ],
    ['config firewall policy\nmove 1 after 2\nend', /^f:2: move; allowed: edit/u],
    ['config firewall policy\nset name "a\nend', /^f:2: set name "a; allowed: a text that ends/u],
    [table('address', 'subnet 10.0.0.0 255.0.255.0'), /^f:2: 10\.0\.0\.0 255\.0\.255\.0/u],
    [table('service custom', 'tcp-portrange 90-80'), /^f:2: ports 90-80/u],
    [
      table('policy6', 'name "x"'),
      /^f:2: config firewall policy6; allowed: config firewall policy/u,
    ],
  ],
  words:
    'config firewall policy address addrgrp end edit 1 next set srcaddr dstaddr "all" "x" service "ALL" action accept deny srcintf any subnet 10.0.0.0 255.0.0.0 member \n'.split(
      ' ',
    ),
});

const rulesOf = (content: string): readonly Rule[] =>
  fortigate.read([{ name: 'fw.conf', content }])[0]?.chains[0]?.rules.slice(1) ?? [];

describe('fortigate', () => {
  test('reads a backup: groups, ranges, both families, services, other tables and long texts', () => {
    const rules = rulesOf(`#config-version=FGT60F-7.2.4
config system global
    set hostname "fw"
    config nested
        edit 1
        next
    end
end
config system replacemsg
    set buffer "<html>
config firewall policy
</html>"
end
config vdom
edit root
config firewall address
    edit "all"
        set uuid 1
    next
    edit "web"
        set subnet 10.0.0.5 255.255.255.255
    next
    edit "some"
        set type iprange
        set start-ip 10.2.0.1
        set end-ip 10.2.0.9
    next
end
config firewall addrgrp
    edit "inner"
        set member "web" "some"
    next
end
config firewall address6
    edit "web"
        set ip6 2001:db8::5/128
    next
end
config firewall service custom
    edit "ALL"
        set protocol IP
    next
    edit "mixed"
        set tcp-portrange 22 8000-8010:1024-65535
        set udp-portrange 53
    next
    edit "ping"
        set protocol ICMP
        set icmptype 8
        unset icmpcode
    next
end
config firewall service group
    edit "both"
        set member "mixed" "ping"
    next
end
config firewall policy
    edit 7
        set name "people"
        set srcintf "lan"
        set dstintf "wan1" "wan2"
        set srcaddr "inner"
        set dstaddr "all"
        set srcaddr6 "web"
        set dstaddr6 "all"
        set action accept
        set schedule "always"
        set service "both"
        set av-profile "default"
    next
    edit 8
        set status disable
        set srcaddr "all"
        set dstaddr "all"
        set service "ALL"
        set action accept
    next
    edit 9
        set srcaddr "all"
        set dstaddr "web"
        set service "ALL"
        set comments "A-1: no"
    next
end
end
`);
    const four = rules.filter(({ match }) => match.source.v4.length > 0);
    assert.equal(four.length, 5);
    const [ssh, high, dns, ping, denied] = four;
    assert.equal(ssh?.id, '7');
    assert.deepEqual(ssh?.match.source, addressesOf(['10.0.0.5', '10.2.0.1-10.2.0.9']));
    assert.deepEqual(ssh.match.outInterface, [...named('wan1'), ...named('wan2')]);
    assert.deepEqual(high?.match.sourcePort, between(1024, 65_535));
    assert.deepEqual(dns?.match.protocol, exactly(protocols.udp));
    assert.deepEqual(ping?.match.destinationPort, between(2048, 2303));
    assert.deepEqual([denied?.id, denied?.action.kind], ['A-1', 'drop']);
    assert.equal(rules.length, 9);
    assert.ok(rules.every(({ unknown }) => unknown === undefined));
  });

  test('bounds schedules, users, virtual addresses and countries', () => {
    const [rule] = rulesOf(`config firewall address
edit "land"
set type geography
next
end
config firewall policy
edit 1
set srcaddr "land"
set dstaddr "vip-1"
set service "HTTPS"
set schedule "nights"
set groups "staff"
set action accept
next
end
`);
    assert.deepEqual(rule?.unknown?.toSorted(), [
      'destination 4:vip-1',
      'groups staff',
      'schedule nights',
      'service HTTPS',
      'source 4:land',
    ]);
  });

  test('takes a policy that names services of the Internet for one about any address', () => {
    const rules = rulesOf(
      table('policy', 'srcaddr "all"', 'internet-service enable', 'service "ALL"', 'action accept'),
    );
    assert.deepEqual(
      rules.map(({ unknown }) => unknown),
      [['internet-service enable', 'destination ']],
    );
  });

  test('cuts long lists by family, and keeps names short', () => {
    const many = Array.from({ length: 700 }, (_, n) => `10.${n >> 8}.${n & 255}.2`);
    const source = addressesOf([...many, '2001:db8::1', '2001:db8::7']);
    const destination = addressesOf(['10.0.0.1', '2001:db8::5']);
    const wanted = passage([permit({ source, destination }, 'x/'.repeat(40))]);
    const files = fortigate.render([wanted], {});
    assertSamePackets(fortigate.read(files)[0], wanted);
    const content = files[0]?.content ?? '';
    for (const [, name = ''] of content.matchAll(/set name "(.*)"/gu)) assert.ok(name.length <= 35);
    assert.doesNotMatch(content, /addr6? $/mu);
  });
});
