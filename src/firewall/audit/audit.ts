import { unfold } from '../model/index.ts';
import type {
  ConnectionState,
  Direction,
  FlatRule,
  Match,
  Rule,
  RuleSet,
  Translations,
} from '../model/index.ts';
import { admits, compare } from './compare.ts';
import type { Side } from './compare.ts';
import { merged } from './merge.ts';
import { narrowed } from './narrow.ts';
import { packetOf } from './space.ts';
import { shadowedOf } from './shadows.ts';
import type { Shadowed } from './shadows.ts';
import type { Packet } from './space.ts';
import { mistranslated } from './translations.ts';

/** Packets two sides do not agree on. */
export interface Finding {
  readonly direction: Direction;
  /** The rule that asks for them, or would deny them; undefined for the default. */
  readonly asked: Rule | undefined;
  /** The rule in force that decides them; undefined for the policy of a chain. */
  readonly rule: Rule | undefined;
  /** Exactly the packets, as disjoint regions none of which can be joined with another. */
  readonly regions: readonly Match[];
  /** One of them. */
  readonly witness: Packet;
  /** False when all of it depends on conditions nobody here understands. */
  readonly certain: boolean;
  /**
   * Of a rule that admits too much: the packets it should admit, as parts that may overlap; none where the
   * rule should go.
   * Undefined where the default admits them.
   */
  readonly narrowed?: readonly Match[];
  /** Given where address translation is at fault: which address has to become another one. */
  readonly translation?: keyof Translations;
}

export interface Audit {
  /** True when nothing is missing and nothing is in excess, whatever unknown conditions mean. */
  readonly ok: boolean;
  readonly missing: readonly Finding[];
  readonly excess: readonly Finding[];
  readonly shadowed: readonly Shadowed[];
  /** Rules in force with conditions nobody here understands. */
  readonly unknown: readonly Rule[];
}

/** States whose packets belong to a connection that was admitted before. */
const followers: ReadonlySet<ConnectionState> = new Set(['established', 'related']);

const directions: readonly Direction[] = ['in', 'out', 'forward'];

interface Sides {
  readonly direction: Direction;
  readonly asked: readonly FlatRule[];
  readonly inForce: readonly FlatRule[];
}

type Kind = 'missing' | 'excess';

/** Packets two rules decide differently; certain when some of them are, whatever unknown conditions mean. */
interface Dispute {
  readonly kind: Kind;
  readonly asked: number;
  readonly rule: number;
  readonly regions: Match[];
  certain: boolean;
}

/**
 * Everything the sides do not agree on. What is missing is looked for in the strict reading of the
 * rules in force, what is too much in the generous one; where the other reading shows it, too, it is certain.
 */
function disputesOf({ asked, inForce }: Sides): readonly Dispute[] {
  const wanted: Side = { rules: asked, reading: 'lower' };
  const strict: Side = { rules: inForce, reading: 'lower' };
  const generous: Side = { rules: inForce, reading: 'upper' };
  const known = inForce.every(({ certain }) => certain);
  const disputes = new Map<string, Dispute>();
  compare(known ? [wanted, strict] : [wanted, strict, generous], 'disputed', (region) => {
    const [first = -1, least = -1, most = least] = region.deciders;
    const wish = admits(wanted, first);
    const sure = admits(strict, least);
    const possible = known ? sure : admits(generous, most);
    if (wish ? sure : !possible) return;
    const kind = wish ? 'missing' : 'excess';
    const match = kind === 'excess' ? withoutFollowers(region.match) : region.match;
    if (match.states.length === 0) return;
    const rule = wish ? least : most;
    const key = `${kind} ${first} ${rule}`;
    const dispute = disputes.get(key) ?? { kind, asked: first, rule, regions: [], certain: false };
    disputes.set(key, dispute);
    dispute.regions.push(match);
    if (wish ? !possible : sure) dispute.certain = true;
  });
  return [...disputes.values()];
}

