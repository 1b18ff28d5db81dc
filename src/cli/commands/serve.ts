import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { UsherError } from '#base';
import {
  drainDeadline,
  hostLog,
  HostRuntime,
  replacedWorkers,
  WorkerPool,
  workersFor,
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
}

/** `usher serve HOST [TOPOLOGY]` */
export const serve: CommandFactory = (context) => {
  const text = texts(context.language);
  return new Command('serve')
    .description(text.description)
    .argument('<host>', text.host)
    .argument('[topology]', text.topology)
    .option('--port-offset <n>', text.portOffset)
    .option('--workers <n>', text.workers)
    .addHelpText('after', text.examples)
    .action((host: string, file: string | undefined, options: Options) =>
      run(context, host, file ?? defaultTopology({ orContoso: false }), options),
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
  const log = hostLog(host);
  const obstacles = await findObstacles(plan, [host]);
  if (obstacles.length > 0) throw obstacleError(obstacles, context.language, process.platform);
  if (options.workers !== undefined && workers < wanted) {
    log.warn({ role: host.role }, 'this role keeps state in memory: --workers is not used');
  }
  const service: Served =
    workers > 1
      ? new WorkerPool({
          host,
          topology: plan.topology,
          portOffset,
          stateDirectory,
          count: workers,
          ...replacedWorkers(log),
        })
      : new HostRuntime({ plan, host, stateDirectory, log, worker: 0 });
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
