import { connectionStates, unionOf } from '../model/index.ts';
import type { Direction, IntervalSet, Match, Rule, RuleSet, Verdict } from '../model/index.ts';
import type { Box } from '../audit/certificate.ts';

/** Thrown where a rule takes some packets of a box and leaves others: the border between them. */
export class Cut extends Error {
  readonly field: number;
  readonly at: bigint | number | string;

  constructor(field: number, at: bigint | number | string) {
    super('a rule cuts the box in two');
    this.field = field;
    this.at = at;
  }
}

type Half = 'v4' | 'v6';
type Values = IntervalSet<bigint | number | string>;

/** What a match says of each field of a box. */
const setsOf: readonly ((match: Match, half: Half) => Values)[] = [
  ({ destination }, half) => destination[half],
  ({ destinationPort }) => destinationPort,
  ({ source }, half) => source[half],
  ({ protocol }) => protocol,
  ({ sourcePort }) => sourcePort,
  ({ states }) =>
    unionOf(
      states
        .map((state) => connectionStates.indexOf(state))
        .map((from) => ({ from, until: from + 1 })),
    ),
  ({ inInterface }) => inInterface,
  ({ outInterface }) => outInterface,
];

/** Whether a match takes the packets of a box. */
function takes(match: Match, { family, low, high }: Box): boolean {
  const half = family === 4 ? 'v4' : 'v6';
  let cut: Cut | undefined;
  for (const [field, setOf] of setsOf.entries()) {
    const [start = 0, end = 0] = [low[field], high[field]];
    const met = setOf(match, half).filter(({ from, until }) => from < end && until > start);
    if (met.length === 0) return false;
    const border = met
      .flatMap(({ from, until }) => [from, until])
      .find((value) => value > start && value < end);
    if (border !== undefined) cut ??= new Cut(field, border);
  }
  if (cut !== undefined) throw cut;
  return true;
}

/** What may decide: surely, unless something on the way is not understood. */
export interface Decision {
  readonly rule: Rule | undefined;
  readonly verdict: Verdict;
  readonly sure: boolean;
}

/** Calls nested deeper than this never end; such rules cannot be loaded, nor certified. */
const deepest = 64;

/**
 * What may decide the packets of a box, in order as far as it matters, as a device goes through its
 * chains: rule after rule, jumps and back, one base chain after the other. Where a rule is not understood
 * packets go several ways; each is a flag, true for the one that is taken for certain.
 */
export function decisionsOf(
  { chains }: RuleSet,
  direction: Direction,
  box: Box,
): readonly Decision[] {
  const bases = chains.filter((chain) => chain.direction === direction);
  const named = new Map(chains.map((chain) => [chain.name, chain]));
  const decisions: Decision[] = [];
  /** Both readings have their decision: the certain one, or one outcome each. */
  const isDone = (): boolean =>
    decisions.some(({ sure }) => sure) ||
    new Set(decisions.map(({ verdict }) => verdict === 'accept')).size === 2;
  type Ways = readonly boolean[];
  const decide = (ways: Ways, verdict: Verdict, rule?: Rule): void => {
    for (const sure of ways) if (!isDone()) decisions.push({ rule, verdict, sure });
  };
  const walk = (
    name: string,
    entering: Ways,
    base: number,
    undecided: (ways: Ways) => void,
    depth = 0,
  ): void => {
    if (depth > deepest) return;
    let ways = entering;
    for (const rule of named.get(name)?.rules ?? []) {
      if (ways.length === 0 || isDone()) return;
      if (!takes(rule.match, box)) continue;
      const known = rule.unknown === undefined;
      const taken = ways.map((sure) => sure && known);
      const left = known ? [] : ways.map(() => false);
      const { action } = rule;
      if (action.kind === 'jump' || action.kind === 'goto') {
        const back: boolean[] = [];
        walk(action.chain, taken, base, (rest) => void back.push(...rest), depth + 1);
        if (action.kind === 'goto') undecided(back);
        ways = action.kind === 'goto' ? left : known ? back : ways;
      } else if (action.kind === 'return') {
        undecided(taken);
        ways = left;
      } else if (action.kind === 'accept' && base + 1 < bases.length) {
        enter(base + 1, taken);
        ways = left;
      } else decide(taken, action.kind, rule);
    }
    undecided(ways);
  };
  /** A packet has to be accepted by this base chain and all behind it. */
  const enter = (base: number, ways: Ways): void => {
    const { name = '', policy = 'accept' } = bases[base] ?? {};
    walk(name, ways, base, (rest) => {
      if (policy === 'accept' && base + 1 < bases.length) enter(base + 1, rest);
      else decide(rest, policy);
    });
  };
  enter(0, [true]);
  return decisions;
}