/** What is more than asked and follows an admitted connection is as good as that connection. */
const withoutFollowers = (match: Match): Match => ({
  ...match,
  states: match.states.filter((state) => !followers.has(state)),
});

function findingsOf(sides: Sides, kind: Kind, disputes: readonly Dispute[]): readonly Finding[] {
  const narrow = new Map<Rule, readonly Match[]>();
  const narrowedOnce = (rule: Rule): readonly Match[] => {
    const known = narrow.get(rule) ?? narrowed(rule, sides.asked, sides.inForce);
    narrow.set(rule, known);
    return known;
  };
  return disputes
    .filter((dispute) => dispute.kind === kind)
    .flatMap(({ asked, rule: place, regions: parts, certain }): Finding[] => {
      const regions = merged(parts);
      const [first] = regions;
      const rule = sides.inForce[place]?.rule;
      if (first === undefined) return [];
      const finding = {
        direction: sides.direction,
        asked: sides.asked[asked]?.rule,
        rule,
        regions,
        witness: packetOf(first),
        certain,
      };
      if (kind === 'missing' || rule === undefined) return [finding];
      return [{ ...finding, narrowed: narrowedOnce(rule) }];
    });
}

/** The directions some of the rule sets have rules for. */
export const directionsOf = (...sets: readonly RuleSet[]): readonly Direction[] =>
  directions.filter((direction) =>
    sets.some(({ chains }) => chains.some((chain) => chain.direction === direction)),
  );

function sidesOf(asked: RuleSet, inForce: RuleSet, spoken: readonly RuleSet[]): readonly Sides[] {
  return directionsOf(...spoken).map((direction) => ({
    direction,
    asked: unfold(asked, direction),
    inForce: unfold(inForce, direction),
  }));
}

/**
 * Compares the rules in force with those asked for, over all packets, in the directions rules are asked
 * for: of a firewall between zones that is what it forwards. Exact; pure.
 *
 * Missing is every packet asked for that is not admitted, in every state. Excess is every packet
 * admitted that nobody asked for, unless it belongs to a connection admitted before. Missing are packets, too,
 * that are to be led to members, or passed on as the device's own, and are not. A condition
 * nobody understands is read both ways, and what depends on it is marked.
 *
 * @throws UsherError `USHER_RULES_UNFOLDABLE`, `USHER_RULES_TOO_LARGE`
 */
export function audit(asked: RuleSet, inForce: RuleSet): Audit {
  const sides = sidesOf(asked, inForce, [asked]);
  const disputes = sides.map((side) => ({ side, found: disputesOf(side) }));
  const missing = [
    ...mistranslated(asked, inForce).map(({ regions, ...rules }): Finding => ({
      ...rules,
      direction: 'in',
      regions,
      witness: packetOf(regions[0]),
      certain: true,
    })),
    ...disputes.flatMap(({ side, found }) => findingsOf(side, 'missing', found)),
  ];
  const excess = disputes.flatMap(({ side, found }) => findingsOf(side, 'excess', found));
  return {
    ok: missing.length === 0 && excess.length === 0,
    missing,
    excess,
    shadowed: sides.flatMap(({ direction, inForce: rules }) => shadowedOf(direction, rules)),
    unknown: [
      ...new Set(
        inForce.chains.flatMap(({ rules }) => rules.filter(({ unknown }) => unknown !== undefined)),
      ),
    ],
  };
}

/**
 * The packets, in every state, that the first rule set admits for certain and the second may not: `asked`
 * is the rule of the first that admits them, `rule` the one of the second that decides. Exact; pure.
 *
 * @throws UsherError `USHER_RULES_UNFOLDABLE`, `USHER_RULES_TOO_LARGE`
 */
export function onlyIn(first: RuleSet, second: RuleSet): readonly Finding[] {
  return sidesOf(first, second, [first, second]).flatMap((side) =>
    findingsOf(side, 'missing', disputesOf(side)),
  );
}
