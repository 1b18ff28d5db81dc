/*
 * Verifies the certificate of an audit without any of the code that made it. A certificate is a tree: all
 * packets of a family, cut in two again and again. So its leaves are all packets, each once, wherever the cuts
 * are. At a leaf the rules are gone through as a device does, and must come to what the certificate says. What
 * is left to trust are this file, the readers of rules and certificate, the policy, and what rules are made of.
 */
import { addressEnd, connectionStates, unionOf } from '../model/index.ts';
import type { Chain, Direction, Match, Rule, RuleSet, Verdict } from '../model/index.ts';
import type { Certificate, Cut, Decider } from '../audit/certificate.ts';

/** Why a certificate proves nothing. */
export type Why = 'directions' | 'noPartition' | 'asked' | 'strict' | 'generous';

/** What a certificate proves, in regions; or where it is wrong. Regions count from 0 in their direction. */
export type Checked =
  | { holds: true; regions: number; missing: number; excess: number }
  | { holds: false; why: Why; direction?: Direction; region?: number };

/** Packets of a family: of every field the values from `low` up to, not including, `high`. */
type Box = { half: 'v4' | 'v6'; low: Cut['at'][]; high: Cut['at'][] };
/** Packets, and of both sides the rules that take any of them. */
type Part = { box: Box; asked: Chains; inForce: Chains };
type Chains = readonly Chain[];
/** What may decide packets: surely, unless something on the way is not understood. */
type Decision = { rule: Rule | undefined; verdict: Verdict; sure: boolean };
type Then = (sure: boolean) => void;

/** Calls nested deeper than this never end; such rules cannot be loaded, nor certified. */
const deepest = 64;

function everyPacket(family: 4 | 6): Box {
  const end = addressEnd(family);
  const high = [end, 65_536, end, 256, 65_536, connectionStates.length, '\uFFFF', '\uFFFF'];
  return { half: family === 4 ? 'v4' : 'v6', low: [0n, 0, 0n, 0, 0, 0, '', ''], high };
}

/** Which packets of a box a match takes: none, all, or those on one side of a cut. */
function taken(
  { destination, source, ...match }: Match,
  { half, low, high }: Box,
): 'none' | 'all' | Cut {
  const places = match.states.map((state) => connectionStates.indexOf(state));
  const states = unionOf(places.map((from) => ({ from, until: from + 1 })));
  const { destinationPort, protocol, sourcePort, inInterface, outInterface } = match;
  const transport = [destination[half], destinationPort, source[half], protocol, sourcePort];
  let cut: Cut | undefined;
  for (const [field, set] of [...transport, states, inInterface, outInterface].entries()) {
    const [start = 0, end = 0] = [low[field], high[field]];
    const met = set.filter(({ from, until }) => from < end && until > start);
    if (met.length === 0) return 'none';
    const borders = met.flatMap(({ from, until }) => [from, until]);
    const at = borders.find((border) => start < border && border < end);
    if (at !== undefined) cut ??= { field, at };
  }
  return cut ?? 'all';
}

/** Both sides of a cut, the lower one last, without rules that take nothing there; none if it is not inside. */
function split({ box, asked, inForce }: Part, { field, at }: Cut): Part[] {
  const [start = 0, end = 0] = [box.low[field], box.high[field]];
  if (!(start < at && at < end)) return [];
  const above = { ...box, low: box.low.with(field, at) };
  return [above, { ...box, high: box.high.with(field, at) }].map((half) => {
    const takes = ({ match }: Rule): boolean => taken(match, half) !== 'none';
    const within = (chain: Chain): Chain => ({ ...chain, rules: chain.rules.filter(takes) });
    return { box: half, asked: asked.map(within), inForce: inForce.map(within) };
  });
}

/**
 * Everything that may decide the packets of a box; or a cut, where a rule takes only some of them. A rule
 * that is not understood is both taken and passed by.
 */
