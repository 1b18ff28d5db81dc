import type { Direction, FlatRule, Rule } from '../model/index.ts';
import { partition } from './partition.ts';
import { Space, width } from './space.ts';

/** A rule no packet reaches, and the rules that take all of its packets. */
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
  const [boxes, none] = [space.boxesOf(matches), space.boxesOf([])];
  const shadows = new Map([...certainRules(inForce)].map((rule) => [rule, new Set<Rule>()]));
  partition(space.roots(), boxes, none, (_low, _high, decider) => {
    const rule = certain[decider]?.rule;
    if (rule !== undefined) shadows.delete(rule);
  });
  for (let box = 0; box < boxes.count; box += 1) {
    const rule = certain[boxes.owner[box] ?? -1]?.rule;
    const by = rule && shadows.get(rule);
    if (by === undefined) continue;
    const low = boxes.low.slice(box * width, (box + 1) * width);
    const high = boxes.high.slice(box * width, (box + 1) * width);
    partition([{ low, high }], boxes, none, (_low, _high, decider) => {
      const blocker = certain[decider]?.rule;
      if (blocker !== undefined) by.add(blocker);
    });
  }
  return [...shadows].map(([rule, by]) => ({ direction, rule, by: [...by] }));
}
