import fc from 'fast-check';
import { smallMatch, takes } from '../model/match.fixture.ts';
import type { SmallPacket } from '../model/match.fixture.ts';
import type { Action, Chain, Rule, RuleSet, Verdict } from '../model/index.ts';

const verdicts = fc.constantFrom<Verdict>('accept', 'drop', 'reject');

/** Chain `n` leads only to later ones, so that no walk is endless. */
const actionOf = (chain: number, chains: number): fc.Arbitrary<Action> => {
  const plain: fc.Arbitrary<Action> = verdicts.map((kind) => ({ kind }));
  if (chain + 1 >= chains) {
    return fc.oneof({ weight: 4, arbitrary: plain }, fc.constant<Action>({ kind: 'return' }));
  }
  const further = fc.tuple(
    fc.constantFrom('jump' as const, 'goto' as const),
    fc.integer({ min: chain + 1, max: chains - 1 }),
  );
  return fc.oneof(
    { weight: 4, arbitrary: plain },
    fc.constant<Action>({ kind: 'return' }),
    further.map(([kind, next]) => ({ kind, chain: `c${next}` })),
  );
};

const chainOf = (index: number, chains: number, bases: number): fc.Arbitrary<Chain> =>
  fc
    .record({
      policy: verdicts,
      rules: fc.array(
        fc.record({
          match: smallMatch,
          action: actionOf(Math.max(index, bases - 1), chains),
          unknown: fc.option(fc.constant<readonly string[]>(['-m odd']), {
            freq: 6,
            nil: undefined,
          }),
        }),
        { maxLength: 5 },
      ),
    })
    .map(({ policy, rules }) => ({
      name: `c${index}`,
      ...(index < bases ? { direction: 'in' as const, policy } : {}),
      rules: rules.map(({ unknown, ...rule }, at): Rule => ({
        id: `c${index}-${at}`,
        ...rule,
        ...(unknown === undefined ? {} : { unknown }),
      })),
    }));

/** Small rule sets of one or two base chains and two further ones, some conditions unknown. */
export const smallRuleSet: fc.Arbitrary<RuleSet> = fc
  .integer({ min: 1, max: 2 })
  .chain((bases) =>
    fc
      .tuple(...[0, 1, 2, 3].map((index) => chainOf(index, 4, bases)))
      .map((chains) => ({ device: 'small', chains, zones: [] })),
  );

type Outcome = Verdict | 'undecided';

/**
 * What a device does with one packet, rule by rule: the plain meaning the audit is held against.
 *
 * @param holds whether an unknown condition holds
 */
export function verdictOf(
  ruleSet: RuleSet,
  packet: SmallPacket,
  holds: (rule: Rule) => boolean,
): Verdict {
  const walk = (chain: Chain): Outcome => {
    for (const rule of chain.rules) {
      if (!takes(rule.match, packet)) continue;
      if (rule.unknown !== undefined && !holds(rule)) continue;
      const { action } = rule;
      if (action.kind === 'return') return 'undecided';
      if (action.kind === 'jump' || action.kind === 'goto') {
        const called = ruleSet.chains.find(({ name }) => name === action.chain);
        const outcome = called === undefined ? 'undecided' : walk(called);
        if (outcome !== 'undecided' || action.kind === 'goto') return outcome;
      } else return action.kind;
    }
    return 'undecided';
  };
  for (const chain of ruleSet.chains) {
    if (chain.direction !== 'in') continue;
    const outcome = walk(chain);
    const verdict = outcome === 'undecided' ? (chain.policy ?? 'accept') : outcome;
    if (verdict !== 'accept') return verdict;
  }
  return 'accept';
}
