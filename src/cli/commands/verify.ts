import { Command } from 'commander';
import { UsherError } from '#base';
import { Identities, toJUnit, toReport } from '#proof';
import type { CliContext, CommandFactory } from '../context.ts';
import { readDemoUsers } from '../demo-users.ts';
import { meet } from '../meet.ts';
import { texts } from '../messages/verify.ts';
import { writeOutput } from '../output-file.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';
import { proofPage } from '../proof-page.ts';
import { prove } from '../prove.ts';

interface Options {
  readonly json?: boolean;
  readonly junit?: string;
  readonly html?: string;
  readonly sweep?: boolean;
  readonly here?: boolean;
  readonly portOffset?: string;
}

/** `usher verify [TOPOLOGY]` */
export const verify: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('verify')
    .description(text.description)
    .argument('[topology]', text.topology)
    .option('--json', text.json)
    .option('--junit <file>', text.junit)
    .option('--html <file>', text.html)
    .option('--sweep', text.sweep)
    .option('--here', text.here)
    .option('--port-offset <n>', text.portOffset)
    .addHelpText('after', text.examples)
    .action((file: string | undefined, options: Options) =>
      run(context, file ?? defaultTopology({ orContoso: true }), options),
    );
};

async function run(context: CliContext, topologyFile: string, options: Options): Promise<void> {
  const text = texts(context.language);
  const plan = readPlan(context, topologyFile, readPortOffset(context, options.portOffset));
  const stateDirectory = context.state ?? '.usher';
  const identities = new Identities(stateDirectory, plan);
  const print = options.json !== true;
  const { sweep = false, here = false } = options;
  const proof = await prove(context, plan, identities, { print, sweep, here });
  if (here && proof.rows.length + proof.refusals.length === 0) {
    throw new UsherError('USHER_NOT_A_HOST', text.notAHost, { remedy: text.notAHostRemedy });
  }
  const users = readDemoUsers(stateDirectory);
  const met =
    users === undefined
      ? undefined
      : await meet(context, plan, users.accounts, { print, identities });
  if (met === undefined && print) context.print(text.noDemoUsers);
  const report = toReport(proof, met?.conversation);
  if (!print) context.print(JSON.stringify(report, null, 2));
  if (options.junit !== undefined)
    writeOutput(context, options.junit, toJUnit(proof, met?.conversation));
  if (options.html !== undefined) {
    const { language } = context;
    const page = proofPage(plan.topology.name, proof, met?.conversation, new Date(), language);
    writeOutput(context, options.html, page);
  }
  context.exit(report.ok ? 0 : 1);
}
