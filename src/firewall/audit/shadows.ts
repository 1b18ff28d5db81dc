import type { Direction, FlatRule, Rule } from '../model/index.ts';
import { Blockers } from './blockers.ts';
import { partition } from './partition.ts';
import { Space } from './space.ts';

/** A rule no packet reaches, and rules that together take all of its packets. */
export interface Shadowed {
  readonly direction: Direction;
  readonly rule: Rule;
  readonly by: readonly Rule[];
}

/** Rules a flat rule tells something about: the one that decides, and those that led packets to it. */
const rulesOf = ({ rule, through }: FlatRule): readonly Rule[] =>
  rule === undefined ? through : [...through, rule];

/** Rules all of whose ways here are certain: of others nobody can say what reaches them. */
function certainRules(inForce: readonly FlatRule[]): Set<Rule> {
  const rules = new Set(inForce.flatMap(rulesOf));
  for (const flat of inForce) {
    if (!flat.certain) for (const rule of rulesOf(flat)) rules.delete(rule);
  }
  return rules;
}

/**
 * Rules that decide no packet because earlier ones do, whatever unknown conditions mean: a rule that
 * may not match hides nothing, and is not called hidden.
 */
export function shadowedOf(
  direction: Direction,
  inForce: readonly FlatRule[],
): readonly Shadowed[] {
  const certain = inForce.filter((flat) => flat.certain);
  const matches = certain.map(({ match }) => match);
  const space = new Space([matches]);
  const boxes = space.boxesOf(matches);
  const rulesAt = (owner = -1): readonly Rule[] => {
    const flat = certain[owner];
    return flat === undefined ? [] : rulesOf(flat);
  };
  const unseen = certainRules(inForce);
  const boxesOf = new Map([...unseen].map((rule) => [rule, new Array<number>()]));
  /** Of each box how many of its rules are not known to be reached. */
  const open = new Int32Array(boxes.count);
  for (const [box, owner] of boxes.owner.entries()) {
    for (const rule of rulesAt(owner)) {
      const own = boxesOf.get(rule);
      if (own === undefined) continue;
      own.push(box);
      open[box] = (open[box] ?? 0) + 1;
    }
  }
  const see = (rule: Rule): void => {
    if (!unseen.delete(rule)) return;
    for (const box of boxesOf.get(rule) ?? []) open[box] = (open[box] ?? 0) - 1;
  };
  partition(space.roots(), [boxes], {
    // Behind the last box that is still asked about, nothing matters.
    trim: ({ boxes: list, from, until }) => {
      let end = until;
      while (end > from && open[list[end - 1] ?? 0] === 0) end -= 1;
      return end;
    },
    idle: ([part]) => part === undefined || part.from === part.until,
    leaf: (_low, _high, [box = -1]) => {
      for (const rule of rulesAt(boxes.owner[box])) see(rule);
    },
  });
  if (unseen.size === 0) return [];
  const blockers = new Blockers(boxes);
  return [...unseen].map((rule) => {
    const hiding = (boxesOf.get(rule) ?? []).flatMap((box) => blockers.of(box));
    const owners = new Set(hiding.map((box) => boxes.owner[box] ?? -1));
    const by = [...owners].toSorted((a, b) => a - b).flatMap((owner) => certain[owner]?.rule ?? []);
    return { direction, rule, by };
  });
}
