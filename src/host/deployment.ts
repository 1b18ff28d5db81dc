import { mkdirSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { systemClock, type Cancel, type Dump, type Lifecycle } from '#base';
import type { Plan } from '#ports';
import { hostsOf, runsUsher, type Host, type Role } from '#topology';
import { Child } from './child.ts';
import { countFall, restartDelay } from './restarts.ts';
import { workersFor } from './worker-pool.ts';

/**
 * The order in which hosts open their sockets: who is asked before who asks. Front Ends,
 * then the Directors that ask them for their health, then the balancer that probes the Directors,
 * then those who come in through it.
 */
const phases: readonly (readonly Role[])[] = [
  ['frontEnd'],
  ['director'],
  ['balancer'],
  ['edge', 'reverseProxy'],
];

export interface DeploymentOptions {
  readonly plan: Plan;
  /** Which of its hosts; default: all that are ours. */
  readonly hosts?: readonly Host[];
  readonly stateDirectory: string;
  /** Program each host runs; default: that of `Child`. */
  readonly program?: string;
  /** Processes of each host that may have several. Default 1. */
  readonly workers?: number;
  /** What runs the program of a host in its own network namespace; see `ChildOptions.within`. */
  readonly within?: (host: Host) => readonly string[];
  /** Called as hosts come, fall and come back; `detail` is English and fit for a person. */
  readonly progress: (host: Host, step: HostStep, detail?: string) => void;
}

export type HostStep = 'loading' | 'loaded' | 'started' | 'died' | 'restarted' | 'stopped';

/**
 * Every host of a topology on this machine, each as a process of its own; those of another make are
 * somebody else's to start.
 */
export class Deployment implements Lifecycle {
  readonly #options: DeploymentOptions;
  readonly #hosts: readonly Host[];
  readonly #children = new Map<string, Child>();
  /** The first load of each host. */
  readonly #loading = new Map<string, Promise<void>>();
  /** How often each host was put back up, for the status. */
  readonly #restarts = new Map<string, number>();
  /** How often each host has fallen of late, and when it was last started. */
  readonly #falls = new Map<string, number>();
  readonly #startedAt = new Map<string, number>();
  /** Hosts that have served once: only these are put back up. */
  readonly #serving = new Set<string>();
  readonly #timers = new Set<Cancel>();
  #closing = false;

  constructor(options: DeploymentOptions) {
    this.#options = options;
    this.#hosts = options.hosts ?? hostsOf(options.plan.topology).filter(runsUsher);
  }

  /**
   * Starts the process of every host. They load side by side, and none opens a socket; what keeps one from
   * loading, `start` tells. Called by `start` when nobody did before.
   */
  load(): void {
    // What this process compiled, the hosts need not compile again: a first start takes less.
    flushCompileCache();
    for (const host of this.#hosts) {
      const loading = this.#load(host);
      loading.catch(() => {});
      this.#loading.set(host.fqdn, loading);
    }
  }

  /** Has the hosts open their sockets, in dependency order. */
  async start(): Promise<void> {
    try {
      if (this.#loading.size === 0) this.load();
      // A host that cannot load ends the start at once, whichever phase it belongs to.
      const failed = new Promise<never>((_resolve, reject) => {
        Promise.all(this.#loading.values()).catch(reject);
      });
      for (const roles of phases) {
        const next = this.#hosts.filter((host) => roles.includes(host.role));
        const started = next.map(async (host) => {
          await this.#loading.get(host.fqdn);
          await this.#children.get(host.fqdn)?.start();
          this.#serving.add(host.fqdn);
          this.#options.progress(host, 'started');
        });
        await Promise.race([Promise.all(started), failed]);
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Drains in the reverse order of the start, so that nobody's next hop goes first. */
  async drain(deadline: number): Promise<void> {
    this.#closing = true;
    for (const roles of phases.toReversed()) {
      const next = this.#hosts.filter((host) => roles.includes(host.role));
      await Promise.all(
        next.map(async (host) => {
          await this.#children.get(host.fqdn)?.drain(deadline);
          await this.#children.get(host.fqdn)?.close();
          this.#options.progress(host, 'stopped');
        }),
      );
    }
    await this.close();
  }

  /**
   * Has every host read its certificates and revocation lists again. Resolves with the FQDNs of those
   * that keep the old ones, because the new ones were no good.
   */
  async reload(): Promise<readonly string[]> {
    const kept = [...this.#children].map(async ([fqdn, child]) =>
      (await child.reload()) ? [] : [fqdn],
    );
    return (await Promise.all(kept)).flat();
  }

  /** Lets go of every host: they stay when this process ends, and nobody puts them back up. */
  async release(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#children.values()].map((child) => child.release()));
    this.#children.clear();
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    await Promise.all([...this.#children.values()].map((child) => child.close()));
  }

  dump(): Dump {
    return this.#hosts.map((host) => ({
      host: host.fqdn,
      role: host.role,
      pid: this.#children.get(host.fqdn)?.pid ?? null,
      restarts: this.#restarts.get(host.fqdn) ?? 0,
    }));
  }

  /** Process ids of the running hosts, by FQDN. */
  pids(): ReadonlyMap<string, number> {
    const pids = new Map<string, number>();
    for (const [fqdn, child] of this.#children) {
      if (child.pid !== undefined) pids.set(fqdn, child.pid);
    }
    return pids;
  }

  async #load(host: Host): Promise<void> {
    const { plan, stateDirectory, program, workers = 1, within, progress } = this.#options;
    const { topology, portOffset } = plan;
    const logs = join(stateDirectory, 'run');
    mkdirSync(logs, { recursive: true, mode: 0o700 });
    this.#startedAt.set(host.fqdn, systemClock.now());
    const child = new Child({
      program,
      within: within?.(host),
      assignment: {
        kind: 'assignment',
        fqdn: host.fqdn,
        topology,
        portOffset,
        stateDirectory,
        workers: workersFor(host.role, workers),
      },
      logFile: join(logs, `${host.fqdn}.log`),
      died: (how) => this.#died(host, how),
    });
    this.#children.set(host.fqdn, child);
    progress(host, 'loading');
    await child.load();
    progress(host, 'loaded');
  }

  /** A host that falls is put back up, at once the first time, then ever more patiently. */
  #died(host: Host, how: string): void {
    // Before it served, its start has failed, and says so itself.
    if (this.#closing || !this.#serving.has(host.fqdn)) return;
    this.#options.progress(host, 'died', how);
    this.#restarts.set(host.fqdn, (this.#restarts.get(host.fqdn) ?? 0) + 1);
    const lasted = systemClock.now() - (this.#startedAt.get(host.fqdn) ?? 0);
    const falls = countFall(this.#falls.get(host.fqdn) ?? 0, lasted);
    this.#falls.set(host.fqdn, falls);
    const cancel = systemClock.after(restartDelay(falls), () => {
      this.#timers.delete(cancel);
      void this.#restart(host);
    });
    this.#timers.add(cancel);
  }

  async #restart(host: Host): Promise<void> {
    if (this.#closing) return;
    try {
      await this.#load(host);
      await this.#children.get(host.fqdn)?.start();
      this.#options.progress(host, 'restarted');
    } catch {
      // A host that cannot start has written why and ends: `died` hears of it, and tries again.
    }
  }
}
