import type { Plan } from '#ports';
import {
  holds,
  playsHere,
  proveClosure,
  proveRefusals,
  proveRows,
  sweep,
  type Identities,
  type Proof,
  type RowProof,
} from '#proof';
import type { CliContext } from './context.ts';
import { texts } from './messages/proof.ts';
import { progress } from './progress.ts';
import { proofSummary, rowLines } from './proof-text.ts';

export interface ProveOptions {
  /** Print rows and summary as text. */
  readonly print: boolean;
  /** Also connect to every port of every address. */
  readonly sweep: boolean;
  /** Only what this machine alone can prove; see `proveRows` and `proveRefusals`. */
  readonly here?: boolean;
}

/** Proves the running deployment, printing as it goes; the verdict is in the result. */
export async function prove(
  context: CliContext,
  plan: Plan,
  identities: Identities,
  options: ProveOptions,
): Promise<Proof & { readonly ok: boolean }> {
  const text = texts(context.language);
  const bar = progress(context, text.proving);
  let done = 0;
  const told = (row: RowProof, of: number): void => bar.show(++done, of, row.flow.id);
  const plays = options.here === true ? playsHere : undefined;
  const rows = await proveRows(plan, plan.flows, identities, told, plays);
  bar.clear();
  if (options.print) for (const row of rows) context.print(rowLines(row, context));
  const refusals = await proveRefusals(plan, identities, new Date(), options.here);
  const table = await proveClosure(plan);
  const swept = options.sweep
    ? await sweep(plan, (share) => bar.show(Math.round(share * 100), 100, '%'), context.interrupted)
    : undefined;
  bar.clear();
  const known = new Set(table.remarks.map(({ en }) => en));
  const closed =
    swept === undefined
      ? table
      : {
          probed: table.probed + swept.probed,
          unexpectedlyOpen: [...table.unexpectedlyOpen, ...swept.unexpectedlyOpen],
          remarks: [...table.remarks, ...swept.remarks.filter(({ en }) => !known.has(en))],
        };
  const proof = { rows, refusals, closed };
  if (options.print) context.print(proofSummary(proof, context));
  return { ...proof, ok: holds(proof) };
}
