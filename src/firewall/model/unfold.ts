import { UsherError } from '#base';
import { everything, intersect, isEmpty, subtract } from './match.ts';
import type { Match } from './match.ts';
import type { Chain, Direction, Rule, RuleSet, Verdict } from './rule.ts';

/** A rule of the flat list: the first that matches decides. */
export interface FlatRule {
  readonly match: Match;
  readonly verdict: Verdict;
  /** False where something on the way is not understood: it may as well not match. */
  readonly certain: boolean;
  /** The rule that decides; undefined for the policy of a chain. */
  readonly rule: Rule | undefined;
  /** Rules of earlier base chains that accepted the packets and so led them here. */
  readonly through: readonly Rule[];
}

/** Packets on their way, all of which are certain to come here, or none. */
interface Stream {
  readonly match: Match;
  readonly certain: boolean;
  readonly through: readonly Rule[];
}

/** Where undecided packets go; `undefined` ends the walk. */
type Next = (streams: readonly Stream[]) => void;

/** Chains that call each other unfold to at most this many rules. */
const most = 2_000_000;

/** Calls nested deeper than this are a loop; the kernel allows 16. */
const deepest = 64;

function fault(message: string): UsherError {
  return new UsherError('USHER_RULES_UNFOLDABLE', message, {
    remedy: 'Give the whole rule set as the firewall lists it; a kernel would not load this one.',
  });
}

class Unfolding {
  readonly flat: FlatRule[] = [];
  readonly #chains: ReadonlyMap<string, Chain>;

  constructor(chains: readonly Chain[]) {
    this.#chains = new Map(chains.map((chain) => [chain.name, chain]));
  }

  /** Walks one chain; what comes back or falls off its end goes to `undecided`. */
  walk(
    chain: Chain,
    entering: readonly Stream[],
    accepted: Next | undefined,
    undecided: Next,
    depth: number,
  ): void {
    if (depth > deepest)
      throw fault(`The chains of the rule set call each other without end (${chain.name}).`);
    let streams = entering;
    for (const rule of chain.rules) {
      if (streams.length === 0) return;
      const certain = rule.unknown === undefined;
      const { action } = rule;
      const taken = streams.flatMap((stream): Stream[] => {
        const match = intersect(stream.match, rule.match);
        return isEmpty(match) ? [] : [{ ...stream, match, certain: stream.certain && certain }];
      });
      if (taken.length === 0) continue;
      if (action.kind === 'jump' || action.kind === 'goto') {
        const called = this.#chains.get(action.chain);
        if (called === undefined)
          throw fault(`A rule leads to chain ${action.chain}, which is not there.`);
        const back: Stream[] = [];
        this.walk(called, taken, accepted, (rest) => void back.push(...rest), depth + 1);
        // Packets that were not taken go on; a jump's come back to here, a goto's to the caller.
        const passed = remaining(streams, rule);
        if (action.kind === 'goto') undecided(back);
        streams = action.kind === 'goto' ? passed : certain ? [...passed, ...back] : streams;
      } else if (action.kind === 'return') {
        undecided(taken);
        streams = remaining(streams, rule);
      } else if (action.kind === 'accept' && accepted !== undefined) {
        accepted(taken.map((stream) => ({ ...stream, through: [...stream.through, rule] })));
        streams = remaining(streams, rule);
      } else {
        for (const stream of taken) this.#add({ ...stream, verdict: action.kind, rule });
      }
    }
    if (streams.length > 0) undecided(streams);
  }

  /** Walks base chains one after the other: a packet has to be accepted by each. */
  base(chains: readonly Chain[], entering: readonly Stream[]): void {
    const [chain, ...later] = chains;
    if (chain === undefined) {
      for (const stream of entering) this.#add({ ...stream, verdict: 'accept', rule: undefined });
      return;
    }
    const accepted: Next | undefined =
      later.length === 0 ? undefined : (streams) => this.base(later, streams);
    this.walk(
      chain,
      entering,
      accepted,
      (streams) => {
        const verdict = chain.policy ?? 'accept';
        if (verdict === 'accept' && accepted !== undefined) accepted(streams);
        else for (const stream of streams) this.#add({ ...stream, verdict, rule: undefined });
      },
      0,
    );
  }

  #add(rule: FlatRule): void {
    if (this.flat.length >= most)
      throw fault(`The chains of the rule set unfold to more than ${most} rules.`);
    this.flat.push(rule);
  }
}

/**
 * What a rule leaves of the streams. What an unknown one may have taken comes along as uncertain:
 * it is decided before, if the rule matched, and here, if it did not.
 */
function remaining(streams: readonly Stream[], rule: Rule): readonly Stream[] {
  return streams.flatMap((stream): Stream[] => {
    const rest = subtract(stream.match, rule.match).map((match) => ({ ...stream, match }));
    if (rule.unknown === undefined) return rest;
    const common = intersect(stream.match, rule.match);
    return isEmpty(common) ? rest : [...rest, { ...stream, match: common, certain: false }];
  });
}

/**
 * One direction of a rule set as a flat list in which the first match decides; the last rules are the
 * policy and cover what is left.
 *
 * @throws UsherError `USHER_RULES_UNFOLDABLE` for a chain that is not there, calls without end, or more than 2,000,000 rules
 */
export function unfold(ruleSet: RuleSet, direction: Direction): readonly FlatRule[] {
  const base = ruleSet.chains.filter((chain) => chain.direction === direction);
  const unfolding = new Unfolding(ruleSet.chains);
  unfolding.base(base, [{ match: everything, certain: true, through: [] }]);
  return unfolding.flat;
}
