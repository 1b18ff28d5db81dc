import { randomInt } from 'node:crypto';
import { channel, type Clock, type Dump, type Lifecycle, messageOf, UsherError } from '#base';
import type { Plan, VirtualService } from '#ports';
import { virtualServicesOf } from '#ports';
import { partnerOf, type Host } from '#topology';
import type { Credentials, Reloadable } from '#trust';
import { type EngineLimits, engineLimits, handOverTime } from './constants.ts';
import { engineServices } from './engine-services.ts';
import type { Engine, EngineFactory, EngineService, PassiveSignal } from './engine.ts';
import { engineNamed } from './engines/index.ts';
import { balancerRecord } from './exports/record.ts';
import { type BalancerMemory, recalled, recordOf } from './memory.ts';
import { HealthMonitor } from './monitor.ts';
import { type HealthState, type MemberHealth, unknownHealth } from './policy/health.ts';
import { probersFor } from './probes/index.ts';
import { type BalancerStatus, statusOf } from './status.ts';
import { type ProbeTarget, probeTargets, serviceKey } from './targets.ts';
import { vipMoves, VipWatch } from './vip-watch.ts';

/** A member of a service changed its published state. */
export interface HealthChange {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** FQDN of the balancer. */
  readonly balancer: string;
  readonly pool: string;
  readonly service: string;
  /** Present where the VIP has both address families. */
  readonly family?: 4 | 6;
  /** FQDN of the member. */
  readonly member: string;
  readonly from: HealthState;
  readonly to: HealthState;
  readonly reason: string;
}

/** Every change of a member's published state, as it happens. */
export const healthChanges = channel<HealthChange>('usher:balancer:health');

/** What a balancer is made with; the first five as for every role. */
export interface BalancerOptions {
  readonly plan: Plan;
  /** The balancer host. */
  readonly host: Host;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly secret: Buffer;
  /** Default: the one the topology asks for. */
  readonly engine?: EngineFactory;
  readonly limits?: Partial<EngineLimits>;
  /** What outlives this process; absent: nothing does. */
  readonly memory?: BalancerMemory;
  /** Where the engine may keep files while it runs; default: a folder that goes with it. */
  readonly directory?: string;
  /** At least 0, below 1; spreads the probes. Default: the system's randomness. */
  readonly random?: () => number;
}

/**
 * The VIPs of one balancer host: probes the members, tells the engine whom it may use, and says at
 * any time why a member is in or out.
 */
export class BalancerServer implements Lifecycle, Reloadable {
  readonly #options: BalancerOptions;
  readonly #services: readonly VirtualService[];
  readonly #targets: readonly ProbeTarget[];
  readonly #monitor: HealthMonitor;
  readonly #engine: Engine;
  readonly #drains = new Map<string, { since: number; until: number; giveUp: AbortController }>();
  /** Of a pair only: where the VIPs are. */
  readonly #watch: VipWatch | undefined;
  #credentials: Credentials;
  #serving = false;
  #applied: Promise<void> = Promise.resolve();
  #engineFault: string | undefined;
  #memoryFault: string | undefined;
  #saved: Promise<void> = Promise.resolve();
  #abandoned: Promise<void> = Promise.resolve();

