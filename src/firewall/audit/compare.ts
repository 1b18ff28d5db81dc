import { everything } from '../model/index.ts';
import type { FlatRule, Match } from '../model/index.ts';
import { partition } from './partition.ts';
import type { Part } from './partition.ts';
import { Space, width } from './space.ts';
import type { Boxes } from './space.ts';

/** How what nobody understands is read: as generously as it can be meant, or as strictly. */
export type Reading = 'upper' | 'lower';

/** A flat list of rules in one reading. */
export interface Side {
  readonly rules: readonly FlatRule[];
  readonly reading: Reading;
}

/** Packets each side decides alike throughout. */
export interface Region {
  readonly match: Match;
  /** Of each side the index of the deciding rule; -1 when none decides. */
  readonly deciders: readonly number[];
}

/** Rules of a reading: the generous one leaves out uncertain denials, the strict one uncertain permits. */
function readingOf({ rules, reading }: Side): readonly number[] {
  return rules.flatMap(({ certain, verdict }, index) =>
    certain || (verdict === 'accept') === (reading === 'upper') ? [index] : [],
  );
}

/** True when the rule of this index lets packets pass; where none decides, the reading does. */
export function admits({ rules, reading }: Side, index: number): boolean {
  const rule = rules[index];
  return rule === undefined ? reading === 'upper' : rule.verdict === 'accept';
}

/** A side, ready to be divided. The last box is the default: it covers everything. */
interface Prepared {
  readonly boxes: Boxes;
  /** Of each match of the boxes the index of its rule; none for the default. */
  readonly indexes: readonly number[];
  /** Of each box whether it lets packets pass. */
  readonly passes: Uint8Array;
  /** Of each box a number that boxes of any side share when they are the same and do the same. */
  readonly names: Int32Array;
}

function prepare(space: Space, side: Side, known: Map<string, number>): Prepared {
  const indexes = readingOf(side);
  const matches = indexes.flatMap((index) => side.rules[index]?.match ?? []);
  const boxes = space.boxesOf([...matches, everything]);
  const permits = [...indexes, -1].map((index) => Number(admits(side, index)));
  const passes = Uint8Array.from(boxes.owner, (owner) => permits[owner] ?? 0);
  const names = Int32Array.from(boxes.owner, (_, box) => {
    const [from, until] = [box * width, (box + 1) * width];
    const text = `${passes[box]} ${boxes.low.subarray(from, until).join()} ${boxes.high.subarray(from, until).join()}`;
    const name = known.get(text) ?? known.size;
    known.set(text, name);
    return name;
  });
  return { boxes, indexes, passes, names };
}

/** What all boxes of a part do; undefined when they differ. */
function verdictOf({ passes }: Prepared, { boxes, from, until }: Part): number | undefined {
  const verdict = passes[boxes[from] ?? 0];
  for (let index = from + 1; index < until; index += 1) {
    if (passes[boxes[index] ?? 0] !== verdict) return undefined;
  }
  return verdict;
}

/** True when two parts say the same in the same words. */
function readAlike(one: Prepared, a: Part, other: Prepared, b: Part): boolean {
  const length = a.until - a.from;
  if (b.until - b.from !== length) return false;
  for (let index = 0; index < length; index += 1) {
    const left = one.names[a.boxes[a.from + index] ?? 0];
    if (left !== other.names[b.boxes[b.from + index] ?? 0]) return false;
  }
  return true;
}

/** True when every side does the same with all packets of a region these parts decide. */
function agree(sides: readonly Prepared[], parts: readonly Part[]): boolean {
  const [side, ...others] = sides;
  const [part, ...rest] = parts;
  if (side === undefined || part === undefined) return true;
  const same = (test: (other: Prepared, its: Part) => boolean): boolean =>
    rest.every((its, index) => {
      const other = others[index];
      return other === undefined || test(other, its);
    });
  if (same((other, its) => readAlike(side, part, other, its))) return true;
  const verdict = verdictOf(side, part);
  return verdict !== undefined && same((other, its) => verdictOf(other, its) === verdict);
}

/** Of the boxes that decide, the rules: of each side the index, -1 when none decides. */
function decidersOf(prepared: readonly Prepared[], boxes: Int32Array): readonly number[] {
  return prepared.map(
    ({ boxes: { owner }, indexes }, side) => indexes[owner[boxes[side] ?? 0] ?? 0] ?? -1,
  );
}

/** The sides in one space, in which numbers stand for the same packets. */
function together(sides: readonly Side[]) {
  const space = new Space(sides.map(({ rules }) => rules.map(({ match }) => match)));
  const known = new Map<string, number>();
  const prepared = sides.map((side) => prepare(space, side, known));
  return { space, prepared };
}

/**
 * Tells of every packet which rule of each side decides, as the tree of cuts by which the space comes apart: all of
 * IPv4, then all of IPv6; after a cut what lies below it, then the rest.
 */
export function divide(
  sides: readonly Side[],
  told: {
    readonly found: (deciders: readonly number[]) => void;
    /** Fields as in `packetFields`. */
    readonly cut: (field: number, at: bigint | number | string) => void;
  },
): void {
  const { space, prepared } = together(sides);
  partition(
    space.roots(),
    prepared.map(({ boxes }) => boxes),
    {
      idle: () => false,
      cut: (field, rank) => told.cut(field, space.valueAt(field, rank)),
      leaf: (_low, _high, boxes) => told.found(decidersOf(prepared, boxes)),
    },
  );
}

/**
 * Tells which rule of each side decides, as disjoint regions: of every packet, or of those packets
 * only that some side admits and another does not.
 */
export function compare(
  sides: readonly Side[],
  packets: 'all' | 'disputed',
  found: (region: Region) => void,
): void {
  const { space, prepared } = together(sides);
  partition(
    space.roots(),
    prepared.map(({ boxes }) => boxes),
    {
      idle: (parts) => packets === 'disputed' && agree(prepared, parts),
      leaf: (low, high, boxes) =>
        found({ match: space.matchOf(low, high), deciders: decidersOf(prepared, boxes) }),
    },
  );
}
