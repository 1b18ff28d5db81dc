import { randomInt } from 'node:crypto';
import { alone } from '#base';
import type { Cancel, Clock, Dump, Lifecycle } from '#base';
import { UserLimit, createSipServer, domainGate, hopsFinder, selfOf, sipTrustOf } from '#director';
import type { RoleOptions } from '#director';
import { servicePort } from '#ports';
import type { SipServer } from '#sip';
import { deriveKey } from '#trust';
import type { Credentials, Reloadable, SipTrust } from '#trust';
import { BindingCopies } from './binding-copies.ts';
import { frontEndChain } from './chain.ts';
import { Bindings } from './policy/bindings.ts';
import type { BindingLimits } from './policy/bindings.ts';
import { DialogTokens } from './policy/dialog-token.ts';
import type { RegistrationLimits } from './policy/registration.ts';

export interface FrontEndOptions extends RoleOptions {
  readonly bindingLimits?: BindingLimits;
  readonly registration?: RegistrationLimits;
}

/** Milliseconds between two sweeps of expired bindings, and users looked at in each. */
const sweep = { interval: 1000, users: 5000 };

/** A Front End: registrar and home proxy of the users of its pool. */
export class FrontEndServer implements Lifecycle, Reloadable {
  /** Names of the deciders in the order they are asked. */
  readonly chain: readonly string[];
  readonly #fqdn: string;
  readonly #clock: Clock;
  readonly #trust: SipTrust;
  readonly #sip: SipServer;
  readonly #bindings: Bindings;
  readonly #copies: BindingCopies;
  readonly #userLimit: UserLimit;
  readonly #backoff: { readonly size: number };
  #cancelSweep: Cancel | undefined;

  constructor(options: FrontEndOptions) {
    const { plan, host, secret, clock, siblings = alone(clock) } = options;
    this.#fqdn = host.fqdn;
    this.#clock = clock;
    this.#bindings = new Bindings(options.bindingLimits, (changes) => this.#copies.tell(changes));
    this.#copies = new BindingCopies(siblings, clock, this.#bindings);
    const self = selfOf(plan.topology, host);
    this.#userLimit = new UserLimit(plan.topology.limits.user, randomInt(2 ** 32), siblings, clock);
    const gate = domainGate(self, options);
    const chain = frontEndChain({
      self,
      gate,
      userLimit: this.#userLimit,
      bindings: this.#bindings,
      tokens: new DialogTokens(deriveKey(secret, 'dialog')),
      hopsTo: hopsFinder(plan, host),
      connection: (id) => this.#sip.connection(id),
      port: servicePort(plan, 'sip'),
      ...(options.registration === undefined ? {} : { registration: options.registration }),
    });
    this.#backoff = gate.backoff;
    this.chain = chain.map(({ name }) => name);
    this.#trust = sipTrustOf(options);
    this.#sip = createSipServer(
      options,
      this.#trust,
      chain,
      (context) => Object.assign(context, { facts: {} }),
      ({ id }) => this.#bindings.removeConnection(id),
    );
  }

  /** Bindings held, for the health other servers ask for. */
  get bindings(): number {
    return this.#bindings.size;
  }

  async start(): Promise<void> {
    // Whoever calls a user must not meet a process that has not heard of them yet.
    await this.#copies.start();
    await this.#sip.start();
    this.#sweepLater();
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
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    this.#copies.close();
    await this.#sip.close();
  }

  reload(credentials: Credentials): { readonly dropped: number } {
    return this.#sip.reload(this.#trust.reload(credentials));
  }

  dump(): Dump {
    return {
      role: 'frontEnd',
      host: this.#fqdn,
      chain: this.chain,
      users: this.#bindings.users,
      bindings: this.#bindings.size,
      failedSignIns: this.#backoff.size,
      overUserLimit: this.#userLimit.exceeded,
      sip: this.#sip.dump(),
    };
  }

  #sweepLater(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = this.#clock.after(sweep.interval, () => {
      this.#bindings.sweep(this.#clock.now(), sweep.users);
      this.#sweepLater();
    });
  }
}
