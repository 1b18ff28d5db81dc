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

/** Rules all of whose ways here are certain: of others nobody can say what reaches them. */
function certainRules(inForce: readonly FlatRule[]): ReadonlySet<Rule> {
  const rules = new Set(inForce.flatMap(({ rule }) => rule ?? []));
  for (const { rule, certain } of inForce) if (rule !== undefined && !certain) rules.delete(rule);
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
  const rules = certain.map(({ rule }) => rule);
  const unseen = new Set(certainRules(inForce));
  /** Of each box whether its rule is known to decide something: nothing more is asked of it. */
  const seen = Uint8Array.from(boxes.owner, (owner) => {
    const rule = rules[owner];
    return Number(rule === undefined || !unseen.has(rule));
  });
  const boxesOfRule = Map.groupBy(boxes.owner.keys(), (box) => rules[boxes.owner[box] ?? -1]);
  partition(space.roots(), [boxes], {
    // Behind the last box that is still asked about, nothing matters.
    trim: ({ boxes: list, from, until }) => {
      let end = until;
      while (end > from && seen[list[end - 1] ?? 0] === 1) end -= 1;
      return end;
    },
    idle: ([part]) => part === undefined || part.from === part.until,
    leaf: (_low, _high, [box = -1]) => {
      const rule = rules[boxes.owner[box] ?? -1];
      if (rule === undefined) return;
      unseen.delete(rule);
      for (const own of boxesOfRule.get(rule) ?? []) seen[own] = 1;
    },
  });
  if (unseen.size === 0) return [];
  const blockers = new Blockers(boxes);
  return [...unseen].map((rule) => {
    const own = boxesOfRule.get(rule) ?? [];
    const by = new Set(own.flatMap((box) => blockers.of(box)).map((box) => boxes.owner[box] ?? -1));
    return {
      direction,
      rule,
      by: [...by].toSorted((a, b) => a - b).flatMap((owner) => rules[owner] ?? []),
    };
  });
}
