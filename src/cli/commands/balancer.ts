import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { UsherError } from '#base';
import { isBalancerStatus, type BalancerStatus } from '#balancer';
import { askHost, controlPath, type ControlRequest } from '#host';
import { hostsOf } from '#topology';
import { statusLines, sessionsOf, type MemberSessions } from '../balancer-text.ts';
import type { CliContext, CommandFactory } from '../context.ts';
import { readDeadline, watch } from '../drain.ts';
import { texts } from '../messages/balancer.ts';
import { defaultTopology, readPlan } from '../plan-file.ts';
import { balancerRender } from './balancer-render.ts';
import { balancerTimers } from './balancer-timers.ts';

interface Options {
  readonly host?: string;
  readonly json?: boolean;
  readonly deadline?: string;
  readonly force?: boolean;
  readonly wait?: boolean;
}

/** `usher balancer status|drain|resume|timers|render` */
export const balancer: CommandFactory = (context) => {
  const text = texts(context.language);
  const command = (name: string, description: string): Command =>
    new Command(name)
      .description(description)
      .option('--host <fqdn>', text.host)
      .option('--json', text.json)
      .addHelpText('after', text.examples);
  const status = command('status', text.status)
    .argument('[topology]', text.topology)
    .action((file: string | undefined, options: Options) => show(context, file, options));
  const drain = command('drain', text.drain)
    .argument('<member>', text.member)
    .argument('[topology]', text.topology)
    .option('--deadline <seconds>', text.deadline)
    .option('--no-wait', text.noWait)
    .option('--force', text.force)
    .action((member: string, file: string | undefined, options: Options) =>
      takeOut(context, member.toLowerCase(), file, options),
    );
  const resume = command('resume', text.resume)
    .argument('<member>', text.member)
    .argument('[topology]', text.topology)
    .action((member: string, file: string | undefined, options: Options) =>
      bringBack(context, member.toLowerCase(), file, options),
    );
  return new Command('balancer')
    .description(text.description)
    .addHelpText('after', text.examples)
    .addCommand(status)
    .addCommand(drain)
    .addCommand(resume)
    .addCommand(balancerTimers(context))
    .addCommand(balancerRender(context));
};

async function show(
  context: CliContext,
  file: string | undefined,
  options: Options,
): Promise<void> {
  const status = await ask(context, balancerOf(context, file, options), { verb: 'status' });
  tell(context, status, options);
  const states = status.services.flatMap(({ members }) => members.map(({ state }) => state));
  const wrong = status.engineFault !== null || status.memoryFault !== null;
  // A member that is drained is as somebody wants it.
  const well = states.every((state) => state === 'up' || state === 'draining');
  context.exit(well && !wrong ? 0 : 1);
}

async function takeOut(
  context: CliContext,
  member: string,
  file: string | undefined,
  options: Options,
): Promise<void> {
  const text = texts(context.language);
  const host = balancerOf(context, file, options);
  const deadline = readDeadline(context, options.deadline);
  const before = sessionsOf(await ask(context, host, { verb: 'status' }), member);
  const force = options.force === true;
  let status = await ask(context, host, { verb: 'drain', member, deadline, force });
  let now = sessionsOf(status, member);
  if (options.wait !== false) {
    const line = ({ open, endsIn }: MemberSessions): string =>
      text.left(member, open, Math.ceil((endsIn ?? 0) / 1000));
    const ended = await watch(context, async () => {
      status = await ask(context, host, { verb: 'status' });
      now = sessionsOf(status, member);
      return { done: now.open === 0 || now.endsIn === null, line: line(now) };
    });
    if (!ended) context.complain(text.goesOn(member));
  }
  if (options.json === true) context.print(JSON.stringify(status, null, 2));
  else context.print(text.drained(member, now.open, now.cut - before.cut));
}

async function bringBack(
  context: CliContext,
  member: string,
  file: string | undefined,
  options: Options,
): Promise<void> {
  const host = balancerOf(context, file, options);
  const status = await ask(context, host, { verb: 'resume', member });
  if (options.json === true) context.print(JSON.stringify(status, null, 2));
  else context.print(texts(context.language).resumed(member));
}

function tell(context: CliContext, status: BalancerStatus, options: Options): void {
  if (options.json === true) context.print(JSON.stringify(status, null, 2));
  else for (const line of statusLines(context, status, Date.now())) context.print(line);
}

/** The balancer that is asked: the one named, the only one of the topology, or the only one that runs here. */
function balancerOf(context: CliContext, file: string | undefined, { host }: Options): string {
  const text = texts(context.language);
  const plan = readPlan(context, file ?? defaultTopology({ orContoso: true }));
  const known = hostsOf(plan.topology).flatMap(({ role, fqdn }) =>
    role === 'balancer' ? [fqdn] : [],
  );
  const [first] = known;
  if (host === undefined && first !== undefined && known.length === 1) return first;
  // Of several, the one that runs on this machine.
  const here = known.filter((each) => existsSync(controlPath(context.state ?? '.usher', each)));
  if (host === undefined && here[0] !== undefined && here.length === 1) return here[0];
  const named = host?.toLowerCase();
  if (named !== undefined && known.includes(named)) return named;
  throw new UsherError('USHER_UNKNOWN_HOST', text.which(host), {
    remedy: first === undefined ? text.none : `${text.nameOne} ${known.join(', ')}`,
  });
}

async function ask(
  context: CliContext,
  host: string,
  request: ControlRequest,
): Promise<BalancerStatus> {
  const answer = await askHost(context.state ?? '.usher', host, request);
  if (isBalancerStatus(answer)) return answer;
  throw new UsherError('USHER_CONTROL_ANSWER', texts(context.language).strange(host), {
    remedy: texts(context.language).strangeRemedy,
    exitStatus: 1,
  });
}
