import type { Clock, Dump } from '#base';
import type { Host } from '#topology';
import type { ControlRequest } from './control/protocol.ts';
import type { HostStatus } from './control/status.ts';
import { KeptFile } from './kept-file.ts';

/** The SIP side of a Director or Front End, as a drain needs it. */
export interface Drainable {
  /** Refuses new requests with 503 and Retry-After, the balancer's OPTIONS included, or takes them again. */
  refuseNew(refuse: boolean): void;
  /** Work in progress. */
  load(): { readonly unfinished: number; readonly connections: number };
}

/**
 * The drain an operator asked of a Director or Front End. It outlives the process: a host that was taken
 * out for maintenance stays out until somebody says otherwise.
 */
export class HostDrain {
  readonly #clock: Clock;
  readonly #file: KeptFile;
  #since: number | undefined;

  private constructor(clock: Clock, file: KeptFile, since: number | undefined) {
    this.#clock = clock;
    this.#file = file;
    this.#since = since;
  }

  /** @throws UsherError `USHER_KEPT_FILE` when what is kept is damaged */
  static async open(path: string, clock: Clock): Promise<HostDrain> {
    const file = new KeptFile(path);
    const kept = await file.read();
    if (kept === undefined) return new HostDrain(clock, file, undefined);
    if (typeof kept !== 'object' || kept === null || !('drainedSince' in kept)) {
      throw file.damaged('drainedSince is missing');
    }
    const { drainedSince } = kept;
    if (drainedSince === null) return new HostDrain(clock, file, undefined);
    if (typeof drainedSince === 'number') return new HostDrain(clock, file, drainedSince);
    throw file.damaged('drainedSince is no time');
  }

  get active(): boolean {
    return this.#since !== undefined;
  }

  /** Does what an operator asks and tells how the host is afterwards. */
  async control(request: ControlRequest, host: Host, role: Drainable): Promise<Dump> {
    if (request.verb !== 'status') {
      const drained = request.verb === 'drain';
      this.#since = drained ? (this.#since ?? this.#clock.now()) : undefined;
      role.refuseNew(drained);
      await this.#file.save({ drainedSince: this.#since ?? null });
    }
    return statusOf(host, role, this.#since);
  }
}

/** How this process of a host is; `since`: milliseconds since the epoch, of a drain an operator asked for. */
export function statusOf(
  host: Host,
  role: Pick<Drainable, 'load'>,
  since: number | undefined,
): HostStatus {
  return {
    host: host.fqdn,
    role: host.role,
    state: since === undefined ? 'up' : 'draining',
    since: since === undefined ? null : new Date(since).toISOString(),
    ...role.load(),
    workers: 1,
  };
}
