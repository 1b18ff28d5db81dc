import { Command } from 'commander';
import { Deployment } from '#host';
import type { Plan } from '#ports';
import { findObstacles, Identities, obstacleError, toReport } from '#proof';
import { hostsOf, runsUsher, standbysOf, type Host } from '#topology';
import type { CliContext, CommandFactory } from '../context.ts';
import { demoUsers } from '../demo-users.ts';
import { onHangUp } from '../hang-up.ts';
import { meet } from '../meet.ts';
import { texts } from '../messages/up.ts';
import { paint } from '../paint.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';
import { prepare } from '../prepare.ts';
import { progress } from '../progress.ts';
import { prove } from '../prove.ts';
import { readWorkers } from '../workers.ts';

interface Options {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly portOffset?: string;
  readonly workers?: string;
}

/** Milliseconds hosts may take to end what they are doing when the deployment stops. */
const drainDeadline = 2000;

/** `usher up [TOPOLOGY]` */
export const up: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('up')
    .description(text.description)
    .argument('[topology]', text.topology)
    .option('--once', text.once)
    .option('--json', text.json)
    .option('--port-offset <n>', text.portOffset)
    .option('--workers <n>', text.workers)
    .addHelpText('after', text.examples)
    .action((file: string | undefined, options: Options) =>
      run(context, file ?? defaultTopology({ orContoso: true }), options),
    );
};

async function run(context: CliContext, topologyFile: string, options: Options): Promise<void> {
  const text = texts(context.language);
  const ink = paint(context.colour);
  const begun = performance.now();
  const seconds = (): string => ((performance.now() - begun) / 1000).toFixed(1);
  const say = options.json === true ? context.complain : context.print;
  const plan = readPlan(context, topologyFile, readPortOffset(context, options.portOffset));
  const workers = readWorkers(context, options.workers, 1);
  const standbys = standbysOf(plan.topology);
  const hosts = hostsOf(plan.topology).filter(
    (host) => runsUsher(host) && !standbys.includes(host),
  );
  const others = hostsOf(plan.topology).filter((host) => !runsUsher(host));
  const obstacles = await findObstacles(plan, hosts);
  if (obstacles.length > 0) throw obstacleError(obstacles, context.language, process.platform);

  say(ink.strong(text.heading(plan.topology.name, hosts.length, plan.flows.length)));
  if (others.length > 0) say(text.others(others.map(({ fqdn }) => fqdn).join(', ')));
  if (standbys.length > 0) say(text.standbys(standbys.map(({ fqdn }) => fqdn).join(', ')));
  const stateDirectory = context.state ?? '.usher';
  await prepare(context, plan, stateDirectory, say);
  const users = demoUsers(stateDirectory, plan);

  const bar = progress(context, text.loading);
  let started = 0;
  const deployment = new Deployment({
    plan,
    hosts,
    stateDirectory,
    workers,
    progress(host, step, detail) {
      if (step === 'started') bar.show(++started, hosts.length, host.fqdn);
      if (step === 'died') context.complain(text.died(host.fqdn, detail ?? ''));
      if (step === 'restarted') context.complain(text.restarted(host.fqdn));
    },
  });
  const reload = async (): Promise<void> => {
    const kept = await deployment.reload();
    if (kept.length === 0) say(text.reloaded);
    else context.complain(text.reloadKept(kept.join(', ')));
  };
  const stopListening = onHangUp(() => void reload());
  try {
    await deployment.start();
    bar.clear();
    say(text.started(hosts.length, seconds()));
    const proven = without(plan, standbys);
    const ok = await proveAndMeet(context, proven, stateDirectory, users.accounts, options);
    say(ok ? ink.good(text.proven(seconds())) : ink.bad(text.notProven(seconds())));
    context.exit(ok ? 0 : 1);
    if (options.once !== true && !context.interrupted.aborted) {
      say(text.running(users.file));
      await new Promise((resolve) => {
        context.interrupted.addEventListener('abort', resolve, { once: true });
      });
    }
  } finally {
    stopListening();
    bar.clear();
    if (options.once !== true) say(text.stopping);
    await deployment.drain(drainDeadline);
    const left = [...deployment.pids().values()];
    say(left.length === 0 ? ink.faint(text.stopped) : ink.bad(text.left(left.join(', '))));
  }
}

/** The plan without the rows that lead to these hosts, and their sockets. */
function without(plan: Plan, hosts: readonly Host[]): Plan {
  const gone = new Set(hosts.map(({ fqdn }) => fqdn));
  return {
    ...plan,
    flows: plan.flows.filter(
      ({ destination }) => !destination.hosts.some((host) => gone.has(host)),
    ),
    listeners: plan.listeners.filter(({ host }) => !gone.has(host)),
  };
}

async function proveAndMeet(
  context: CliContext,
  plan: Plan,
  stateDirectory: string,
  accounts: Parameters<typeof meet>[2],
  options: Options,
): Promise<boolean> {
  const print = options.json !== true;
  const identities = new Identities(stateDirectory, plan);
  const proof = await prove(context, plan, identities, { print, sweep: false });
  const met = await meet(context, plan, accounts, { print, identities });
  if (!print) {
    context.print(JSON.stringify(toReport(proof, met.conversation), null, 2));
  }
  return proof.ok && met.ok;
}
