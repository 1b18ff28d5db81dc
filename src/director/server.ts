import { randomInt } from 'node:crypto';
import { closeAll, startAll } from '#base';
import type { Dump, Lifecycle } from '#base';
import { servicePort } from '#ports';
import { connectionEvents, dialledLabel } from '#sip';
import type { ConnectionEvent, NamedDecider, SipServer } from '#sip';
import type { Credentials, Reloadable, SipTrust } from '#trust';
import { directorChain } from './chain.ts';
import { selfOf } from './policy/context.ts';
import type { DirectorContext } from './policy/context.ts';
import { UserLimit } from './policy/user-limit.ts';
import { HomePoolHealth } from './pool-health.ts';
import type { HomePoolProbe } from './pool-health.ts';
import { createSipServer, domainGate, hopsFinder, sipTrustOf } from './sip-host.ts';
import type { RoleOptions } from './sip-host.ts';

export interface DirectorOptions extends RoleOptions {
  /** Asks the members of the home pools how they are; absent: only failed connections count. */
  readonly probe?: HomePoolProbe;
}

/**
 * A Director: authenticates users and ushers them to their home pool. Keeps nothing a restart or
 * another member of its pool would miss.
 */
export class DirectorServer implements Lifecycle, Reloadable {
  /** Names of the deciders in the order they are asked. */
  readonly chain: readonly string[];
  readonly #fqdn: string;
  readonly #trust: SipTrust;
  readonly #sip: SipServer;
  readonly #health: HomePoolHealth;
  readonly #backoff: { readonly size: number };
  readonly #userLimit: UserLimit;
  readonly #memberAt: ReadonlyMap<string, string>;
  #unsubscribe: (() => void) | undefined;

  constructor(options: DirectorOptions) {
    const { plan, host, clock, siblings } = options;
    const members = plan.topology.pools
      .filter(({ role }) => role === 'frontEnd')
      .flatMap((pool) => pool.members);
    this.#fqdn = host.fqdn;
    this.#memberAt = new Map(
      members.flatMap(({ addresses, fqdn }) => addresses.map((address) => [address, fqdn])),
    );
    this.#health = new HomePoolHealth({
      members,
      probe: options.probe,
      interval: plan.topology.timers.probeInterval * 1000,
      clock,
    });
    const self = selfOf(plan.topology, host);
    this.#userLimit = new UserLimit(plan.topology.limits.user, randomInt(2 ** 32), siblings, clock);
    const gate = domainGate(self, options);
    const find = hopsFinder(plan, host);
    const chain: readonly NamedDecider<DirectorContext>[] = directorChain({
      self,
      gate,
      userLimit: this.#userLimit,
      health: this.#health,
      hopsTo: ({ fqdn }) => find(fqdn),
      port: servicePort(plan, 'sip'),
    });
    this.#backoff = gate.backoff;
    this.chain = chain.map(({ name }) => name);
    this.#trust = sipTrustOf(options);
    this.#sip = createSipServer(options, this.#trust, chain, (context) =>
      Object.assign(context, { facts: {} }),
    );
  }

  async start(): Promise<void> {
    this.#unsubscribe ??= connectionEvents.subscribe((event) => this.#notice(event));
    try {
      await startAll([this.#health, this.#sip]);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** See `SipServer.refuseNew`. */
  refuseNew(refuse: boolean): void {
    this.#sip.refuseNew(refuse);
  }

  /** See `SipServer.load`. */
  load(): { readonly unfinished: number; readonly connections: number } {
    return this.#sip.load();
  }

  async drain(deadline: number): Promise<void> {
    await this.#sip.drain(deadline);
  }

  async close(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    await closeAll([this.#health, this.#sip]);
  }

  reload(credentials: Credentials): { readonly dropped: number } {
    return this.#sip.reload(this.#trust.reload(credentials));
  }

  dump(): Dump {
    return {
      role: 'director',
      host: this.#fqdn,
      chain: this.chain,
      homePools: this.#health.dump(),
      failedSignIns: this.#backoff.size,
      overUserLimit: this.#userLimit.exceeded,
      sip: this.#sip.dump(),
    };
  }

  /** A home pool member that cannot be connected to is passed over at once, before the next probe. */
  #notice(event: ConnectionEvent): void {
    if (event.kind !== 'failed' || event.label !== dialledLabel) return;
    const member = this.#memberAt.get(event.remote?.address ?? '');
    if (member !== undefined) this.#health.failed(member, event.message);
  }
}
