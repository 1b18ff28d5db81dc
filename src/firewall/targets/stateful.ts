import { connectionStates, everything, matching, named, sameMatch } from './model.ts';
import type { Chain, ConnectionState, Direction, Rule, RuleSet, Verdict } from './model.ts';
import { inexpressible } from './text.ts';

/** A firewall that knows connections: what belongs to one that was let begin passes unasked. */
const replies: Rule = {
  id: 'replies',
  match: matching({ states: ['established', 'related'] }),
  action: { kind: 'accept' },
};

/** What a host says to itself never comes to a firewall in front of it. */
const loopback = (direction: 'in' | 'out'): Rule => ({
  id: 'loopback',
  match: matching({ [direction === 'in' ? 'inInterface' : 'outInterface']: named('lo') }),
  action: { kind: 'accept' },
});

/** What a firewall that knows connections does without a rule, before its rules. */
export const impliedRules = (direction: Direction): readonly Rule[] =>
  direction === 'forward' ? [replies] : [replies, loopback(direction)];

/** A host that is not to route drops what is not addressed to it. */
export const impliedForward: Chain = {
  name: 'forward',
  direction: 'forward',
  policy: 'drop',
  rules: [],
};

const does = (rule: Rule | undefined, implied: Rule): boolean =>
  rule?.action.kind === implied.action.kind && sameMatch(rule.match, implied.match);

/**
 * The rules of a chain that have to be written: all but those a firewall that knows connections has
 * without being told.
 *
 * @throws UsherError `USHER_RULES_INEXPRESSIBLE` when replies do not pass first, which none can refuse
 */
export function writtenRules({ name, direction, rules }: Chain): readonly Rule[] {
  if (!does(rules[0], replies)) {
    throw inexpressible({ id: `Chain ${name}` }, 'replies to be refused; they pass unasked here');
  }
  const own = direction === 'in' || direction === 'out' ? loopback(direction) : replies;
  return rules.slice(does(rules[1], own) ? 2 : 1);
}

/** False for a rule that lets packets pass which belong to no connection, such as neighbour discovery. */
export const isOfConnections = ({ match, action }: Rule): boolean =>
  action.kind !== 'accept' ||
  match.states.some((state) => state !== 'invalid' && state !== 'untracked');

/** A rule set as a firewall holds it that hears of connections only. */
export const connectionsOf = (ruleSet: RuleSet): RuleSet => ({
  ...ruleSet,
  chains: ruleSet.chains.map((chain) => ({ ...chain, rules: chain.rules.filter(isOfConnections) })),
});

/**
 * What a rule does with the packets that open a connection, which are all a firewall that knows
 * connections asks it about; what belongs to none is refused.
 *
 * @throws UsherError `USHER_RULES_INEXPRESSIBLE` for a jump, a verdict not in `can` or another division of states
 */
export function verdictOf(rule: Rule, can: readonly Verdict[]): Verdict {
  if (rule.unknown !== undefined) throw inexpressible(rule, 'a rule that is not understood');
  const verdict = can.find((each) => each === rule.action.kind);
  if (verdict === undefined) {
    throw inexpressible(rule, `"${rule.action.kind}"; possible: ${can.join(', ')}`);
  }
  const { states } = rule.match;
  const beside = (['invalid', 'untracked'] as const).map((state) => states.includes(state));
  if (!states.includes('new') || beside.includes(verdict === 'accept')) {
    throw inexpressible(rule, 'some states of a connection; only its beginning can be asked for');
  }
  return verdict;
}

/**
 * The chain of a firewall between zones.
 *
 * @throws UsherError `USHER_RULES_INEXPRESSIBLE` for rules about packets to or from the device itself
 */
export function passageOf({ device, chains }: RuleSet): Chain {
  const [chain, other] = chains;
  if (chain?.direction !== 'forward' || other !== undefined) {
    throw inexpressible({ id: device }, 'rules of a host; this is a firewall between zones');
  }
  return chain;
}

/**
 * The chains of a host's own firewall.
 *
 * @throws UsherError `USHER_RULES_INEXPRESSIBLE` for a firewall between zones, or a host that passes packets on
 */
export function hostChainsOf({ device, chains }: RuleSet): readonly Chain[] {
  const through = chains.some(
    ({ direction, policy, rules }) =>
      direction === undefined ||
      (direction === 'forward' && (policy !== 'drop' || rules.length > 0)),
  );
  const own = chains.filter(({ direction }) => direction === 'in' || direction === 'out');
  const twice = new Set(own.map(({ direction }) => direction)).size !== own.length;
  if (through || twice || own.length === 0) {
    throw inexpressible({ id: device }, 'packets on their way through; this protects a host');
  }
  return own;
}

/**
 * A list in which the first match decides as a chain of the model: a last rule about every packet is its
 * policy; without one, what the firewall does by itself follows.
 */
export function chainOfList(
  direction: Direction,
  rules: readonly Rule[],
  otherwise: readonly Rule[] = [],
): Chain {
  const last = rules.at(-1);
  const isLast =
    last !== undefined &&
    last.unknown === undefined &&
    sameMatch({ ...last.match, states: everything.states }, everything);
  const kind = isLast ? last.action.kind : 'drop';
  return {
    name: direction,
    direction,
    policy: kind === 'accept' || kind === 'reject' ? kind : 'drop',
    rules: [
      ...impliedRules(direction),
      ...(isLast ? rules.slice(0, -1) : [...rules, ...otherwise]),
    ],
  };
}

/** States in which a rule of such a firewall meets packets. */
export const statesFor = (verdict: Verdict): readonly ConnectionState[] =>
  verdict === 'accept' ? ['new'] : connectionStates;
