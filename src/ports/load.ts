import type { Fault } from '#base';
import { parseTopology } from '#topology';
import type { Plan } from './model.ts';
import { makePlan } from './plan.ts';
import type { PlanOptions } from './plan.ts';

/** A plan, or everything that is wrong with the file. */
export type LoadedPlan =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/**
 * Reads a topology file's text into a plan; `file` is the name faults carry. All faults of YAML,
 * schema, structure and ports come back at once.
 */
export function loadPlan(text: string, file: string, options: PlanOptions = {}): LoadedPlan {
  const { topology, faults } = parseTopology(text, file);
  if (topology === undefined || faults.length > 0) return { ok: false, faults };
  return { ok: true, plan: makePlan(topology, options) };
}
