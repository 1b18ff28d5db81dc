import type { Plan } from '#ports';
import { networkOf, namespaceOf } from './plan/index.ts';
import { namespacesHere, processesIn } from './processes.ts';
import type { LabRecord } from './record.ts';

/** One namespace of a lab. */
export interface StationStatus {
  /** FQDN of a host, `gateway`, `perimeter`, or a network of clients. */
  readonly name: string;
  readonly namespace: string;
  readonly addresses: readonly string[];
  /** False when somebody has removed the namespace. */
  readonly there: boolean;
  /** Ids of the processes in it. */
  readonly processes: readonly number[];
  /** True for a host Usher runs on, and that has no process now. */
  readonly fallen: boolean;
}

/** The namespaces of a lab and what runs in them. */
export async function labStatus(
  { name }: LabRecord,
  plan: Plan,
): Promise<readonly StationStatus[]> {
  const { stations } = networkOf(plan);
  const routers = ['gateway', 'perimeter'].map((router) => ({ name: router, ports: [] }));
  const all = [...stations, ...routers];
  const here = await namespacesHere();
  const running = await processesIn(all.map((station) => namespaceOf(name, station.name)));
  return all.map((station) => {
    const namespace = namespaceOf(name, station.name);
    const processes = running.get(namespace) ?? [];
    const serves = 'host' in station && station.host?.software === undefined;
    return {
      name: station.name,
      namespace,
      addresses: station.ports.flatMap(({ addresses }) => addresses),
      there: here.has(namespace),
      processes,
      fallen: serves && station.host !== undefined && processes.length === 0,
    };
  });
}
