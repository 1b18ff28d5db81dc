import {
  connectionStates,
  differenceOf,
  everyPort,
  everyProtocol,
  exactly,
  intersect,
  isEmpty,
  isWithin,
  matching,
  protocols,
  sameIntervals,
  unionOf,
} from './model.ts';
import type { Chain, Match, Rule, RuleSet } from './model.ts';
import { packetsOf } from './family.ts';
import { icmpRange } from './services.ts';
import { verdictOf, writtenRules } from './stateful.ts';
import { inexpressible } from './text.ts';

/** All packets of TCP but the one that opens a connection; errors of ICMP never open any. */
export const notNew = connectionStates.filter((state) => state !== 'new');

const tcp = matching({ protocol: exactly(protocols.tcp) });
const withoutTcp = matching({ protocol: differenceOf(everyProtocol, exactly(protocols.tcp)) });

const errorTypes = (types: readonly number[]) =>
  unionOf(types.flatMap((type) => icmpRange(type) ?? []));

/** Errors about connections (RFC 792, RFC 4443): without them a path's MTU is never found. */
const errors: readonly Rule[] = (
  [
    [4, protocols.icmp, [3, 11, 12]],
    [6, protocols.icmpv6, [1, 2, 3, 4]],
  ] as const
).map(([family, protocol, types]) => ({
  id: 'errors',
  comment: 'ICMP errors about connections that were let in.',
  match: {
    ...packetsOf(family),
    protocol: exactly(protocol),
    destinationPort: errorTypes(types),
    states: notNew,
  },
  action: { kind: 'accept' },
}));

/** True when only errors of ICMP are matched, none of which opens a connection. */
export const isOfErrors = (match: Match): boolean =>
  errors.some(
    (error) =>
      isWithin(match.protocol, error.match.protocol) &&
      isWithin(match.destinationPort, error.match.destinationPort),
  );

/** What comes back from the destination: addresses and ports change sides. */
const mirrored = ({ source, destination, ...match }: Match): Match => ({
  ...match,
  source: destination,
  destination: source,
  sourcePort: match.destinationPort,
  destinationPort: match.sourcePort,
});

/** Types of ICMP have no mirror image: any may come back. */
const answered = (match: Match): Match => {
  const icmp = isWithin(match.protocol, unionOf([...exactly(1), ...exactly(protocols.icmpv6)]));
  return mirrored(icmp ? { ...match, destinationPort: everyPort } : match);
};

/**
 * The replies of a rule: of TCP all that carry ACK or RST, of others, and where any protocol will do,
 * all that come from there.
 */
function answersTo(rule: Rule): readonly Rule[] {
  const { match: asked } = rule;
  const answers = sameIntervals(asked.protocol, everyProtocol)
    ? [{ ...mirrored(asked), states: connectionStates }]
    : [
        { ...answered(intersect(asked, tcp)), states: notNew },
        { ...answered(intersect(asked, withoutTcp)), states: connectionStates },
      ];
  return answers
    .filter((match) => !isEmpty(match))
    .map((match) => ({
      id: `${rule.id}/answer`,
      comment: `What comes back from the destination of ${rule.id}.`,
      match,
      action: { kind: 'accept' },
    }));
}

/**
 * The same rules for a filter without memory: packets of every state pass where a connection may
 * begin, the replies of each row have rules of their own, before all others as in the original.
 *
 * @throws UsherError `USHER_RULES_INEXPRESSIBLE` when replies that look like first packets could undo a refusal
 */
export function stateless(ruleSet: RuleSet): RuleSet {
  return { ...ruleSet, chains: ruleSet.chains.map(withoutMemory) };
}

function withoutMemory(chain: Chain): Chain {
  const rules = writtenRules(chain);
  const refuses = rules.some((rule) => verdictOf(rule, ['accept', 'drop']) === 'drop');
  const accepts = rules.filter(({ action }) => action.kind === 'accept');
  const answers = accepts.flatMap(answersTo);
  const open = answers.find(({ match }) => match.states.includes('new'));
  if (refuses && open !== undefined) {
    throw inexpressible(
      open,
      'replies that look like first packets, beside rules that refuse some',
    );
  }
  const begins = rules.map((rule) => ({
    ...rule,
    match: { ...rule.match, states: isOfErrors(rule.match) ? notNew : connectionStates },
  }));
  return { ...chain, rules: [...answers, ...errors, ...begins] };
}
