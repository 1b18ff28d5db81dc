import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, type Dump, type Lifecycle } from '#base';
import type { Host, Role } from '#topology';
import { Child } from './child.ts';

/**
 * How many processes may serve one host of a role. A Director keeps nothing between two requests
 * that a sibling could not verify, so it takes as many as there are cores. Front End, Edge,
 * balancer and reverse proxy hold bindings, flows or affinity in memory and run as one process.
 */
export function workersFor(role: Role, cores: number): number {
  return role === 'director' ? Math.max(1, cores) : 1;
}

export interface WorkerPoolOptions {
  readonly host: Host;
  readonly topologyFile: string;
  readonly stateDirectory: string;
  readonly portOffset: number;
  readonly count: number;
  /** Called when a worker falls; it is replaced by itself. */
  readonly died: (worker: number, how: string) => void;
}

/** Several processes that serve the same host on the same sockets (SO_REUSEPORT). */
export class WorkerPool implements Lifecycle {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Map<number, Child>();
  #closing = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    try {
      const indexes = Array.from({ length: this.#options.count }, (_, index) => index);
      await Promise.all(indexes.map((index) => this.#startWorker(index)));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async drain(deadline: number): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#workers.values()].map((worker) => worker.drain(deadline)));
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
  }

  dump(): Dump {
    return [...this.#workers].map(([index, worker]) => ({ index, pid: worker.pid ?? null }));
  }

  async #startWorker(index: number): Promise<void> {
    const { host, topologyFile, stateDirectory, portOffset, died } = this.#options;
    const run = join(stateDirectory, 'run');
    mkdirSync(run, { recursive: true, mode: 0o700 });
    const worker = new Child({
      args: [
        'serve',
        host.fqdn,
        topologyFile,
        '--state',
        stateDirectory,
        '--port-offset',
        String(portOffset),
        '--workers',
        '1',
        '--worker',
        String(index),
      ],
      logFile: join(run, `${host.fqdn}.${index}.log`),
      died: (how) => {
        died(index, how);
        if (this.#closing) return;
        systemClock.after(1000, () => {
          // A worker that cannot start again has died again and comes back here.
          if (!this.#closing) this.#startWorker(index).catch(() => {});
        });
      },
    });
    this.#workers.set(index, worker);
    await worker.load();
    await worker.start();
  }
}