  constructor(options: BalancerOptions) {
    this.#options = options;
    const { plan, host, clock, memory } = options;
    this.#credentials = options.credentials;
    this.#services = virtualServicesOf(plan, host.fqdn);
    this.#targets = probeTargets(plan, host.fqdn);
    this.#monitor = new HealthMonitor({
      targets: this.#targets,
      prober: probersFor({
        balancer: host.fqdn,
        credentials: () => this.#credentials,
        localAddresses: host.addresses,
      }),
      clock,
      random: options.random ?? systemRandom,
      interval: plan.topology.timers.probeInterval * 1000,
      initial: (target) => recalled(memory?.record, target, clock.now()),
      changed: (target, before, after) => this.#changed(target, before, after),
    });
    for (const [member, drain] of Object.entries(memory?.record?.drains ?? {})) {
      // Who left the pool meanwhile has nothing to drain.
      if (!this.#knows(member)) continue;
      this.#drains.set(member, { ...drain, giveUp: new AbortController() });
    }
    const partner = partnerOf(plan.topology, host);
    const vips = new Set(this.#services.map(({ address }) => address));
    this.#watch = partner && new VipWatch(vips, clock, (here) => this.#vipMoved(here, partner));
    // One balancer has one engine: a check of the topology.
    const makeEngine = options.engine ?? engineNamed(this.#services[0]?.engine ?? 'embedded');
    this.#engine = makeEngine({
      record: () => balancerRecord(plan, host.fqdn),
      credentials: () => this.#credentials,
      directory: options.directory,
      localAddresses: host.addresses,
      clock,
      limits: { ...engineLimits, ...options.limits },
      report: (signal) => this.#heard(signal),
    });
  }

  /**
   * Opens the VIPs and probes every member once; resolves when each has a first verdict, whatever
   * it is. Rejects when a VIP cannot be opened (codes of `openFrontend`).
   */
  async start(): Promise<void> {
    await this.#engine.start(this.#engineServices());
    this.#serving = true;
    this.#watch?.start();
    for (const [member, { until, giveUp }] of this.#drains) {
      this.#waitFor(member, Math.max(0, until - this.#options.clock.now()), giveUp.signal);
    }
    await this.#monitor.start();
    await this.settled();
  }

  async drain(deadline: number): Promise<void> {
    // The other one of the pair is about to take over; until then clients come here.
    await this.#watch?.gone(Math.min(deadline, handOverTime));
    await this.#abandoned;
    // Sessions whose packets reach the other machine now do not end by themselves.
    const moved = this.#watch?.here === false;
    await this.#engine.drain(moved ? 0 : deadline);
    await this.close();
  }

  async close(): Promise<void> {
    this.#serving = false;
    this.#watch?.close();
    for (const { giveUp } of this.#drains.values()) giveUp.abort();
    await Promise.all([this.#monitor.close(), this.#engine.close(), this.#saved]);
  }

  /**
   * Takes a member out of every service: no new connections, its clients' affinity moves, sessions
   * may end by themselves until `deadline` milliseconds from now, then they are reset. Resolves with
   * how many were reset. A second call for the same member replaces the first one's deadline.
   *
   * Rejects with `USHER_UNKNOWN_MEMBER` when the host is no member here.
   */
  async drainMember(host: string, deadline: number): Promise<number> {
    const { signal } = this.#takeOut(host, deadline);
    return await this.#engine.drainMember(host, deadline, signal);
  }

  /**
   * Begins what `drainMember` does and resolves when no new connection reaches the member and a restart
   * would go on with it.
   *
   * Rejects with `USHER_UNKNOWN_MEMBER`; with `USHER_LAST_MEMBER`, without `force`, when a service would
   * be left without a member; with what the memory says when it cannot keep the drain, which goes on.
   */
  async beginDrain(
    host: string,
    { deadline, force }: { readonly deadline: number; readonly force: boolean },
  ): Promise<void> {
    this.#mustKnow(host);
    if (!force) this.#mustNotBeLast(host);
    const signal = this.#takeOut(host, deadline).signal;
    this.#waitFor(host, deadline, signal);
    await this.#remember();
    await this.settled();
  }

  /** As `resumeMember`; resolves when a restart would not drain the member again. */
  async resume(host: string): Promise<void> {
    this.resumeMember(host);
    await this.#remember();
  }

  #takeOut(host: string, deadline: number): AbortController {
    this.#mustKnow(host);
    const before = this.#drains.get(host);
    before?.giveUp.abort();
    const giveUp = new AbortController();
    const now = this.#options.clock.now();
    this.#drains.set(host, { since: before?.since ?? now, until: now + deadline, giveUp });
    this.#monitor.drain(host);
    return giveUp;
  }

  /** Has the engine end the sessions of a member when its time is up. */
  #waitFor(host: string, deadline: number, signal: AbortSignal): void {
    this.#engine.drainMember(host, deadline, signal).catch((error: unknown) => {
      this.#engineFault = messageOf(error);
    });
  }

  /** Lets a drained member take connections again, once it is healthy; ends a running drain. */
  resumeMember(host: string): void {
    this.#mustKnow(host);
    this.#drains.get(host)?.giveUp.abort();
    this.#drains.delete(host);
    this.#monitor.resume(host);
  }

  /** True while this balancer serves its VIPs, or would if they were here. */
  ready(): boolean {
    return this.#serving && this.#engineFault === undefined && this.#engine.works();
  }

  /** Resolves when the engine has done what the members' health asked of it last. */
  settled(): Promise<void> {
    return this.#applied;
  }

  /** The present state of every service and member, with the reason of each. */
  status(): BalancerStatus {
    return statusOf({
      balancer: this.#options.host.fqdn,
      engine: this.#engine.name,
      pair: this.#pair(),
      engineFault: this.#engineFault,
      memoryFault: this.#memoryFault,
      now: this.#options.clock.now(),
      services: this.#services,
      targets: this.#targets,
      health: (key) => this.#healthOf(key),
      counters: this.#engine.stats(),
      drains: new Map([...this.#drains].map(([host, { until }]) => [host, until])),
    });
  }

  /** Probes from now on show, and judge by, these, and so does an engine that probes itself; what passes through a VIP is not ours to judge. */
  reload(credentials: Credentials): { readonly dropped: number } {
    this.#credentials = credentials;
    if (this.#serving) this.#applied = this.#apply();
    return { dropped: 0 };
  }

  dump(): Dump {
    return this.status();
  }

  #pair(): BalancerStatus['pair'] {
    const { plan, host } = this.#options;
    const partner = partnerOf(plan.topology, host);
    if (this.#watch === undefined || partner === undefined) return null;
    const { here, since } = this.#watch;
    const vip = here ? 'here' : 'elsewhere';
    return { partner: partner.fqdn, vip, since: new Date(since).toISOString() };
  }

  /** What clients send now reaches the other machine: the sessions they had here lead nowhere. */
  #vipMoved(here: boolean, partner: Host): void {
    if (!here) {
      this.#abandoned = this.#engine.abandon().catch((error: unknown) => {
        this.#engineFault = messageOf(error);
      });
    }
    const { clock, host } = this.#options;
    const vip = here ? 'here' : 'elsewhere';
    vipMoves.publish({ at: clock.now(), balancer: host.fqdn, partner: partner.fqdn, vip });
  }

  #knows(host: string): boolean {
    return this.#targets.some((target) => target.host === host);
  }

  #mustNotBeLast(host: string): void {
    for (const virtual of this.#services) {
      const up = virtual.members.filter(
        (member) => this.#healthOf(`${serviceKey(virtual)}/${member.host}`).state === 'up',
      );
      if (up.length !== 1 || up[0]?.host !== host) continue;
      throw new UsherError(
        'USHER_LAST_MEMBER',
        `${host} is the only member that is up for ${serviceKey(virtual)}: clients would be refused.`,
        {
          remedy: 'Bring another member back first, or drain it all the same: --force.',
          exitStatus: 1,
        },
      );
    }
  }

  /** Keeps drains and health; what cannot be kept shows in the status and to whoever waits. */
  async #remember(): Promise<void> {
    const { memory } = this.#options;
    if (memory === undefined) return;
    const drains = [...this.#drains].map(
      ([host, { since, until }]) => [host, { since, until }] as const,
    );
    const record = recordOf(
      this.#targets,
      (key) => this.#healthOf(key),
      Object.fromEntries(drains),
    );
    try {
      await memory.save(record);
      this.#memoryFault = undefined;
    } catch (error) {
      this.#memoryFault = messageOf(error);
      throw error;
    }
  }

  #mustKnow(host: string): void {
    if (this.#knows(host)) return;
    const members = [...new Set(this.#targets.map((target) => target.host))];
    throw new UsherError(
      'USHER_UNKNOWN_MEMBER',
      `${host} is no member of a pool behind ${this.#options.host.fqdn}.`,
      { remedy: `Name one of: ${members.join(', ') || 'there are none'}.` },
    );
  }

  #healthOf(key: string): MemberHealth {
    return this.#monitor.health(key) ?? unknownHealth(this.#options.clock.now());
  }

  #heard({ kind, service, host, cause, reason }: PassiveSignal): void {
    const key = `${service}/${host}`;
    if (kind === 'refused') this.#monitor.refused(key, cause, reason);
    else this.#monitor.suspect(key);
  }

  #changed(target: ProbeTarget, before: MemberHealth, after: MemberHealth): void {
    if (this.#serving) {
      this.#applied = this.#apply();
      // Why it failed stands in the status.
      this.#saved = this.#remember().catch(() => undefined);
    }
    if (before.state === after.state || !healthChanges.active) return;
    healthChanges.publish({
      at: after.since,
      balancer: this.#options.host.fqdn,
      pool: target.pool,
      service: target.service,
      ...(target.family === undefined ? {} : { family: target.family }),
      member: target.host,
      from: before.state,
      to: after.state,
      reason: after.lastReason,
    });
  }

  /** Tells the engine; an engine that cannot follow says so in the status, and gets the next try. */
  async #apply(): Promise<void> {
    try {
      await this.#engine.apply(this.#engineServices());
      this.#engineFault = undefined;
    } catch (error) {
      this.#engineFault = messageOf(error);
    }
  }

  #engineServices(): EngineService[] {
    return engineServices(this.#services, (key) => this.#healthOf(key));
  }
}

function systemRandom(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}
