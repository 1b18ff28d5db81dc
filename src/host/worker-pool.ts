import { systemClock, type Cancel, type Dump } from '#base';
import type { Host, Role, Topology } from '#topology';
import { Child } from './child.ts';
import { controlPath, type ControlAnswer, type ControlRequest } from './control/protocol.ts';
import { ControlServer } from './control/server.ts';
import { combine } from './control/status.ts';
import type { Logger } from './log.ts';
import { countFall, restartDelay } from './restarts.ts';
import type { Loadable } from './supervised.ts';

/** Roles whose processes reach each other's connections; the others keep their sessions to themselves. */
const spread: ReadonlySet<Role> = new Set(['director', 'frontEnd', 'edge']);

/** How many processes serve one host of a role when so many are wanted (decision 0016). */
export function workersFor(role: Role, wanted: number): number {
  return spread.has(role) ? Math.max(1, wanted) : 1;
}

export interface WorkerPoolOptions {
  readonly host: Host;
  /** Program each worker runs; default: that of `Child`. */
  readonly program?: string;
  readonly topology: Topology;
  readonly stateDirectory: string;
  readonly portOffset: number;
  readonly count: number;
  /** Called when a worker falls; it is replaced by itself. */
  readonly died: (worker: number, how: string) => void;
  /** Called when its replacement serves. */
  readonly back: (worker: number) => void;
}

/** What the log of a host says of its workers. */
export function replacedWorkers(log: Logger): Pick<WorkerPoolOptions, 'died' | 'back'> {
  return {
    died: (worker, how) => log.error({ worker, how }, 'a worker fell and is replaced'),
    back: (worker) => log.info({ worker }, 'a worker is back'),
  };
}

/** One worker, and how often it has fallen of late. */
interface Slot {
  child: Child;
  falls: number;
  startedAt: number;
}

/**
 * Several processes that serve the same host on the same sockets (SO_REUSEPORT): the kernel hands each
 * new connection to one of them, and they reach each other's over the mesh. What they write goes to our
 * standard output and error.
 */
export class WorkerPool implements Loadable {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Map<number, Slot>();
  readonly #timers = new Set<Cancel>();
  readonly #socket: ControlServer;
  #closing = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    const path = controlPath(options.stateDirectory, options.host.fqdn);
    this.#socket = new ControlServer(path, (request) => this.control(request));
  }

  /** Starts the processes; none opens its sockets yet. Called by `start` when nobody did before. */
  async load(): Promise<void> {
    try {
      const indexes = Array.from({ length: this.#options.count }, (_, index) => index);
      const children = indexes.map((index) => this.#newWorker(index, 0));
      await Promise.all(children.map((child) => child.load()));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** All have to be loaded before one opens its sockets: its first request may be for another's client. */
  async start(): Promise<void> {
    if (this.#workers.size === 0) await this.load();
    try {
      await Promise.all(this.#children().map((child) => child.start()));
      await this.#socket.start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async reload(): Promise<boolean> {
    const done = await Promise.all(this.#children().map((child) => child.reload()));
    return done.every((ok) => ok);
  }

  /** Every worker is asked; they answer as one. */
  async control(request: ControlRequest): Promise<ControlAnswer> {
    return combine(await Promise.all(this.#children().map((child) => child.control(request))));
  }

  /** All are drained before one is closed: a worker without work of its own may have the connections of others'. */
  async drain(deadline: number): Promise<void> {
    this.#stopReplacing();
    await Promise.all(this.#children().map((child) => child.drain(deadline)));
  }

  async close(): Promise<void> {
    this.#stopReplacing();
    await this.#socket.close();
    await Promise.all(this.#children().map((child) => child.close()));
  }

  dump(): Dump {
    return [...this.#workers].map(([index, { child, falls }]) => {
      return { index, pid: child.pid ?? null, falls };
    });
  }

  /** Process ids of the running workers. */
  get pids(): ReadonlyMap<number, number> {
    const pids = new Map<number, number>();
    for (const [index, { child }] of this.#workers) {
      if (child.pid !== undefined) pids.set(index, child.pid);
    }
    return pids;
  }

  #children(): readonly Child[] {
    return [...this.#workers.values()].map(({ child }) => child);
  }

  #stopReplacing(): void {
    this.#closing = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  #newWorker(index: number, falls: number): Child {
    const { host, program, topology, stateDirectory, portOffset, count } = this.#options;
    const child = new Child({
      program,
      assignment: {
        kind: 'assignment',
        fqdn: host.fqdn,
        topology,
        portOffset,
        stateDirectory,
        workers: count,
        worker: index,
      },
      died: (how) => this.#died(index, how),
    });
    this.#workers.set(index, { child, falls, startedAt: systemClock.now() });
    return child;
  }

  /** A worker that falls is replaced, at once the first time, then ever more patiently. */
  #died(index: number, how: string): void {
    if (this.#closing) return;
    this.#options.died(index, how);
    const slot = this.#workers.get(index);
    const falls = countFall(slot?.falls ?? 0, systemClock.now() - (slot?.startedAt ?? 0));
    const cancel = systemClock.after(restartDelay(falls), () => {
      this.#timers.delete(cancel);
      void this.#replace(index, falls);
    });
    this.#timers.add(cancel);
  }

  async #replace(index: number, falls: number): Promise<void> {
    try {
      const child = this.#newWorker(index, falls);
      await child.load();
      await child.start();
      this.#options.back(index);
    } catch {
      // A worker that cannot start has written why and ends: `died` hears of it, and tries again.
    }
  }
}
