import { intersect, isEmpty, subtract } from '../model/index.ts';
import type { FlatRule, Match, Rule } from '../model/index.ts';
import { isCovered } from './cover.ts';
import { merged } from './merge.ts';

const without = (match: Match, cuts: readonly Match[]): readonly Match[] =>
  cuts.reduce<readonly Match[]>(
    (parts, cut) => parts.flatMap((part) => subtract(part, cut)),
    [match],
  );

/**
 * A rule as it should be: what it has in common with each rule asked for, as far as that comes to it and is not
 * taken by rules before. Parts may share packets, which all of them let pass.
 */
export function narrowed(
  rule: Rule,
  asked: readonly FlatRule[],
  inForce: readonly FlatRule[],
): readonly Match[] {
  const place = inForce.findIndex((flat) => flat.rule === rule);
  const before = inForce
    .slice(0, place)
    .filter(({ certain, match }) => certain && !isEmpty(intersect(match, rule.match)))
    .map(({ match }) => match);
  const denied: Match[] = [];
  const parts: Match[] = [];
  for (const { match, verdict } of asked) {
    const common = intersect(rule.match, match);
    if (isEmpty(common)) continue;
    if (verdict !== 'accept') denied.push(match);
    else if (!isCovered(common, [...before, ...parts])) parts.push(...without(common, denied));
  }
  return merged(parts);
}
