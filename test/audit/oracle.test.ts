import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { audit, everything, matching } from '#firewall';
import type { Match } from '#firewall';
import { dice } from './support/dice.ts';
import { mediumRuleSet, mutated } from './support/medium.ts';
import { Oracle } from './support/oracle.ts';

/** 100,000 with `npm run test:audit`: one of 200 is of this kind. */
const cases = Number(process.env['USHER_AUDIT_CASES'] ?? 1000);
const inReach = { numRuns: Math.ceil(cases / 200) };
const seed = fc.nat({ max: 2 ** 31 - 1 });

/** The union, after a look that no two of the parts share a packet. */
function disjointUnion(oracle: Oracle, parts: readonly Match[]): number {
  let sum = 0;
  for (const part of parts) {
    const set = oracle.of(part);
    assert.equal(oracle.sets.and(sum, set), 0, 'regions are disjoint');
    sum = oracle.sets.or(sum, set);
  }
  return sum;
}

describe('the audit, held against binary decision diagrams over whole addresses and ports', () => {
  it('finds exactly what one side admits and the other does not', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const roll = dice(number);
        const asked = mediumRuleSet(roll);
        const inForce = mutated(asked, roll);
        const found = audit(asked, inForce);
        for (const family of [4, 6] as const) {
          const oracle = new Oracle(family);
          const { sets } = oracle;
          const [wish, real] = [oracle.accepted(asked), oracle.accepted(inForce)];
          const follows = oracle.of(matching({ states: ['established', 'related'] }));
          const missing = disjointUnion(
            oracle,
            found.missing.flatMap(({ regions }) => regions),
          );
          const excess = disjointUnion(
            oracle,
            found.excess.flatMap(({ regions }) => regions),
          );
          assert.equal(missing, sets.and(wish, sets.not(real)));
          assert.equal(excess, sets.and(sets.and(real, sets.not(wish)), sets.not(follows)));
        }
      }),
      inReach,
    );
  });

  it('finds every rule of a flat list that no packet reaches, and rules that hide it', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const set = mediumRuleSet(dice(number), { flat: true });
        const hidden = new Map(audit(set, set).shadowed.map(({ rule, by }) => [rule, by]));
        const oracles = [new Oracle(4), new Oracle(6)];
        const earlier = oracles.map(() => 0);
        for (const rule of set.chains.flatMap(({ rules }) => rules)) {
          const by = hidden.get(rule);
          const found = oracles.map((oracle, index) => {
            const own = oracle.of(rule.match);
            const before = earlier[index] ?? 0;
            earlier[index] = oracle.sets.or(before, own);
            const blockers = oracle.anyOf((by ?? []).map(({ match }) => oracle.of(match)));
            if (by !== undefined) assert.equal(oracle.sets.or(blockers, own), blockers);
            return oracle.sets.or(before, own) !== before;
          });
          assert.equal(by === undefined, found.includes(true), rule.id);
        }
      }),
      inReach,
    );
  });

  it('knows every packet', () => {
    for (const family of [4, 6] as const) {
      const oracle = new Oracle(family);
      assert.equal(oracle.of(everything), oracle.everything);
    }
  });
});
