import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { UsherError } from '#base';
import {
  hostLog,
  HostRuntime,
  isSupervised,
  runSupervised,
  WorkerPool,
  workersFor,
  type Logger,
  type Served,
} from '#host';
import { findObstacles, obstacleError } from '#proof';
import { findHost, hostsOf, runsUsher } from '#topology';
import type { CliContext, CommandFactory } from '../context.ts';
import { onHangUp } from '../hang-up.ts';
import { texts } from '../messages/serve.ts';
import { defaultTopology, readPlan, readPortOffset } from '../plan-file.ts';
import { readWorkers } from '../workers.ts';

interface Options {
  readonly portOffset?: string;
  readonly workers?: string;
  readonly worker?: string;
}

/** How long a host under systemd may take to end its transactions, in milliseconds. */
const drainDeadline = 30_000;

/** `usher serve HOST [TOPOLOGY]` */
export const serve: CommandFactory = (context) => {
  const text = texts(context.language);
  return (
    new Command('serve')
      .description(text.description)
      .argument('<host>', text.host)
      .argument('[topology]', text.topology)
      .option('--port-offset <n>', text.portOffset)
      .option('--workers <n>', text.workers)
      // What the first process tells those it starts; nobody types it.
      .addOption(new Option('--worker <index>').hideHelp())
      .addHelpText('after', text.examples)
      .action((host: string, file: string | undefined, options: Options) =>
        run(context, host, file ?? defaultTopology({ orContoso: false }), options),
      )
  );
};

async function run(
  context: CliContext,
  fqdn: string,
  topologyFile: string,
  options: Options,
): Promise<void> {
  const text = texts(context.language);
  const portOffset = readPortOffset(context, options.portOffset);
  const plan = readPlan(context, topologyFile, portOffset);
  const host = findHost(plan.topology, fqdn.toLowerCase());
  if (host === undefined) {
    const known = hostsOf(plan.topology).map((each) => each.fqdn);
    throw new UsherError('USHER_UNKNOWN_HOST', text.unknownHost(fqdn), {
      remedy: `${text.knownHosts}: ${known.join(', ')}`,
    });
  }
  if (!runsUsher(host)) {
    throw new UsherError('USHER_OTHER_SOFTWARE', text.otherSoftware(host.fqdn), {
      remedy: text.otherSoftwareRemedy,
    });
  }
  const stateDirectory = context.state ?? '/var/lib/usher';
  const wanted = readWorkers(context, options.workers, availableParallelism());
  const workers = workersFor(host.role, wanted);
  const ours = { host, topologyFile, stateDirectory, portOffset, count: workers };
  const pool = (log: Logger): WorkerPool =>
    new WorkerPool({
      ...ours,
      died: (index, how) => log.error({ worker: index, how }, 'a worker fell and is replaced'),
      back: (index) => log.info({ worker: index }, 'a worker is back'),
    });
  if (isSupervised()) {
    // A supervisor starts the host; what the host starts has a number.
    const worker = readWorkers(context, options.worker, 0, 'worker');
    const log = hostLog(host, options.worker === undefined ? undefined : worker);
    const runtime = { plan, host, stateDirectory, log, worker, workers };
    const spread = options.worker === undefined && workers > 1;
    await runSupervised(spread ? pool(log) : new HostRuntime(runtime), drainDeadline, log);
    return;
  }
  const log = hostLog(host);
  const obstacles = await findObstacles(plan, [host]);
  if (obstacles.length > 0) throw obstacleError(obstacles, context.language, process.platform);
  if (options.workers !== undefined && workers < wanted) {
    log.warn({ role: host.role }, 'this role keeps state in memory: --workers is not used');
  }
  const service: Served =
    workers > 1 ? pool(log) : new HostRuntime({ plan, host, stateDirectory, log, worker: 0 });
  const stopListening = onHangUp(() => void service.reload());
  await service.start();
  log.info({ workers }, 'serving');
  await interruption(context.interrupted);
  log.info('draining');
  await service.drain(drainDeadline);
  await service.close();
  stopListening();
  log.info('stopped');
}

function interruption(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  // A timer keeps the process alive: a host whose sockets are all in workers has no handle left.
  const alive = setInterval(() => {}, 60_000);
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(() => clearInterval(alive));
}
