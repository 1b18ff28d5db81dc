import type { EngineService, ServiceCounters } from '../engine.ts';
import { identifierOf } from '../targets.ts';
import { isSession, type Tracked } from './conntrack.ts';
import { counterOf } from './rules.ts';

/** What the kernel counted, as seen at the last look, and what was heard since the engine started. */
export class Ledger {
  #connections: readonly Tracked[] = [];
  #counted: ReadonlyMap<string, number> = new Map();
  #bound: ReadonlyMap<string, ReadonlyMap<number, number>> = new Map();
  /** What the kernel's counters said when the engine started. */
  #begun: ReadonlyMap<string, number> = new Map();
  readonly #failed = new Tally();
  readonly #cut = new Tally();
  readonly #idle = new Tally();

  begin(counted: ReadonlyMap<string, number>): void {
    this.#begun = counted;
  }

  /** A look: all connections, counters, and the clients bound to each mark by VIP. */
  seen(
    connections: readonly Tracked[],
    counted: ReadonlyMap<string, number>,
    bound: ReadonlyMap<string, ReadonlyMap<number, number>>,
  ): void {
    this.#connections = connections;
    this.#counted = counted;
    this.#bound = bound;
  }

  get connections(): readonly Tracked[] {
    return this.#connections;
  }

  failed(service: string, host: string): void {
    this.#failed.add(`${service} ${host}`);
  }

  cut(service: string, host: string): void {
    this.#cut.add(`${service} ${host}`);
  }

  idle(service: string): void {
    this.#idle.add(service);
  }

  /** The counters of a service; `markOf` says which mark a member has. */
  of(service: EngineService, markOf: (host: string) => number): ServiceCounters {
    const { key, address, port } = service;
    const name = { name: identifierOf(key) };
    const open = new Map<number, number>();
    for (const one of this.#connections) {
      if (one.address !== address || one.port !== port || !isSession(one)) continue;
      open.set(one.mark, (open.get(one.mark) ?? 0) + 1);
    }
    return {
      key,
      members: service.members.map(({ host }) => {
        const mark = markOf(host);
        const failed = this.#failed.of(`${key} ${host}`);
        return {
          host,
          open: open.get(mark) ?? 0,
          total: Math.max(0, this.#since(counterOf.given(name, mark)) - failed),
          failed,
          cut: this.#cut.of(`${key} ${host}`),
        };
      }),
      refusals: {
        noMember: this.#since(counterOf.noMember(name)),
        perSource: this.#since(counterOf.perSource(name)),
        // The kernel waits for no first byte, and what it tracks is bounded by the machine.
        full: 0,
        silent: 0,
        exhausted: 0,
      },
      idle: this.#idle.of(key),
      bytes: undefined,
      affinity: service.affinity === 'source' ? this.#boundTo(service, markOf) : 0,
    };
  }

  #since(counter: string): number {
    return (this.#counted.get(counter) ?? 0) - (this.#begun.get(counter) ?? 0);
  }

  /** Clients bound to a member that drains move with their next connection: they are free. */
  #boundTo({ address, members }: EngineService, markOf: (host: string) => number): number {
    const bound = this.#bound.get(address);
    return members
      .filter(({ state }) => state !== 'draining')
      .reduce((sum, { host }) => sum + (bound?.get(markOf(host)) ?? 0), 0);
  }
}

class Tally {
  readonly #counts = new Map<string, number>();

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string): void {
    this.#counts.set(key, this.of(key) + 1);
  }
}
