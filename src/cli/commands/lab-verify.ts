import { planOn } from '#firewall';
import { meant, meetInLab, networkOf, openLab, proveLab, requireLab } from '#lab';
import type { Plan } from '#ports';
import { holds, toJUnit, toReport } from '#proof';
import type { CliContext } from '../context.ts';
import { readDemoUsers } from '../demo-users.ts';
import { texts } from '../messages/proof.ts';
import { texts as verifyTexts } from '../messages/verify.ts';
import { writeOutput } from '../output-file.ts';
import { readPlan } from '../plan-file.ts';
import { today } from '../policy-notices.ts';
import { progress } from '../progress.ts';
import { proofPage } from '../proof-page.ts';
import { conversationLines, proofSummary, rowLines } from '../proof-text.ts';

export interface VerifyOptions {
  readonly name: string;
  readonly sweep?: true;
  readonly from?: readonly string[];
  readonly devices?: true;
  readonly json?: true;
  readonly junit?: string;
  readonly html?: string;
}

/** `usher lab verify` */
export async function verifyLab(context: CliContext, options: VerifyOptions): Promise<void> {
  await requireLab();
  const record = await openLab(options.name);
  const plan = planOn(readPlan(context, record.topologyFile), today());
  const bar = progress(context, texts(context.language).proving);
  const devicesOnly = options.devices === true;
  const proof = await proveLab(record, plan, {
    sweep: sweepers(plan, options),
    devicesOnly,
    now: Date.now(),
    progress: (what, done, of) => bar.show(done, of, what),
  });
  bar.clear();
  const users = devicesOnly ? undefined : readDemoUsers(record.stateDirectory);
  const conversation = users && (await meetInLab(record, plan, users.accounts));
  if (options.json === true) {
    context.print(JSON.stringify(toReport(proof, conversation), null, 2));
  } else {
    for (const row of proof.rows) context.print(rowLines(row, context));
    context.print(proofSummary(proof, context));
    if (conversation !== undefined) context.print(conversationLines(conversation, context));
    else if (!devicesOnly) context.print(verifyTexts(context.language).noDemoUsers);
  }
  if (options.junit !== undefined)
    writeOutput(context, options.junit, toJUnit(proof, conversation));
  if (options.html !== undefined) {
    const { language } = context;
    const page = proofPage(plan.topology.name, proof, conversation, new Date(), language);
    writeOutput(context, options.html, page);
  }
  context.exit(holds(proof) && conversation?.ok !== false ? 0 : 1);
}

/** Who tries every port: everybody, or those named. */
function sweepers(plan: Plan, { sweep, from = [] }: VerifyOptions): readonly string[] {
  const names = networkOf(plan).stations.map(({ name }) => name);
  if (from.length > 0) return from.map((written) => meant(names, written));
  return sweep === true ? names : [];
}
