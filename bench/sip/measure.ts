import type { Load } from '../load/driver.ts';
import type { Method } from '../load/requests.ts';
import type { Started } from '../machine/program.ts';
import { usageOf } from '../machine/proc.ts';
import { type Bed, domain, type Place, userCount } from './bed.ts';
import type { Drive } from './drivers.ts';

/** One of the Director's works. */
export interface Job {
  readonly name: string;
  readonly method: Method;
  /** Whose certificate the driver presents. */
  readonly as: 'load' | 'client';
  readonly password?: string;
  /** What every answer has to be. */
  readonly status: 200 | 301;
  /** How many times Kamailio's rate is asked for; undefined: no target. */
  readonly target?: number;
}

/** Connections, and requests outstanding on each. */
export const shapes = [
  { connections: 1, window: 64 },
  { connections: 8, window: 32 },
  { connections: 64, window: 8 },
] as const;

export type Shape = (typeof shapes)[number];

/** One run against one server. */
export interface Sample {
  readonly perSecond: number;
  /** CPU of the server and its workers, microseconds for each answered request. */
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
  /** Bytes resident after the run. */
  readonly memory: number;
}

/** Drives a server for some seconds; throws when it gives another answer than it should, or none. */
export async function sample(
  bed: Bed,
  drive: Drive,
  server: { readonly place: Place; readonly program: Started },
  job: Job,
  shape: Shape,
  seconds: number,
): Promise<Sample> {
  const load: Load = {
    address: server.place.address,
    port: server.place.port,
    files: bed.files(job.as),
    ...shape,
    method: job.method,
    users: userCount,
    domain,
    password: job.password,
    seconds,
  };
  const before = usageOf(server.program.pid);
  const result = await drive(load).catch((cause: unknown) => {
    const words = server.program.lastWords;
    throw new Error(`${job.name} at ${load.address}: the load broke off; its log ends:\n${words}`, {
      cause,
    });
  });
  const after = usageOf(server.program.pid);
  const right =
    (result.statuses[String(job.status)] ?? 0) +
    (result.statuses[`${(job.status / 100) | 0}xx`] ?? 0);
  if (right !== result.answered || result.unanswered > 0) {
    const got = JSON.stringify(result.statuses);
    throw new Error(
      `${job.name}: ${job.status} expected, got ${got}, ${result.unanswered} unanswered`,
    );
  }
  return {
    perSecond: result.perSecond,
    cpu: ((after.cpu - before.cpu) * 1e6) / Math.max(1, result.answered),
    p50: result.p50,
    p99: result.p99,
    memory: after.memory,
  };
}

/** The median of every number on its own. */
export function medianOf(samples: readonly Sample[]): Sample {
  const of = (number: (one: Sample) => number): number =>
    samples.map(number).toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0;
  return {
    perSecond: of((one) => one.perSecond),
    cpu: of((one) => one.cpu),
    p50: of((one) => one.p50),
    p99: of((one) => one.p99),
    memory: of((one) => one.memory),
  };
}
