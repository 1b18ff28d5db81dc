import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { smallMatch, smallPacket, takes } from '../model/match.fixture.ts';
import type { SmallPacket } from '../model/match.fixture.ts';
import {
  addressesOf,
  between,
  exactly,
  everything,
  isEmpty,
  matching,
  protocols,
  subtract,
  unfold,
} from '../model/index.ts';
import type { Match, Rule, RuleSet } from '../model/index.ts';
import { audit } from './audit.ts';
import { admits, compare } from './compare.ts';
import type { Region } from './compare.ts';
import { smallRuleSet, verdictOf } from './rules.fixture.ts';

/** 100,000 with `npm run test:audit`. */
const cases = Number(process.env['USHER_AUDIT_CASES'] ?? 60);
const inReach = { numRuns: cases };

const known = (set: RuleSet): RuleSet => ({
  ...set,
  chains: set.chains.map((chain) => ({
    ...chain,
    rules: chain.rules.map(({ id, match, action }) => ({ id, match, action })),
  })),
});

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

const admitted = (regions: readonly Region[], packet: SmallPacket): boolean =>
  regions.some(({ match }) => takes(match, packet));

const jump = (chain: string): RuleSet =>
  set({ id: '', match: everything, action: { kind: 'jump', chain } });

describe('the audit', () => {
  it('decides every packet as the device does, chain by chain', () => {
    fc.assert(
      fc.property(
        smallRuleSet.map(known),
        fc.array(smallPacket, { minLength: 20 }),
        (rules, packets) => {
          const flat = unfold(rules, 'in');
          const regions: Region[] = [];
          compare([{ rules: flat, reading: 'lower' }], 'all', (region) => regions.push(region));
          for (const packet of packets) {
            const own = regions.filter(({ match }) => takes(match, packet));
            assert.equal(own.length, 1, 'a packet lies in exactly one region');
            assert.equal(
              flat[own[0]?.deciders[0] ?? -1]?.verdict,
              verdictOf(rules, packet, () => true),
            );
          }
        },
      ),
      inReach,
    );
  });

  it('keeps what unknown conditions may mean between its two readings', () => {
    fc.assert(
      fc.property(
        smallRuleSet,
        fc.array(smallPacket, { minLength: 10 }),
        fc.func(fc.boolean()),
        (rules, packets, holds) => {
          const flat = unfold(rules, 'in');
          const [most, least] = (['upper', 'lower'] as const).map((reading) => {
            const regions: Region[] = [];
            const side = { rules: flat, reading };
            compare([side], 'all', (region) => regions.push(region));
            return regions.filter(({ deciders: [decider = -1] }) => admits(side, decider));
          });
          for (const packet of packets) {
            const passes = verdictOf(rules, packet, (rule) => holds(rule.id)) === 'accept';
            assert.ok(!passes || admitted(most ?? [], packet), 'within the upper reading');
            assert.ok(passes || !admitted(least ?? [], packet), 'beyond the lower reading');
          }
        },
      ),
      inReach,
    );
  });

  it('finds every packet two rule sets treat differently, and no other', () => {
    fc.assert(
      fc.property(
        smallRuleSet.map(known),
        smallRuleSet.map(known),
        fc.array(smallPacket, { minLength: 20 }),
        (asked, inForce, packets) => {
          const found = audit(asked, inForce);
          for (const packet of packets) {
            const wish = verdictOf(asked, packet, () => true) === 'accept';
            const real = verdictOf(inForce, packet, () => true) === 'accept';
            const follows = packet.state === 'established' || packet.state === 'related';
            const times = (list: typeof found.missing): number =>
              list.flatMap(({ regions }) => regions).filter((region) => takes(region, packet))
                .length;
            assert.equal(times(found.missing), wish && !real ? 1 : 0);
            assert.equal(times(found.excess), real && !wish && !follows ? 1 : 0);
          }
        },
      ),
      inReach,
    );
  });

  it('calls a rule shadowed only when no packet changes without it', () => {
    fc.assert(
      fc.property(
        smallRuleSet.map(known),
        fc.array(smallPacket, { minLength: 20 }),
        (rules, packets) => {
          for (const { rule } of audit(rules, rules).shadowed) {
            const without = {
              ...rules,
              chains: rules.chains.map((chain) => ({
                ...chain,
                rules: chain.rules.filter(({ id }) => id !== rule.id),
              })),
            };
            for (const packet of packets) {
              assert.equal(
                verdictOf(without, packet, () => true),
                verdictOf(rules, packet, () => true),
              );
            }
          }
        },
      ),
      inReach,
    );
  });

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
      inReach,
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