function decisionsOf(chains: Chains, direction: Direction, box: Box): Decision[] | Cut {
  const bases = chains.filter((chain) => chain.direction === direction);
  const found: Decision[] = [];
  let cut: Cut | undefined;
  const walk = (
    rules: readonly Rule[],
    base: number,
    entering: boolean,
    undecided: Then,
    depth = 0,
  ): void => {
    let sure = entering;
    for (const [place, { match, action, unknown }] of rules.entries()) {
      const takes = taken(match, box);
      if (takes === 'none') continue;
      if (takes !== 'all') cut ??= takes;
      if (cut !== undefined || depth > deepest) return;
      const certain = sure && unknown === undefined;
      const leads = action.kind === 'accept' && base + 1 < bases.length;
      if (action.kind === 'jump' || action.kind === 'goto') {
        const called = chains.find(({ name }) => name === action.chain)?.rules ?? [];
        // Who comes back from a jump that is not understood goes on like who did not take it.
        const back: Then = (still) =>
          unknown ?? walk(rules.slice(place + 1), base, still, undecided, depth);
        walk(called, base, certain, action.kind === 'jump' ? back : undecided, depth + 1);
      } else if (action.kind === 'return') undecided(certain);
      else decide(base, action.kind, certain, rules[place]);
      // A verdict that is not sure is passed by, too: a reading may leave it out.
      const verdict = !['jump', 'goto', 'return'].includes(action.kind) && !leads;
      if (unknown === undefined && (certain || !verdict)) return;
      // Behind what may have led elsewhere, nothing is sure.
      sure &&= verdict || action.kind === 'jump';
    }
    undecided(sure);
  };
  /** A packet has to be accepted by a base chain and by all behind it. */
  const decide = (base: number, verdict: Verdict, sure: boolean, rule?: Rule): void => {
    const next = bases[base + 1];
    if (verdict !== 'accept' || next === undefined) found.push({ rule, verdict, sure });
    else
      walk(next.rules, base + 1, sure, (still) => decide(base + 1, next.policy ?? 'accept', still));
  };
  decide(-1, 'accept', true);
  return cut ?? found;
}

/** True where a packet begins a connection; others follow one that was admitted before. */
const opens = ({ low, high }: Box): boolean =>
  connectionStates
    .slice(Number(low[5]), Number(high[5]))
    .some((state) => state !== 'established' && state !== 'related');

/** True if a decider is right: one that permits, or denies, where any may; else the one that is sure to decide. */
function isRight(
  named: Decider | undefined,
  { chains }: RuleSet,
  found: Decision[],
  permits: boolean,
): boolean {
  const read = found.filter(({ verdict }) => (verdict === 'accept') === permits);
  const right = read.length > 0 ? read : found.filter(({ sure }) => sure);
  if (named === undefined) return right.length === 0;
  const rule = chains[named.chain ?? -1]?.rules[named.rule ?? -1];
  return right.some((each) => each.verdict === named.verdict && each.rule === rule);
}

/** Verifies a certificate against the two rule sets it is about. Pure. */
export function check(certificate: Certificate, asked: RuleSet, inForce: RuleSet): Checked {
  const spoken = new Set(asked.chains.flatMap(({ direction }) => direction ?? []));
  const certified = certificate.directions.map(({ direction }) => direction);
  const same = certified.toSorted().join() === [...spoken].toSorted().join();
  if (!same) return { holds: false, why: 'directions' };
  let [regions, missing, excess] = [0, 0, 0];
  for (const { direction, nodes, ...lists } of certificate.directions) {
    const first = regions;
    const wrong = (why: Why): Checked => ({
      holds: false,
      why,
      direction,
      region: regions - first,
    });
    const whole = { asked: asked.chains, inForce: inForce.chains };
    // What the nodes to come are about, the next one last.
    const ahead: Part[] = [
      { box: everyPacket(6), ...whole },
      { box: everyPacket(4), ...whole },
    ];
    for (const node of nodes) {
      const part = ahead.pop();
      if (part === undefined) return wrong('noPartition');
      if ('field' in node) {
        const halves = split(part, node);
        if (halves.length === 0) return wrong('noPartition');
        ahead.push(...halves);
        continue;
      }
      const wish = lists.asked[node.asked];
      const [strict, generous] = [lists.inForce[node.strict], lists.inForce[node.generous]];
      // A rule that decides nothing may part a region; then both parts have to come to the same.
      for (const open = [part]; ;) {
        const here = open.pop();
        if (here === undefined) break;
        const wanted = decisionsOf(here.asked, direction, here.box);
        const real = decisionsOf(here.inForce, direction, here.box);
        if ('field' in wanted) open.push(...split(here, wanted));
        else if ('field' in real) open.push(...split(here, real));
        else if (!isRight(wish, asked, wanted, false)) return wrong('asked');
        else if (!isRight(strict, inForce, real, false)) return wrong('strict');
        else if (!isRight(generous, inForce, real, true)) return wrong('generous');
      }
      regions += 1;
      const isWanted = wish?.verdict === 'accept';
      const isAdmitted = generous === undefined || generous.verdict === 'accept';
      if (isWanted && strict?.verdict !== 'accept') missing += 1;
      if (!isWanted && isAdmitted && opens(part.box)) excess += 1;
    }
    if (ahead.length > 0) return wrong('noPartition');
  }
  return { holds: true, regions, missing, excess };
}
