import assert from 'node:assert/strict';
import fc from 'fast-check';
import { smallMatch } from '../model/match.fixture.ts';
import { everyPort, isEmpty, protocols, sameIntervals, subtract } from './model.ts';
import type { Chain, Match, Rule, RuleSet } from './model.ts';

/** Ports are narrowed only where there are some, as the model asks. */
function withPorts(match: Match): Match {
  const free =
    sameIntervals(match.sourcePort, everyPort) && sameIntervals(match.destinationPort, everyPort);
  return free ? match : { ...match, protocol: [{ from: protocols.tcp, until: protocols.tcp + 1 }] };
}

const rule = fc.record({
  match: smallMatch.map(withPorts).filter((match) => !isEmpty(match)),
  action: fc.constantFrom(
    { kind: 'accept' } as const,
    { kind: 'drop' } as const,
    { kind: 'reject' } as const,
  ),
  comment: fc.string({ unit: 'binary', maxLength: 150 }),
});

const chain = fc.record({
  direction: fc.constantFrom('in' as const, 'out' as const, 'forward' as const),
  policy: fc.constantFrom('accept' as const, 'drop' as const),
  rules: fc
    .array(rule, { maxLength: 6 })
    .map((rules) => rules.map((each, index): Rule => ({ ...each, id: `R-${index}` }))),
});

/** Rule sets of one device over small fields; every rule of a chain has an id of its own. */
export const smallRuleSet: fc.Arbitrary<RuleSet> = fc
  .uniqueArray(chain, { selector: ({ direction }) => direction, minLength: 1 })
  .map((chains) => ({
    device: 'fw01',
    zones: [],
    chains: chains.map((each) => ({ ...each, name: each.direction })),
  }));

const without = (parts: readonly Match[], cuts: readonly Match[]): readonly Match[] =>
  cuts.reduce<readonly Match[]>((rest, cut) => rest.flatMap((part) => subtract(part, cut)), parts);

/** Asserts that both hold the same rules in the same order, each about exactly the same packets. */
export function assertSameRules(found: RuleSet | undefined, wanted: RuleSet): void {
  assert.ok(found !== undefined);
  for (const { direction, policy, rules } of wanted.chains) {
    const other: Chain | undefined = found.chains.find((each) => each.direction === direction);
    assert.ok(other !== undefined);
    const read: readonly Rule[] = other.rules;
    assert.equal(other.policy, policy);
    const ids = [...new Set(read.map(({ id }) => id))];
    assert.deepEqual(
      ids,
      rules.map(({ id }) => id),
    );
    for (const { id, match, action } of rules) {
      const parts = read.filter((each) => each.id === id);
      const matches = parts.map((part) => part.match);
      for (const part of parts) {
        assert.deepEqual(part.action, action);
        assert.equal(part.unknown, undefined, part.unknown?.join(' ') ?? '');
      }
      assert.deepEqual(without([match], matches), []);
      assert.deepEqual(without(matches, [match]), []);
    }
  }
}
