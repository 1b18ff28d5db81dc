import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { policyOf, subtract } from '#firewall';
import type { Match, RuleSet } from '#firewall';
import { loadPlan } from '#ports';

/** The rules of every device of a topology file. */
export function rulesOf(file: string): readonly RuleSet[] {
  const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
  assert.ok(loaded.ok);
  return policyOf(loaded.plan);
}

/** What the first matches take and the others do not. */
export const without = (parts: readonly Match[], cuts: readonly Match[]): readonly Match[] =>
  cuts.reduce<readonly Match[]>((rest, cut) => rest.flatMap((part) => subtract(part, cut)), parts);
