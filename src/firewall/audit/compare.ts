import type { FlatRule, Match } from '../model/index.ts';
import { partition } from './partition.ts';
import { Space } from './space.ts';

/** How what nobody understands is read: as generously as it can be meant, or as strictly. */
export type Reading = 'upper' | 'lower';

/** Packets both lists decide alike throughout. */
export interface Region {
  readonly match: Match;
  /** Index of the deciding rule in the first list; -1 when none decides. */
  readonly first: number;
  readonly second: number;
}

/** Rules of a reading: the generous one leaves out uncertain denials, the strict one uncertain permits. */
function readingOf(rules: readonly FlatRule[], reading: Reading): readonly number[] {
  return rules.flatMap(({ certain, verdict }, index) =>
    certain || (verdict === 'accept') === (reading === 'upper') ? [index] : [],
  );
}

/** True when the rule of this index lets packets pass; where none decides, the reading does. */
export function admits(rules: readonly FlatRule[], index: number, reading: Reading): boolean {
  const rule = rules[index];
  return rule === undefined ? reading === 'upper' : rule.verdict === 'accept';
}

const matchesOf = (rules: readonly FlatRule[], chosen: readonly number[]): readonly Match[] =>
  chosen.flatMap((index) => rules[index]?.match ?? []);

/**
 * Tells of every packet which rule of either list decides it, as disjoint regions that together are
 * the packet space; only regions `wanted` names are handed over.
 */
export function compare(
  first: readonly FlatRule[],
  second: readonly FlatRule[],
  readings: readonly [Reading, Reading],
  wanted: (first: number, second: number) => boolean,
  found: (region: Region) => void,
): void {
  const [left, right] = [readingOf(first, readings[0]), readingOf(second, readings[1])];
  const [a, b] = [matchesOf(first, left), matchesOf(second, right)];
  const space = new Space([a, b]);
  partition(space.roots(), space.boxesOf(a), space.boxesOf(b), (low, high, one, other) => {
    const [i, j] = [left[one] ?? -1, right[other] ?? -1];
    if (wanted(i, j)) found({ match: space.matchOf(low, high), first: i, second: j });
  });
}
