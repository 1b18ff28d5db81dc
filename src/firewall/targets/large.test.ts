import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsherError } from '#base';
import { aws } from './aws/index.ts';
import { asa } from './asa/index.ts';
import { azure } from './azure/index.ts';
import { bicep } from './bicep/index.ts';
import { fortigate } from './fortigate/index.ts';
import { ios } from './ios/index.ts';
import { kubernetes } from './kubernetes/index.ts';
import type { Target } from './model.ts';
import { paloalto } from './paloalto/index.ts';
import { pf } from './pf/index.ts';
import { srx } from './srx/index.ts';
import { windows } from './windows/index.ts';

/** More than one call of a function takes as arguments. */
const many = 150_000;

const list = (text: (index: number) => string, separator: string): string =>
  Array.from({ length: many }, (_, index) => text(index)).join(separator);

const addresses = (separator: string, around = ''): string =>
  list((n) => `${around}10.${n >> 16}.${(n >> 8) & 255}.${n & 255}${around}`, separator);

const names = (separator: string, around = ''): string =>
  list((n) => `${around}a${n}${around}`, separator);

const rule = 'from any to any source g destination any application any service any action allow';

/** Long lists, which are read, and deep nesting, which is read or refused. */
const texts: readonly (readonly [Target, long: string, deep: string])[] = [
  [pf, `table <t> const {\n${addresses('\n')}\n}\npass in from <t>`, '{'.repeat(many)],
  [
    asa,
    `object-group network G\n${list((n) => ` network-object host 10.0.${(n >> 8) & 255}.${n & 255}`, '\n')}\naccess-list A permit ip object-group G any\naccess-group A global`,
    list((n) => `object-group network g${n}\n group-object g${n + 1}`, '\n'),
  ],
  [
    ios,
    `ip access-list extended A\n permit tcp any any eq ${list((n) => `${n & 65_535}`, ' ')}`,
    '',
  ],
  [
    paloalto,
    `set address-group g static [ ${names(' ')} ]\nset rulebase security rules r ${rule}`,
    `set rulebase security rules r source ${'['.repeat(many)}`,
  ],
  [
    srx,
    `set security policies global policy p match source-address [ ${names(' ')} ]\nset security policies global policy p then deny`,
    list((n) => `set security address-book global address-set s${n} address-set s${n + 1}`, '\n'),
  ],
  [
    fortigate,
    `config firewall addrgrp\nedit g\nset member ${names(' ', '"')}\nnext\nend`,
    list((n) => `config t${n}`, '\n'),
  ],
  [windows, `New-NetFirewallRule -RemoteAddress ${addresses(',')}`, `New-X ${'@('.repeat(many)}`],
  [
    aws,
    `resource "aws_security_group" "g" {\ningress {\nprotocol = "-1"\ncidr_blocks = [${addresses(',', '"')}]\n}\n}`,
    `a {${'b {'.repeat(many)}`,
  ],
  [
    azure,
    '{"resources":[]}',
    `{"resources":[{"type":"x","v":${'['.repeat(many)}${']'.repeat(many)}}]}`,
  ],
  [bicep, `var all = [${addresses(',', "'")}]`, `var x = ${'['.repeat(many)}`],
  [kubernetes, `a: [${names(', ')}]`, `a: ${'['.repeat(many)}`],
];

describe('readers of rules', () => {
  for (const [target, long, deep] of texts) {
    test(`of ${target.name} take lists as long as they come, and bear any nesting`, () => {
      assert.doesNotThrow(() => target.read([{ name: 'f', content: long }]));
      try {
        target.read([{ name: 'f', content: deep }]);
      } catch (error) {
        assert.ok(error instanceof UsherError, String(error));
      }
    });
  }
});
