import type { EngineService, ServiceCounters } from '../engine.ts';
import { tableOf } from '../exports/haproxy.ts';
import { identifierOf } from '../targets.ts';
import type { Line } from './status.ts';

/** What HAProxy's workers counted, the ended ones included, and what was heard of them. */
export class Ledger {
  /** The last lines of every worker there was, by process. */
  readonly #lines = new Map<number, readonly Line[]>();
  readonly #cut = new Map<string, number>();
  readonly #idle = new Map<string, number>();
  #alive: ReadonlySet<number> = new Set();
  #bound: ReadonlyMap<string, number> = new Map();

  /** A look at all workers that live, and at the entries of the tables. */
  seen(workers: ReadonlyMap<number, readonly Line[]>, bound: ReadonlyMap<string, number>): void {
    for (const [pid, lines] of workers) this.#lines.set(pid, lines);
    this.#alive = new Set(workers.keys());
    this.#bound = bound;
  }

  /** Sessions that were cut on a server. */
  cut(service: string, host: string, count: number): void {
    const key = `${service} ${host}`;
    this.#cut.set(key, (this.#cut.get(key) ?? 0) + count);
  }

  /** A session of a service (by its identifier) ended because nothing moved. */
  idle(service: string): void {
    this.#idle.set(service, (this.#idle.get(service) ?? 0) + 1);
  }

  /** Sessions a server has now. */
  open(key: string, host: string): number {
    return this.#sum(identifierOf(key), host, ({ open }) => open, this.#alive);
  }

  /** Attempts a server did not take, since the start. */
  troubles(key: string, host: string): number {
    return this.#sum(identifierOf(key), host, ({ troubles }) => troubles);
  }

  of({ key, address, affinity, members }: EngineService): ServiceCounters {
    const name = identifierOf(key);
    const front = (what: (line: Line) => number): number => this.#sum(name, 'FRONTEND', what);
    return {
      key,
      members: members.map(({ host }) => ({
        host,
        open: this.open(key, host),
        total: this.#sum(name, host, ({ total }) => total),
        failed: this.troubles(key, host),
        cut: this.#cut.get(`${key} ${host}`) ?? 0,
      })),
      // HAProxy waits for no first byte; its `maxconn` lets clients wait.
      refusals: {
        noMember: front(({ denied }) => denied),
        perSource: 0,
        full: 0,
        silent: 0,
        exhausted: 0,
      },
      idle: this.#idle.get(name) ?? 0,
      bytes: {
        toMembers: front(({ bytesIn }) => bytesIn),
        toClients: front(({ bytesOut }) => bytesOut),
      },
      affinity: affinity === 'source' ? (this.#bound.get(tableOf({ address })) ?? 0) : 0,
    };
  }

  #sum(
    service: string,
    server: string,
    what: (line: Line) => number,
    workers: Iterable<number> = this.#lines.keys(),
  ): number {
    let sum = 0;
    for (const pid of workers) {
      const line = this.#lines
        .get(pid)
        ?.find((one) => one.service === service && one.server === server);
      if (line !== undefined) sum += what(line);
    }
    return sum;
  }
}
