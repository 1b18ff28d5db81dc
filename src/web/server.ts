import { closeAll, startAll, type Clock, type Dump, type Lifecycle } from '#base';
import type { UserDirectory } from '#identity';
import { listenersOf, type Listener, type Plan } from '#ports';
import { admit, serverTls, type Credentials, type Reloadable } from '#trust';
import { poolOf, type Host, type Pool, type Service } from '#topology';
import { answeringSocket, type AnsweringSocketOptions } from './answering-socket.ts';
import type { HttpSocket } from './http-socket.ts';
import { answerInterServer } from './inter-server/answer.ts';
import type { WebLimits } from './limits.ts';
import { answerSite } from './site/answer.ts';
import { HomeFinder } from './site/home.ts';
import { siteOf } from './site/names.ts';

export interface WebServerOptions {
  readonly plan: Plan;
  /** A Director or a Front End. */
  readonly host: Host;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** The deployment's secret; own keys are derived from it. */
  readonly secret: Buffer;
  readonly users?: UserDirectory;
  /** What `/health` tells the balancer: 200 while `up`, 503 while `draining`. */
  readonly state: () => 'up' | 'draining';
  /** What the role tells other servers beside its state, e.g. `{ bindings: 17 }`. */
  readonly details?: () => { readonly [key: string]: Dump };
  /** True when other processes of this host listen on the same sockets. Default false. */
  readonly sharePorts?: boolean;
  readonly limits?: Partial<WebLimits>;
}

const siteServices: ReadonlySet<Service> = new Set([
  'webInternalPlain',
  'webInternal',
  'webExternalPlain',
  'webExternal',
]);

/**
 * The web services of a Director or Front End: its internal and external web site, each in clear
 * and secured, and the inter-server service. Opens exactly the sockets the plan gives the host.
 */
export class WebServer implements Lifecycle, Reloadable {
  readonly #options: WebServerOptions;
  readonly #listeners: readonly HttpSocket[];
  #crl: string | undefined;
  #draining = false;

  constructor(options: WebServerOptions) {
    this.#options = options;
    this.#crl = options.credentials.crl;
    const pool = poolOf(options.plan.topology, options.host);
    this.#listeners =
      pool === undefined
        ? []
        : listenersOf(options.plan, options.host.fqdn).flatMap((listener) =>
            this.#serverOf(listener, pool),
          );
  }

  async start(): Promise<void> {
    await startAll(this.#listeners);
  }

  async drain(deadline: number): Promise<void> {
    this.#draining = true;
    await Promise.all(this.#listeners.map((listener) => listener.drain(deadline)));
  }

  async close(): Promise<void> {
    await closeAll(this.#listeners);
  }

  reload(credentials: Credentials): { readonly dropped: number } {
    this.#crl = credentials.crl;
    let dropped = 0;
    for (const listener of this.#listeners) dropped += listener.reload(credentials).dropped;
    return { dropped };
  }

  dump(): Dump {
    return { state: this.#state(), listeners: this.#listeners.map((listener) => listener.dump()) };
  }

  #state(): 'up' | 'draining' {
    return this.#draining ? 'draining' : this.#options.state();
  }

  /** The sockets of the host's other services are opened by those. */
  #serverOf(listener: Listener, pool: Pool): readonly HttpSocket[] {
    if (listener.service === 'interServer') return [this.#interServer(listener)];
    return siteServices.has(listener.service) ? [this.#webSite(listener, pool)] : [];
  }

  #webSite(listener: Listener, pool: Pool): HttpSocket {
    const { plan, host, credentials, clock, secret, users } = this.#options;
    const context = {
      site: siteOf(plan, host, pool, listener),
      homes: users === undefined ? undefined : new HomeFinder(plan.topology, users, secret),
      crl: () => this.#crl,
      state: () => this.#state(),
    };
    return answeringSocket({
      listener,
      clock,
      tls:
        listener.security === 'none'
          ? undefined
          : serverTls(credentials, 'TLS', { anonymousClients: true }),
      answer: (request) => answerSite(request, context),
      ...this.#shared(),
    });
  }

  #interServer(listener: Listener): HttpSocket {
    const { plan, host, credentials, clock, users, details } = this.#options;
    const context = {
      topology: plan.topology,
      host,
      users,
      state: () => this.#state(),
      details: () => details?.() ?? {},
    };
    return answeringSocket({
      listener,
      clock,
      tls: serverTls(credentials, 'MTLS', { anonymousClients: listener.anonymousClients }),
      admit: (socket) => admit(socket, listener, clock.now()).kind === 'server',
      answer: (request) => answerInterServer(request, context),
      ...this.#shared(),
    });
  }

  #shared(): Pick<AnsweringSocketOptions, 'limits' | 'sharePorts'> {
    const { limits, sharePorts = false } = this.#options;
    return { sharePorts, ...(limits === undefined ? {} : { limits }) };
  }
}
