import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressesOf, between, exactly, named } from '../model.ts';
import type { Rule, RuleSet } from '../model.ts';
import { beginning, passage, permit, smallPassages } from '../rules.fixture.ts';
import { describeTarget } from '../target.compliance.ts';
import { asa } from './index.ts';

const list = (line: string): string => `access-list A extended ${line}\naccess-group A global\n`;

describeTarget({
  target: asa,
  sets: smallPassages(beginning),
  faults: [
    ['', /^f:1: no access-group; allowed: a line that puts/u],
    ['access-group A global', /^f:1: access list A; allowed/u],
    [list('allow ip any any'), /^f:1: allow; allowed: permit or deny/u],
    [list('permit tcp any'), /^f:1: the end of the line; allowed: an address/u],
    [list('permit nothing any any'), /^f:1: nothing; allowed: a protocol/u],
    [list('permit tcp host 10.0.0 any'), /^f:1: 10\.0\.0; allowed: an address/u],
    [list('permit ip any any "x'), /^f:1: .*quotation marks/u],
    ['object-group network G\n network-object 10.0.0.0 1.2.3.4\n', /^f:2: .*a host, a network/u],
  ],
  words:
    'access-list A extended permit deny tcp udp ip icmp any any4 any6 host 10.0.0.1 255.0.0.0 eq range 80 www object-group network service G network-object port-object group-object access-group global in interface remark log'.split(
      ' ',
    ),
});

const read = (content: string): RuleSet | undefined => asa.read([{ name: 'fw.cfg', content }])[0];

/** The rules of the list in force, without what the firewall does by itself. */
const rulesOf = (content: string): readonly Rule[] =>
  read(content)?.chains[0]?.rules.slice(1) ?? [];

describe('asa', () => {
  test('reads a running configuration: objects, groups in groups, names of ports, interfaces', () => {
    const rules = rulesOf(`ASA Version 9.16(4)
hostname fw
interface GigabitEthernet0/0
 nameif outside
object network web
 host 10.0.0.5
object network lan
 subnet 10.1.0.0 255.255.0.0
object network some
 range 10.2.0.1 10.2.0.9
object-group network inner
 network-object host 10.3.0.1
 network-object object some
object-group network all-inner
 description it's all of them
 group-object inner
 network-object 2001:db8::/64
object-group service web-ports tcp
 port-object eq https
 port-object range 8000 8010
object-group service mixed
 service-object tcp destination eq www
 service-object udp source eq domain
access-list OUT remark A-1: people
access-list OUT remark and machines
access-list OUT extended permit tcp object lan object web object-group web-ports log notifications interval 60
access-list OUT line 4 extended permit object-group mixed any4 object-group all-inner
access-list OUT extended deny tcp any host 10.0.0.5 neq ssh inactive
access-list OUT extended deny icmp any any 8
access-group OUT in interface outside
`);
    const [people, web, dns, ping, rest] = rules;
    assert.deepEqual([people?.id, people?.comment], ['A-1', 'people and machines']);
    assert.deepEqual(people?.match.source, addressesOf(['10.1.0.0/16']));
    assert.deepEqual(people.match.inInterface, named('outside'));
    assert.deepEqual(people.match.destinationPort, [...between(443, 443), ...between(8000, 8010)]);
    assert.deepEqual(
      web?.match.destination,
      addressesOf(['10.3.0.1', '10.2.0.1-10.2.0.9', '2001:db8::/64']),
    );
    assert.deepEqual(dns?.match.sourcePort, exactly(53));
    assert.deepEqual(ping?.match.destinationPort, between(2048, 2303));
    assert.deepEqual(rest?.unknown, ['security levels']);
    assert.ok(rules.slice(0, -1).every(({ unknown }) => unknown === undefined));
    assert.equal(people.position?.line, 26);
  });

  test('bounds names nobody described, unknown ports, masks with gaps and time ranges', () => {
    const rules = rulesOf(`access-list A extended permit tcp object-group gone any eq 22
access-list A extended permit tcp any any eq kerberos
access-list A extended permit ip 10.0.0.0 255.0.255.0 any
access-list A extended permit ip any any time-range nights
access-group A global
`);
    assert.deepEqual(
      rules.map(({ unknown }) => unknown),
      [['object-group gone'], ['port kerberos'], ['10.0.0.0 255.0.255.0'], ['time-range nights']],
    );
  });

  test('keeps groups within what one holds', () => {
    const source = addressesOf(Array.from({ length: 2500 }, (_, n) => `10.${n >> 8}.${n & 255}.2`));
    const wanted = passage([permit({ source, protocol: exactly(6), destinationPort: exactly(9) })]);
    const [file] = asa.render([wanted], {});
    const sizes = (file?.content ?? '')
      .split(/^object-group.*$/mu)
      .slice(1)
      .map((text) => text.match(/^ /gmu)?.length ?? 0);
    assert.deepEqual(sizes, [1000, 1000, 500, 3]);
    assert.deepEqual(asa.read(file === undefined ? [] : [file])[0]?.chains[0]?.rules[1]?.match, {
      ...wanted.chains[0]?.rules[1]?.match,
    });
  });

  test('breaks long reasons into remarks', () => {
    const rule = { ...permit({}), comment: 'word '.repeat(60).trim() };
    const [file] = asa.render([passage([rule])], {});
    for (const line of (file?.content ?? '').match(/remark .*/gu) ?? []) {
      assert.ok(line.length <= 'remark '.length + 100);
    }
    assert.equal(rulesOf(file?.content ?? '')[0]?.comment, rule.comment);
  });

  test('refuses what it cannot say, and the rules of hosts', () => {
    for (const rule of [
      permit({ inInterface: named('outside') }),
      permit({ states: ['established'] }),
      permit({ protocol: exactly(136), destinationPort: exactly(1) }),
      { ...permit({}), action: { kind: 'reject' } },
      { ...permit({}), unknown: ['-m limit'] },
    ] as const) {
      assert.throws(() => asa.render([passage([rule])], {}), {
        code: 'USHER_RULES_INEXPRESSIBLE',
        message: /^R-7 /u,
      });
    }
    const host: RuleSet = {
      device: 'h',
      zones: [],
      chains: [{ name: 'in', direction: 'in', policy: 'drop', rules: [] }],
    };
    assert.throws(() => asa.render([host], {}), { code: 'USHER_RULES_INEXPRESSIBLE' });
  });
});
