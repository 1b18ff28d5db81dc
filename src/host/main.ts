import { makePlan } from '#ports';
import { findHost } from '#topology';
import { hostLog } from './log.ts';
import { isAssignment, type Assignment } from './protocol.ts';
import { HostRuntime } from './runtime.ts';
import { drainDeadline, runSupervised } from './supervised.ts';
import { replacedWorkers, WorkerPool } from './worker-pool.ts';

// The program of a host process: `Child` starts it and tells it what to be. Many start at once on one machine,
// so it loads nothing a host does not need: no command line, and nothing that reads files of people.

async function run(assignment: Assignment): Promise<void> {
  const { fqdn, topology, portOffset, stateDirectory, workers, worker } = assignment;
  const host = findHost(topology, fqdn);
  if (host === undefined) throw new Error(`${fqdn} is not in its topology.`);
  const log = hostLog(host, worker);
  const ours =
    worker === undefined && workers > 1
      ? new WorkerPool({
          host,
          topology,
          portOffset,
          stateDirectory,
          count: workers,
          ...replacedWorkers(log),
        })
      : new HostRuntime({
          plan: makePlan(topology, { portOffset }),
          host,
          stateDirectory,
          log,
          worker: worker ?? 0,
          workers,
        });
  await runSupervised(ours, drainDeadline, log);
}

process.once('message', (message) => {
  // Anything else is no supervisor of this version: without work the process ends.
  if (isAssignment(message)) void run(message);
});
