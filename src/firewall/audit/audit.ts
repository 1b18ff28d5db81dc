import { intersect, isEmpty, unfold } from '../model/index.ts';
import type { ConnectionState, Direction, FlatRule, Match, Rule, RuleSet } from '../model/index.ts';
import { admits, compare } from './compare.ts';
import type { Reading, Region } from './compare.ts';
import { packetOf } from './space.ts';
import { shadowedOf } from './shadows.ts';
import type { Shadowed } from './shadows.ts';
import type { Packet } from './space.ts';

/** Packets two sides do not agree on. */
export interface Finding {
  readonly direction: Direction;
  /** The rule that asks for them, or would deny them; undefined for the default. */
  readonly asked: Rule | undefined;
  /** The rule in force that decides them; undefined for the policy of a chain. */
  readonly rule: Rule | undefined;
  /** Exactly the packets, as disjoint parts. */
  readonly regions: readonly Match[];
  /** One of them. */
  readonly witness: Packet;
  /** False when all of it depends on conditions nobody here understands. */
  readonly certain: boolean;
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

class Findings {
  readonly #groups = new Map<string, Region[]>();

  add(region: Region): void {
    const key = `${region.first} ${region.second}`;
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, [region]);
    else group.push(region);
  }

  /** True when some of these packets were found, whichever rules decide them. */
  meets(regions: readonly Region[]): boolean {
    const own = [...this.#groups.values()].flat();
    return regions.some(({ match }) =>
      own.some((region) => !isEmpty(intersect(match, region.match))),
    );
  }

  *groups(): Iterable<readonly [Region, ...Region[]]> {
    for (const [first, ...more] of this.#groups.values()) {
      if (first !== undefined) yield [first, ...more];
    }
  }
}

interface Sides {
  readonly direction: Direction;
  readonly asked: readonly FlatRule[];
  readonly inForce: readonly FlatRule[];
}

/** Regions one side admits and the other does not, in one reading of the rules in force. */
function disagreements(sides: Sides, reading: Reading, kind: 'missing' | 'excess'): Findings {
  const { asked, inForce } = sides;
  const findings = new Findings();
  const wanted = (first: number, second: number): boolean => {
    const wish = admits(asked, first, 'lower');
    return wish !== admits(inForce, second, reading) && wish === (kind === 'missing');
  };
  compare(asked, inForce, ['lower', reading], wanted, (region) => {
    // What is more than asked and follows an admitted connection is as good as that connection.
    const states = region.match.states.filter(
      (state) => kind === 'missing' || !followers.has(state),
    );
    if (states.length > 0) findings.add({ ...region, match: { ...region.match, states } });
  });
  return findings;
}

function findingsOf(sides: Sides, kind: 'missing' | 'excess'): readonly Finding[] {
  const { direction, asked, inForce } = sides;
  // The reading in which most is found: what is missing in the strict one, too much in the generous.
  const [widest, narrowest]: readonly [Reading, Reading] =
    kind === 'missing' ? ['lower', 'upper'] : ['upper', 'lower'];
  const possible = disagreements(sides, widest, kind);
  const certain = inForce.every((rule) => rule.certain)
    ? possible
    : disagreements(sides, narrowest, kind);
  return [...possible.groups()].map((group): Finding => {
    const [{ first, second, match }] = group;
    return {
      direction,
      asked: asked[first]?.rule,
      rule: inForce[second]?.rule,
      regions: group.map((region) => region.match),
      witness: packetOf(match),
      certain: certain === possible || certain.meets(group),
    };
  });
}

function sidesOf(asked: RuleSet, inForce: RuleSet, spoken: readonly RuleSet[]): readonly Sides[] {
  return directions
    .filter((direction) =>
      spoken.some(({ chains }) => chains.some((chain) => chain.direction === direction)),
    )
    .map((direction) => ({
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
 * admitted that nobody asked for, unless it belongs to a connection admitted before. A condition
 * nobody understands is read both ways, and what depends on it is marked.
 *
 * @throws UsherError `USHER_RULES_UNFOLDABLE`, `USHER_RULES_TOO_LARGE`
 */
export function audit(asked: RuleSet, inForce: RuleSet): Audit {
  const sides = sidesOf(asked, inForce, [asked]);
  const missing = sides.flatMap((side) => findingsOf(side, 'missing'));
  const excess = sides.flatMap((side) => findingsOf(side, 'excess'));
  return {
    ok: missing.length === 0 && excess.length === 0,
    missing,
    excess,
    shadowed: sides.flatMap(({ direction, inForce: rules }) => shadowedOf(direction, rules)),
    unknown: inForce.chains.flatMap(({ rules }) =>
      rules.filter((rule) => rule.unknown !== undefined),
    ),
  };
}

/**
 * The packets, in every state, that the first rule set admits for certain and the second may not: `asked`
 * is the rule of the first that admits them, `rule` the one of the second that decides. Exact; pure.
 *
 * @throws UsherError `USHER_RULES_UNFOLDABLE`, `USHER_RULES_TOO_LARGE`
 */
export function onlyIn(first: RuleSet, second: RuleSet): readonly Finding[] {
  return sidesOf(first, second, [first, second]).flatMap((side) => findingsOf(side, 'missing'));
}
