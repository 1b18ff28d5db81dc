import { Command } from 'commander';
import { UsherError } from '#base';
import { askHost, isHostStatus, type ControlRequest, type HostStatus } from '#host';
import { LogController, roleName, type AgentOutcome, type AgentStatus } from '#logging';
import { Identities } from '#proof';
import type { CliContext, CommandFactory } from '../context.ts';
import { readDeadline, watch } from '../drain.ts';
import { texts } from '../messages/pool.ts';
import { paint } from '../paint.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';

interface Options {
  readonly json?: boolean;
  readonly portOffset?: string;
  readonly deadline?: string;
  readonly wait?: boolean;
}

/** `usher pool status|drain|resume` */
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
  const drain = new Command('drain')
    .description(text.drain)
    .argument('<host>', text.host)
    .option('--deadline <seconds>', text.deadline)
    .option('--no-wait', text.noWait)
    .option('--json', text.hostJson)
    .addHelpText('after', text.examples)
    .action((host: string, options: Options) => takeOut(context, host.toLowerCase(), options));
  const resume = new Command('resume')
    .description(text.resume)
    .argument('<host>', text.host)
    .option('--json', text.hostJson)
    .addHelpText('after', text.examples)
    .action((host: string, options: Options) => bringBack(context, host.toLowerCase(), options));
  return new Command('pool')
    .description(text.description)
    .addHelpText('after', text.examples)
    .addCommand(status)
    .addCommand(drain)
    .addCommand(resume);
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

async function takeOut(context: CliContext, host: string, options: Options): Promise<void> {
  const text = texts(context.language);
  const deadline = readDeadline(context, options.deadline);
  const end = performance.now() + deadline;
  let status = await ask(context, host, { verb: 'drain', deadline, force: true });
  if (options.wait !== false) {
    const ended = await watch(context, async () => {
      status = await ask(context, host, { verb: 'status' });
      const left = end - performance.now();
      const seconds = Math.max(0, Math.ceil(left / 1000));
      const done = status.unfinished === 0 || left <= 0;
      return { done, line: text.left(host, status.unfinished, seconds) };
    });
    if (!ended) context.complain(text.goesOn(host));
    context.exit(status.unfinished === 0 ? 0 : 1);
  }
  if (options.json === true) context.print(JSON.stringify(status, null, 2));
  else context.print(text.drained(host, status.unfinished, status.connections));
}

async function bringBack(context: CliContext, host: string, options: Options): Promise<void> {
  const status = await ask(context, host, { verb: 'resume' });
  if (options.json === true) context.print(JSON.stringify(status, null, 2));
  else context.print(texts(context.language).resumed(host));
}

async function ask(
  context: CliContext,
  host: string,
  request: ControlRequest,
): Promise<HostStatus> {
  const answer = await askHost(context.state ?? '.usher', host, request);
  if (isHostStatus(answer)) return answer;
  throw new UsherError('USHER_CONTROL_ANSWER', texts(context.language).strange(host), {
    remedy: texts(context.language).strangeRemedy,
    exitStatus: 1,
  });
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
