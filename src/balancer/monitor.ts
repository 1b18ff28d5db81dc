import type { Cancel, Clock } from '#base';
import {
  eagerProbes,
  eagerShare,
  jitterFloor,
  probeTimeoutLimit,
  probeTimeoutShare,
} from './constants.ts';
import {
  type FailureCause,
  type HealthEvent,
  type MemberHealth,
  type ProbeOutcome,
  step,
} from './policy/health.ts';
import { type Prober, ProbeTimeout } from './probes/prober.ts';
import type { ProbeTarget } from './targets.ts';

/** What a monitor works with. */
export interface MonitorOptions {
  readonly targets: readonly ProbeTarget[];
  readonly prober: Prober;
  readonly clock: Clock;
  /** At least 0, below 1; spreads the probes. */
  readonly random: () => number;
  /** Milliseconds between the starts of two probes of one target. */
  readonly interval: number;
  /** The health a target begins with. */
  initial(target: ProbeTarget): MemberHealth;
  /** Called after each change of a published state or its confirmation, in their order. */
  changed(target: ProbeTarget, before: MemberHealth, after: MemberHealth): void;
}

/** A target under watch. */
interface Watch {
  readonly target: ProbeTarget;
  health: MemberHealth;
  /** Stops the probe or the wait for it. */
  stop: Cancel;
  /** Settles when the last probe has ended. */
  ended: Promise<void>;
  probing: boolean;
  /** Probes so far. */
  probes: number;
  lastStart: number;
}

/** Feeds the health machines: probes in their intervals, signals from the data path, drains. */
export class HealthMonitor {
  readonly #options: MonitorOptions;
  readonly #watches: ReadonlyMap<string, Watch>;
  readonly #followers: ReadonlyMap<string, readonly Watch[]>;
  #closed = false;

  constructor(options: MonitorOptions) {
    this.#options = options;
    const watches = options.targets.map((target): Watch => ({
      target,
      health: options.initial(target),
      stop: () => undefined,
      ended: Promise.resolve(),
      probing: false,
      probes: 0,
      lastStart: -Infinity,
    }));
    this.#watches = new Map(watches.map((watch) => [watch.target.key, watch]));
    this.#followers = Map.groupBy(
      watches.filter(({ target }) => target.guard !== undefined),
      ({ target }) => target.guard ?? '',
    );
    // Before its first probe a SIP service is `checking`, and so is what follows it.
    for (const watch of watches) this.#tellFollowers(watch);
  }

  /** How long a probe may take, milliseconds: always less than the interval. */
  get timeout(): number {
    return Math.min(this.#options.interval * probeTimeoutShare, probeTimeoutLimit);
  }

  /** Probes everything once, at once; resolves when each target has a first verdict. */
  async start(): Promise<void> {
    const watches = [...this.#watches.values()];
    await Promise.all(watches.map((watch) => this.#probe(watch)));
  }

  /** The health of a target; undefined for one that is not watched. */
  health(key: string): MemberHealth | undefined {
    return this.#watches.get(key)?.health;
  }

  /** A connection the member did not accept: it is out at once, without waiting for a probe. */
  refused(key: string, cause: FailureCause, reason: string): void {
    const watch = this.#watches.get(key);
    if (watch === undefined || this.#closed) return;
    const at = this.#options.clock.now();
    this.#step(watch, { kind: 'refused', at, cause, reason });
  }

  /**
   * Something odd that is no proof: the next probe comes now instead of later, at most one in a
   * probe's time-out, so that nobody can drive the probes.
   */
  suspect(key: string): void {
    const watch = this.#watches.get(key);
    if (watch === undefined || this.#closed || watch.probing) return;
    if (this.#options.clock.now() - watch.lastStart < this.timeout) return;
    watch.stop();
    void this.#probe(watch);
  }

  /** Takes a member out of (or back into) every service it has, keeping its sessions. */
  drain(host: string): void {
    this.#each(host, (at) => ({ kind: 'drain', at }));
  }

  resume(host: string): void {
    this.#each(host, (at) => ({ kind: 'resume', at }));
  }

  #each(host: string, event: (at: number) => HealthEvent): void {
    const at = this.#options.clock.now();
    for (const watch of this.#watches.values()) {
      if (watch.target.host === host) this.#step(watch, event(at));
    }
  }

  /** Stops probing; resolves when no probe runs any more. */
  async close(): Promise<void> {
    this.#closed = true;
    const watches = [...this.#watches.values()];
    for (const watch of watches) watch.stop();
    await Promise.all(watches.map((watch) => watch.ended));
  }

  #probe(watch: Watch): Promise<void> {
    watch.probing = true;
    watch.ended = this.#probeOnce(watch).finally(() => {
      watch.probing = false;
      this.#plan(watch);
    });
    return watch.ended;
  }

  async #probeOnce(watch: Watch): Promise<void> {
    const { clock, prober } = this.#options;
    watch.lastStart = clock.now();
    watch.probes += 1;
    this.#step(watch, { kind: 'planned', nextProbe: undefined });
    const controller = new AbortController();
    const cancel = clock.after(this.timeout, () => {
      controller.abort(new ProbeTimeout(this.timeout));
    });
    watch.stop = () => controller.abort(new Error('the balancer closes'));
    const outcome = await settled(prober(watch.target, controller.signal));
    cancel();
    if (!this.#closed) this.#step(watch, { kind: 'probed', at: clock.now(), outcome });
  }

  /** Sets the time of the next probe, counted from the start of the last one. */
  #plan(watch: Watch): void {
    if (this.#closed) return;
    const { clock, interval, random } = this.#options;
    const { everUp, verdict } = watch.health.beneath;
    // The first failure is looked at again at once: see `confirmed` of the health machine.
    const doubtful = everUp && verdict === 'down' && !watch.health.confirmed;
    const starting = !everUp && watch.probes <= eagerProbes;
    const spread = jitterFloor + (1 - jitterFloor) * random();
    const pause = Math.round(interval * spread * (starting ? eagerShare : 1));
    const due = doubtful ? clock.now() : Math.max(clock.now(), watch.lastStart + pause);
    this.#step(watch, { kind: 'planned', nextProbe: due });
    watch.stop = clock.after(due - clock.now(), () => void this.#probe(watch));
  }

  #step(watch: Watch, event: HealthEvent): void {
    const before = watch.health;
    const after = step(before, event);
    watch.health = after;
    const changed = before.state !== after.state || before.confirmed !== after.confirmed;
    if (changed) this.#options.changed(watch.target, before, after);
    if (changed || before.lastReason !== after.lastReason) this.#tellFollowers(watch);
  }

  #tellFollowers({ target, health }: Watch): void {
    const { state, lastReason: reason, cause, confirmed } = health;
    const at = this.#options.clock.now();
    for (const follower of this.#followers.get(target.key) ?? []) {
      this.#step(follower, { kind: 'guard', at, guard: { state, reason, cause, confirmed } });
    }
  }
}

/** A prober promises never to reject; one that does must not stop the watch. */
async function settled(outcome: Promise<ProbeOutcome>): Promise<ProbeOutcome> {
  try {
    return await outcome;
  } catch (error) {
    return { kind: 'unable', reason: `the probe itself failed: ${String(error)}` };
  }
}
