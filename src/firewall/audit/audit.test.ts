import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { smallMatch } from '../model/match.fixture.ts';
import {
  addressesOf,
  between,
  exactly,
  everything,
  isEmpty,
  matching,
  protocols,
  subtract,
} from '../model/index.ts';
import type { Match, Rule, RuleSet } from '../model/index.ts';
import { audit } from './audit.ts';
import { merged } from './merge.ts';

const tcp = (source: string, destination: string, port: [number, number]): Match =>
  matching({
    source: addressesOf([source]),
    destination: addressesOf([destination]),
    protocol: exactly(protocols.tcp),
    destinationPort: between(...port),
    states: ['new'],
  });

const accept = (id: string, match: Match, more: Partial<Rule> = {}): Rule => ({
  id,
  match,
  action: { kind: 'accept' },
  ...more,
});

const set = (...rules: readonly Rule[]): RuleSet => ({
  device: 'fe01.example.net',
  chains: [{ name: 'input', direction: 'in', policy: 'drop', rules }],
  zones: [],
});

const sip = accept('DH-06', tcp('10.0.8.11', '10.0.1.11', [5061, 5061]));

const jump = (chain: string): RuleSet =>
  set({ id: '', match: everything, action: { kind: 'jump', chain } });

describe('the audit', () => {
  it('names rules that together hide a shadowed one, and misses none', () => {
    const verdict = fc.constantFrom('accept' as const, 'drop' as const);
    const some = smallMatch.filter((match) => !isEmpty(match));
    const rules = fc
      .array(fc.tuple(some, verdict), { maxLength: 12 })
      .map((list) =>
        list.map(([match, kind], index): Rule => ({ id: `r${index}`, match, action: { kind } })),
      );
    fc.assert(
      fc.property(rules, (list) => {
        const hidden = new Map(
          audit(set(...list), set(...list)).shadowed.map(({ rule, by }) => [rule, by]),
        );
        for (const [index, rule] of list.entries()) {
          const rest = (others: readonly Rule[]): readonly Match[] =>
            others.reduce<readonly Match[]>(
              (parts, { match }) => parts.flatMap((part) => subtract(part, match)),
              [rule.match],
            );
          const by = hidden.get(rule);
          const earlier = list.slice(0, index);
          if (by === undefined) assert.notDeepEqual(rest(earlier), [], `${rule.id} is hidden`);
          else {
            assert.ok(by.every((other) => earlier.includes(other)));
            assert.deepEqual(rest(by), [], `${rule.id} is not hidden by these`);
          }
        }
      }),
    );
  });

  it('finds nothing where both say the same in other words', () => {
    const halves = [
      accept('a', tcp('10.0.8.11', '10.0.1.0/25', [443, 450])),
      accept('b', tcp('10.0.8.11', '10.0.1.128/25', [443, 450])),
    ];
    const whole = accept('c', tcp('10.0.8.11', '10.0.1.0/24', [443, 450]));
    assert.deepEqual(audit(set(...halves), set(whole)), {
      ok: true,
      missing: [],
      excess: [],
      shadowed: [],
      unknown: [],
    });
  });

  it('names the rule that blocks a row, with a packet of it', () => {
    const block: Rule = {
      id: '',
      match: matching({ source: addressesOf(['10.0.8.0/24']) }),
      action: { kind: 'drop' },
      position: { file: 'rules.nft', line: 7 },
    };
    const { ok, missing, excess, shadowed } = audit(set(sip), set(block, sip));
    assert.equal(ok, false);
    assert.deepEqual(excess, []);
    const [found] = missing;
    assert.equal(found?.asked?.id, 'DH-06');
    assert.equal(found?.rule?.position?.line, 7);
    assert.equal(found?.witness.destinationPort, 5061);
    assert.equal(found?.witness.sourcePort, 49_152);
    assert.deepEqual(
      shadowed.map(({ rule, by }) => [rule.id, by]),
      [['DH-06', [block]]],
    );
  });

  it('gives the excess of a widened rule exactly', () => {
    const wide = accept('DH-06', tcp('10.0.8.10/31', '10.0.1.11', [5061, 5062]));
    const { missing, excess } = audit(set(sip), set(wide));
    assert.deepEqual(missing, []);
    const size = excess
      .flatMap(({ regions }) => regions)
      .flatMap(({ source, destinationPort }) =>
        source.v4.flatMap((addresses) =>
          destinationPort.map(
            (ports) => Number(addresses.until - addresses.from) * (ports.until - ports.from),
          ),
        ),
      )
      .reduce((sum, part) => sum + part, 0);
    assert.equal(size, 3, 'two addresses and two ports, less the one that was asked for');
  });

  it('says how a rule that admits too much should be, and of one nobody asked for that it should go', () => {
    const wide = accept('DH-06', tcp('10.0.8.0/24', '10.0.1.0/24', [5000, 5999]));
    const stray = accept('X-1', tcp('0.0.0.0/0', '10.0.1.11', [22, 22]));
    const { excess } = audit(set(sip), set(wide, stray));
    const found = new Map(excess.map(({ rule, narrowed }) => [rule?.id, narrowed]));
    assert.deepEqual(found.get('DH-06'), [sip.match]);
    assert.deepEqual(found.get('X-1'), []);
    assert.ok(audit(set(sip), set(sip)).ok);
    const open: RuleSet = {
      ...set(),
      chains: [{ name: 'input', direction: 'in', policy: 'accept', rules: [] }],
    };
    assert.deepEqual(
      audit(set(), open).excess.map(({ narrowed }) => narrowed),
      [undefined],
    );
  });

  it('leaves no regions that could be joined', () => {
    const parts = [
      tcp('10.0.8.0/25', '10.0.1.11', [1, 5]),
      tcp('10.0.8.128/25', '10.0.1.11', [1, 5]),
      tcp('10.0.8.0/24', '10.0.1.11', [6, 9]),
      tcp('2001:db8::/32', '2001:db8:1::1', [1, 9]),
    ];
    const [all, ...more] = merged(parts);
    assert.deepEqual(more, []);
    assert.deepEqual(all?.source, addressesOf(['10.0.8.0/24', '2001:db8::/32']));
    assert.deepEqual(all.destinationPort, between(1, 9));
  });

  it('marks what depends on a condition it does not understand', () => {
    const recent = accept('DH-06', sip.match, { unknown: ['-m recent --rcheck'] });
    const { ok, missing, unknown } = audit(set(sip), set(recent));
    assert.equal(ok, false);
    assert.deepEqual(
      missing.map(({ certain }) => certain),
      [false],
    );
    assert.deepEqual(unknown, [recent]);
  });

  it('takes a direction without a chain for open', () => {
    const { excess } = audit(set(sip), { device: 'fe01.example.net', chains: [], zones: [] });
    assert.ok(excess.length > 0);
  });

  it('refuses chains that lead nowhere or never end', () => {
    assert.throws(() => audit(set(), jump('nowhere')), { code: 'USHER_RULES_UNFOLDABLE' });
    assert.throws(() => audit(set(), jump('input')), { code: 'USHER_RULES_UNFOLDABLE' });
  });
});
