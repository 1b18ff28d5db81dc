import { closeAll, startAll, systemClock, type Clock, type Dump, type Lifecycle } from '#base';
import { LogAgent } from '#logging';
import type { Plan } from '#ports';
import type { Host } from '#topology';
import { loadCredentials, poolSecret } from '#trust';
import type { Logger } from './log.ts';
import { logEvents } from './log-events.ts';
import { partsOf, type Parts } from './parts.ts';

export interface HostRuntimeOptions {
  readonly plan: Plan;
  readonly host: Host;
  readonly stateDirectory: string;
  readonly log: Logger;
  /** Which of several processes of the host this is; the log agent runs in the first, 0. */
  readonly worker: number;
  readonly clock?: Clock;
}

/** Everything the topology puts on one host, in this process. */
export class HostRuntime implements Lifecycle {
  readonly #options: HostRuntimeOptions;
  #parts: Parts | undefined;
  #owned: readonly Lifecycle[] = [];
  #stopLogging: () => void = () => {};
  #state: 'up' | 'draining' = 'up';

  constructor(options: HostRuntimeOptions) {
    this.#options = options;
  }

  /**
   * Reads certificates and secret and builds the parts; opens no socket. Called by `start` when
   * nobody did before.
   *
   * @throws UsherError when the state directory lacks something the host cannot do without
   */
  async load(): Promise<void> {
    const { plan, host, stateDirectory, log, worker } = this.#options;
    const clock = this.#options.clock ?? systemClock;
    const credentials = await loadCredentials(stateDirectory, plan.topology, host.fqdn);
    for (const { code, message, remedy } of credentials.findings ?? []) {
      log.warn({ code, remedy }, message);
    }
    const secret = await poolSecret(stateDirectory);
    const state = (): 'up' | 'draining' => this.#state;
    const shared = { plan, host, credentials, clock, secret, stateDirectory, state };
    const parts = await partsOf(shared);
    this.#parts = parts;
    const stops = [logEvents(log), parts.observe(log)];
    this.#stopLogging = () => {
      for (const stop of stops) stop();
    };
    const agent = new LogAgent({ ...shared, details: () => parts.role.dump(), listen: worker === 0 });
    this.#owned = [agent, ...parts.all];
    if (parts.chain.length > 0) log.info({ chain: parts.chain }, parts.chain.join(' → '));
  }

  async start(): Promise<void> {
    if (this.#parts === undefined) await this.load();
    try {
      await startAll(this.#owned);
    } catch (error) {
      this.#stopLogging();
      throw error;
    }
  }

  async drain(deadline: number): Promise<void> {
    this.#state = 'draining';
    await Promise.all(this.#owned.map((part) => part.drain(deadline)));
  }

  async close(): Promise<void> {
    await closeAll(this.#owned);
    this.#owned = [];
    this.#stopLogging();
  }

  dump(): Dump {
    return this.#parts?.role.dump() ?? {};
  }
}
