import type { MemberCounters, Refusals, ServiceCounters } from '../engine.ts';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What one service has counted since its engine started. */
export class ServiceCount {
  readonly refusals: Writable<Refusals> = {
    noMember: 0,
    full: 0,
    perSource: 0,
    silent: 0,
    exhausted: 0,
  };
  readonly bytes = { toMembers: 0, toClients: 0 };
  idle = 0;
  readonly #members = new Map<string, Writable<MemberCounters>>();

  /** The counters of a member, made when it is first asked for. */
  member(host: string): Writable<MemberCounters> {
    let counters = this.#members.get(host);
    if (counters === undefined) {
      counters = { host, open: 0, total: 0, failed: 0, cut: 0 };
      this.#members.set(host, counters);
    }
    return counters;
  }

  /** A copy that no longer changes; `hosts` fixes which members appear, in which order. */
  snapshot(key: string, hosts: readonly string[], affinity: number): ServiceCounters {
    return {
      key,
      members: hosts.map((host) => ({ ...this.member(host) })),
      refusals: { ...this.refusals },
      idle: this.idle,
      bytes: { ...this.bytes },
      affinity,
    };
  }
}

/** How many connections each client address holds; an address with none is forgotten. */
export class SourceCount {
  readonly #open = new Map<string, number>();

  of(source: string): number {
    return this.#open.get(source) ?? 0;
  }

  add(source: string): void {
    this.#open.set(source, this.of(source) + 1);
  }

  remove(source: string): void {
    const left = this.of(source) - 1;
    if (left > 0) this.#open.set(source, left);
    else this.#open.delete(source);
  }
}
