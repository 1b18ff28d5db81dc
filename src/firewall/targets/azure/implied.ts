import { matching, named, sameMatch } from '../model.ts';
import type { Chain, Rule } from '../model.ts';

/** A group knows connections: what belongs to one that was let begin passes unasked. */
const replies: Rule = {
  id: 'replies',
  match: matching({ states: ['established', 'related'] }),
  action: { kind: 'accept' },
};

/** What a host says to itself never comes to the group. */
const loopback = (direction: 'in' | 'out'): Rule => ({
  id: 'loopback',
  match: matching({ [direction === 'in' ? 'inInterface' : 'outInterface']: named('lo') }),
  action: { kind: 'accept' },
});

/** What every group does without a rule, before its rules. */
export const impliedRules = (direction: 'in' | 'out'): readonly Rule[] => [
  replies,
  loopback(direction),
];

/** An interface that is not to route drops what is not addressed to it. */
export const impliedForward: Chain = {
  name: 'forward',
  direction: 'forward',
  policy: 'drop',
  rules: [],
};

const does = (rule: Rule | undefined, implied: Rule): boolean =>
  rule?.action.kind === implied.action.kind && sameMatch(rule.match, implied.match);

/**
 * The rules that have to be written; undefined when replies do not pass first, which no group can
 * refuse. Neighbour discovery and the like are left out: a group hears of connections only.
 */
export function writtenRules(
  rules: readonly Rule[],
  direction: 'in' | 'out',
): readonly Rule[] | undefined {
  if (!does(rules[0], replies)) return undefined;
  return rules
    .slice(does(rules[1], loopback(direction)) ? 2 : 1)
    .filter(
      ({ match, action }) =>
        action.kind !== 'accept' ||
        match.states.some((state) => state !== 'invalid' && state !== 'untracked'),
    );
}
