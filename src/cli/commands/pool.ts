import { Command } from 'commander';
import { LogController, roleName, type AgentOutcome, type AgentStatus } from '#logging';
import { Identities } from '#proof';
import type { CliContext, CommandFactory } from '../context.ts';
import { texts } from '../messages/pool.ts';
import { paint } from '../paint.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';

interface Options {
  readonly json?: boolean;
  readonly portOffset?: string;
}

/** `usher pool status [TOPOLOGY]` */
export const pool: CommandFactory = (context) => {
  const text = texts(context.language);
  const status = new Command('status')
    .description(text.status)
    .argument('[topology]', text.topology)
    .option('--json', text.json)
    .option('--port-offset <n>', text.portOffset)
    .addHelpText('after', text.examples)
    .action((file: string | undefined, options: Options) =>
      run(context, file ?? defaultTopology({ orContoso: true }), options),
    );
  return new Command('pool')
    .description(text.description)
    .addHelpText('after', text.examples)
    .addCommand(status);
};

async function run(context: CliContext, topologyFile: string, options: Options): Promise<void> {
  const plan = readPlan(context, topologyFile, readPortOffset(context, options.portOffset));
  // Any host may ask; a machine of production has its own certificate only.
  const credentials = await new Identities(context.state ?? '.usher', plan).any();
  const outcomes = await new LogController({ plan, credentials }).status();
  if (options.json === true) context.print(JSON.stringify(outcomes, null, 2));
  else for (const outcome of outcomes) context.print(line(context, outcome));
  context.exit(outcomes.every((outcome) => outcome.kind === 'ok') ? 0 : 1);
}

function line(context: CliContext, outcome: AgentOutcome<AgentStatus>): string {
  const text = texts(context.language);
  const ink = paint(context.colour);
  const name = outcome.host.padEnd(24);
  if (outcome.kind !== 'ok') return `${ink.bad('✘')} ${name} ${text.unreachable(outcome.reason)}`;
  const { uptime, residentMemory, role } = outcome.value;
  const megabytes = Math.round(residentMemory / 1_048_576);
  return `${ink.good('✔')} ${name} ${roleName(role, context.language).padEnd(12)} ${text.up(Math.round(uptime), megabytes)}`;
}
