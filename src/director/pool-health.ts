import { messageOf } from '#base';
import type { Cancel, Clock, Dump, Lifecycle } from '#base';
import { runsUsher } from '#topology';
import type { Host } from '#topology';

/** What is known about the members of the home pools. */
export interface PoolHealth {
  /** False only for a member known to be dead or leaving. */
  alive(fqdn: string): boolean;
  /** Passive evidence: a connection or a transaction towards this member failed. */
  failed(fqdn: string, reason: string): void;
}

/** Asks one member of a home pool whether it takes users; resolves false or rejects when it does not. */
export interface HomePoolProbe {
  probe(member: Host): Promise<boolean>;
}

/** Members not known to be dead first; the order is otherwise kept. */
export function livingFirst<Item>(
  items: readonly Item[],
  alive: (item: Item) => boolean,
): readonly Item[] {
  if (items.every(alive)) return items;
  return [...items.filter((item) => alive(item)), ...items.filter((item) => !alive(item))];
}

interface MemberState {
  readonly host: Host;
  state: 'unknown' | 'up' | 'down';
  since: number;
  reason: string;
  nextProbe: number | undefined;
  cancel: Cancel | undefined;
}

/**
 * Health of every home pool member, published as a small state machine: a failure counts at once, a
 * member is up again when a probe succeeds. Without a probe, and for members of another make, who have
 * nothing to ask, a failure is forgotten after ten intervals, so that the member is tried again.
 */
export class HomePoolHealth implements PoolHealth, Lifecycle {
  readonly #members: ReadonlyMap<string, MemberState>;
  readonly #probe: HomePoolProbe | undefined;
  readonly #interval: number;
  readonly #clock: Clock;
  #running = false;

  /** `interval` in milliseconds. */
  constructor(options: {
    members: readonly Host[];
    probe: HomePoolProbe | undefined;
    interval: number;
    clock: Clock;
  }) {
    const now = options.clock.now();
    this.#members = new Map(
      options.members.map((host) => [
        host.fqdn,
        {
          host,
          state: 'unknown',
          since: now,
          reason: 'not asked yet',
          nextProbe: undefined,
          cancel: undefined,
        },
      ]),
    );
    this.#probe = options.probe;
    this.#interval = options.interval;
    this.#clock = options.clock;
  }

  alive(fqdn: string): boolean {
    return this.#members.get(fqdn)?.state !== 'down';
  }

  failed(fqdn: string, reason: string): void {
    const member = this.#members.get(fqdn);
    if (member === undefined) return;
    this.#become(member, 'down', reason);
    if (this.#probeOf(member) === undefined && this.#running) {
      this.#later(member, 10 * this.#interval, () => {
        this.#become(member, 'unknown', 'due for another attempt');
      });
    }
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (const member of this.#members.values()) {
      const probe = this.#probeOf(member);
      if (probe !== undefined) this.#ask(member, probe);
    }
  }

  async drain(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    this.#running = false;
    for (const member of this.#members.values()) {
      member.cancel?.();
      member.cancel = undefined;
      member.nextProbe = undefined;
    }
  }

  dump(): Dump {
    return [...this.#members.values()].map((member) => ({
      member: member.host.fqdn,
      state: member.state,
      since: new Date(member.since).toISOString(),
      reason: member.reason,
      nextProbe: member.nextProbe === undefined ? null : new Date(member.nextProbe).toISOString(),
    }));
  }

  #probeOf({ host }: MemberState): HomePoolProbe | undefined {
    return runsUsher(host) ? this.#probe : undefined;
  }

  #ask(member: MemberState, probe: HomePoolProbe): void {
    const due = this.#clock.now() + this.#interval;
    let answered = false;
    // A probe that never settles counts as dead after one interval; the next round starts when it settles.
    this.#later(member, this.#interval, () => {
      if (!answered) this.#become(member, 'down', 'no answer to the health probe');
    });
    const settle = (state: 'up' | 'down', reason: string): void => {
      answered = true;
      if (!this.#running) return;
      this.#become(member, state, reason);
      this.#later(member, Math.max(0, due - this.#clock.now()), () => this.#ask(member, probe));
    };
    probe.probe(member.host).then(
      (takesUsers) =>
        settle(
          takesUsers ? 'up' : 'down',
          takesUsers ? 'answered the health probe' : 'answered that it takes no users',
        ),
      (error: unknown) => settle('down', messageOf(error)),
    );
  }

  #become(member: MemberState, state: MemberState['state'], reason: string): void {
    if (member.state !== state) member.since = this.#clock.now();
    member.state = state;
    member.reason = reason;
  }

  #later(member: MemberState, milliseconds: number, run: () => void): void {
    member.cancel?.();
    member.nextProbe = this.#clock.now() + milliseconds;
    member.cancel = this.#clock.after(milliseconds, run);
  }
}
