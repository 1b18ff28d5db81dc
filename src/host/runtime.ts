import { createSecureContext } from 'node:tls';
import {
  alone,
  closeAll,
  messageOf,
  newProcessName,
  startAll,
  systemClock,
  type Clock,
  type Dump,
  type Lifecycle,
  UsherError,
} from '#base';
import { LogAgent, recorderShare } from '#logging';
import type { Plan } from '#ports';
import type { Host } from '#topology';
import {
  loadCredentials,
  readPoolSecret,
  serverTls,
  type Credentials,
  type Reloadable,
} from '#trust';
import { answerOf, controlPath } from './control/protocol.ts';
import type { ControlAnswer, ControlRequest } from './control/protocol.ts';
import { ControlServer } from './control/server.ts';
import type { Logger } from './log.ts';
import { logEvents } from './log-events.ts';
import { Mesh } from './mesh.ts';
import { partsOf, type Parts } from './parts.ts';
import { StallWatch } from './stall-watch.ts';
import type { Served } from './supervised.ts';

export interface HostRuntimeOptions {
  readonly plan: Plan;
  readonly host: Host;
  readonly stateDirectory: string;
  readonly log: Logger;
  /** Which of several processes of the host this is; the log agent runs in the first, 0. */
  readonly worker: number;
  /** How many processes the host has; above 1 they share its sockets. Default 1. */
  readonly workers?: number;
  readonly clock?: Clock;
}

/** Everything the topology puts on one host, in this process. */
export class HostRuntime implements Served {
  readonly #options: HostRuntimeOptions;
  #parts: Parts | undefined;
  #owned: readonly Lifecycle[] = [];
  #trusting: readonly Reloadable[] = [];
  #stopLogging: () => void = () => {};
  #state: 'up' | 'draining' = 'up';

  constructor(options: HostRuntimeOptions) {
    this.#options = options;
  }

  /**
   * Reads certificates and secret and builds the parts; opens no socket but that for the other processes
   * of the host. Called by `start` when nobody did before.
   *
   * @throws UsherError when the state directory lacks something the host cannot do without
   */
  async load(): Promise<void> {
    const { plan, host, stateDirectory, log, worker, workers = 1 } = this.#options;
    const clock = this.#options.clock ?? systemClock;
    const credentials = await this.#read();
    const secret = await readPoolSecret(stateDirectory);
    const state = (): 'up' | 'draining' => this.#state;
    const sharePorts = workers > 1;
    const name = newProcessName();
    const mesh = sharePorts
      ? new Mesh({ host: host.fqdn, stateDirectory, name, worker, workers, clock })
      : undefined;
    const siblings = mesh ?? alone(clock);
    const ours = { clock, secret, stateDirectory, state, sharePorts, siblings };
    const shared = { plan, host, credentials, ...ours };
    const parts = await partsOf(shared);
    this.#parts = parts;
    const stops = [logEvents(log), parts.observe(log)];
    this.#stopLogging = () => {
      for (const stop of stops) stop();
    };
    const watch = new StallWatch({
      clock,
      stalled: (stall) => log.warn({ ...stall }, 'the event loop stalled'),
    });
    const agent = new LogAgent({
      ...shared,
      details: () => parts.role.dump(),
      eventLoop: () => watch.dump(),
      listen: worker === 0,
      limits: { recorder: recorderShare(workers) },
    });
    this.#owned = [watch, ...(mesh === undefined ? [] : [mesh]), agent, ...parts.all];
    if (mesh === undefined) {
      // Of several processes their first one has the socket, and asks us (`WorkerPool`).
      const path = controlPath(stateDirectory, host.fqdn);
      this.#owned = [...this.#owned, new ControlServer(path, (request) => this.control(request))];
    }
    this.#trusting = [agent, ...parts.trusting];
    if (parts.chain.length > 0) log.info({ chain: parts.chain }, parts.chain.join(' → '));
    await mesh?.open();
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

  /**
   * Reads certificate, key, CA and revocation lists again. New connections go by them; open ones stay,
   * except those of peers that are revoked by now. Files that cannot be used change nothing.
   *
   * @returns false when the old ones stay in use; the log has the reason
   */
  async reload(): Promise<boolean> {
    const { log } = this.#options;
    try {
      const credentials = await this.#read();
      let dropped = 0;
      for (const part of this.#trusting) dropped += part.reload(credentials).dropped;
      log.info({ dropped }, 'certificates and revocation lists read again');
      return true;
    } catch (error) {
      const known = error instanceof UsherError ? { code: error.code, remedy: error.remedy } : {};
      log.error(known, `the certificates of before stay in use: ${messageOf(error)}`);
      return false;
    }
  }

  control(request: ControlRequest): Promise<ControlAnswer> {
    const { host, log } = this.#options;
    return answerOf(async () => {
      if (request.verb !== 'status') log.info({ ...request }, 'asked by an operator');
      if (this.#parts !== undefined) return await this.#parts.control(request);
      throw new UsherError('USHER_HOST_NOT_RUNNING', `${host.fqdn} has not started yet`, {
        remedy: 'Ask again in a moment.',
        exitStatus: 1,
      });
    });
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

  async #read(): Promise<Credentials> {
    const { plan, host, stateDirectory, log } = this.#options;
    const credentials = await loadCredentials(stateDirectory, plan.topology, host.fqdn);
    for (const { code, message, remedy } of credentials.findings ?? []) {
      log.warn({ code, remedy }, message);
    }
    // What OpenSSL will not take has to show before the first part goes by it.
    createSecureContext(serverTls(credentials, 'MTLS'));
    return credentials;
  }
}
