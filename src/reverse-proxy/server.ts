import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  Ways,
  closeAll,
  messageOf,
  startAll,
  systemErrorCode,
  type Clock,
  type Dump,
  type Lifecycle,
} from '#base';
import { listenersOf, type Hop, type Listener, type Plan } from '#ports';
import { serverTls, type Credentials, type Reloadable } from '#trust';
import type { Host } from '#topology';
import { HttpSocket } from '#web';
import { readAsked, refused, type Asked, type Refusal } from './asked.ts';
import { proxiedRequests, proxyFaults } from './channels.ts';
import { defaultLimits, type ReverseProxyLimits } from './limits.ts';
import { routesOf, type Route } from './routes.ts';
import { Upstream, type Attempt, type Outgoing } from './upstream.ts';

export interface ReverseProxyOptions {
  readonly plan: Plan;
  readonly host: Host;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly limits?: Partial<ReverseProxyLimits>;
}

/** How many times one request is sent to hops before it is given up. */
const maximumAttempts = 4;

/**
 * The reverse proxy: takes remote web clients in on its outside address and hands each request to
 * the external web site of the pool its Host field names, plain to plain and secured to secured.
 */
export class ReverseProxyServer implements Lifecycle, Reloadable {
  readonly #options: ReverseProxyOptions;
  readonly #limits: ReverseProxyLimits;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #upstream: Upstream;
  readonly #ways: Ways<Hop>;
  readonly #sockets: readonly HttpSocket[];
  readonly #statuses = new Map<number, number>();
  #open = 0;
  #retried = 0;

  constructor(options: ReverseProxyOptions) {
    const { plan, host, credentials, clock } = options;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#routes = new Map(
      routesOf(plan, host.fqdn).flatMap((route) => route.names.map((name) => [name, route])),
    );
    this.#upstream = new Upstream({
      localAddresses: host.addresses,
      credentials,
      clock,
      limits: this.#limits,
    });
    this.#ways = new Ways(clock);
    this.#sockets = listenersOf(plan, host.fqdn)
      .filter(({ service }) => service === 'published' || service === 'publishedPlain')
      .map((listener) => this.#socketFor(listener));
  }

  async start(): Promise<void> {
    await startAll(this.#sockets);
  }

  async drain(deadline: number): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.drain(deadline)));
  }

  async close(): Promise<void> {
    await closeAll(this.#sockets);
    this.#upstream.close();
  }

  reload(credentials: Credentials): { readonly dropped: number } {
    let { dropped } = this.#upstream.reload(credentials);
    for (const socket of this.#sockets) dropped += socket.reload(credentials).dropped;
    return { dropped };
  }

  dump(): Dump {
    return {
      open: this.#open,
      retried: this.#retried,
      statuses: Object.fromEntries(this.#statuses),
      sockets: this.#sockets.map((socket) => socket.dump()),
    };
  }

  #socketFor(listener: Listener): HttpSocket {
    const { clock, credentials, host } = this.#options;
    const secure = listener.security !== 'none';
    return new HttpSocket({
      listener,
      clock,
      tls: secure ? serverTls(credentials, 'TLS', { anonymousClients: true }) : undefined,
      limits: this.#limits,
      refuseUpgrades: true,
      serve: async (incoming, response) => {
        this.#open += 1;
        try {
          await this.#serve(incoming, response, secure);
        } finally {
          this.#open -= 1;
        }
      },
      fault: (error) => proxyFaults.publish({ host: host.fqdn, error }),
    });
  }

  async #serve(
    incoming: IncomingMessage,
    response: ServerResponse,
    secure: boolean,
  ): Promise<void> {
    const { clock, host } = this.#options;
    const at = clock.now();
    const client = clientAddress(incoming);
    // A client that leaves in mid-request is no event: `close` of the response tells.
    incoming.on('error', () => {});
    response.on('error', () => {});
    const asked = readAsked(incoming, {
      routes: this.#routes,
      bodyBytes: this.#limits.bodyBytes,
      via: host.fqdn,
      client,
      secure,
      busy: this.#open > this.#limits.requests,
    });
    const result =
      asked.kind === 'refused'
        ? { status: refuse(response, asked), attempts: 0 }
        : await this.#forward(asked, client, incoming, response);
    this.#statuses.set(result.status, (this.#statuses.get(result.status) ?? 0) + 1);
    if (!proxiedRequests.active) return;
    proxiedRequests.publish({
      ...result,
      at,
      client,
      secure,
      method: incoming.method ?? '',
      host: asked.kind === 'asked' ? asked.target.name : '',
      pool: asked.kind === 'asked' ? asked.route.pool : undefined,
      milliseconds: clock.now() - at,
    });
  }

  /** Asks hop after hop until one answers, or until asking again could do something twice. */
  async #forward(
    { route, outgoing }: Asked,
    client: string,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<Result> {
    limitBody(incoming, this.#limits.bodyBytes);
    const hops = order(outgoing.secure ? route.secure : route.plain, client).flatMap((hop) =>
      this.#ways.to(hop),
    );
    const repeatable = !outgoing.hasBody && ['GET', 'HEAD', 'OPTIONS'].includes(outgoing.method);
    let attempts = 0;
    let last: Attempt['kind'] = 'unreached';
    let next = 0;
    for (let hop = hops[next]; hop !== undefined && attempts < maximumAttempts; hop = hops[next]) {
      attempts += 1;
      if (attempts > 1) this.#retried += 1;
      // One after the other: the next hop is asked only when this one could not be.
      const attempt = await this.#exchange(hop, outgoing, incoming, response);
      if (attempt.kind === 'answered') return { status: attempt.status, attempts };
      last = attempt.kind;
      if (last === 'unreached') {
        this.#ways.failed(hop);
        next += 1;
      } else if (last !== 'stale' || !repeatable) break;
    }
    return { status: refuse(response, failures[last]), attempts };
  }

  async #exchange(
    hop: Hop,
    outgoing: Outgoing,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<Attempt> {
    try {
      return await this.#upstream.exchange(hop, outgoing, incoming, response);
    } catch (error) {
      const code = systemErrorCode(error);
      // A path or a value the parser let in and the sender does not let out.
      if (code === 'ERR_UNESCAPED_CHARACTERS' || code === 'ERR_INVALID_CHAR') {
        return { kind: 'unsendable' };
      }
      proxyFaults.publish({ host: this.#options.host.fqdn, error: messageOf(error) });
      return { kind: 'failed' };
    }
  }
}

/** How the answering of one request ended. */
interface Result {
  readonly status: number;
  readonly attempts: number;
}

/** What the client is told when no pool answered it. */
const failures: Readonly<Record<Exclude<Attempt['kind'], 'answered'>, Refusal>> = {
  unreached: refused(502, 'The pool could not be reached.'),
  stale: refused(502, 'The pool broke the connection.'),
  failed: refused(502, 'The pool broke the connection.'),
  timeout: refused(504, 'The pool did not answer in time.'),
  unsendable: refused(400, 'Bad request.'),
  // The number nginx writes for a client that left; nobody receives it.
  abandoned: refused(499, 'The client left.'),
};

/** Ends a request whose body outgrows the limit without having announced it. */
function limitBody(incoming: IncomingMessage, limit: number): void {
  if (incoming.headers['transfer-encoding'] === undefined) return;
  let seen = 0;
  incoming.on('data', (chunk: Buffer) => {
    seen += chunk.length;
    if (seen > limit) incoming.destroy();
  });
  // Paused again at once: the body flows only when a pool takes it.
  incoming.pause();
}

/**
 * The hops in the order in which this client's requests try them. One client starts with one
 * member as long as it lives, clients spread over the members; a balancer's single address is
 * asked twice, because behind it the second time stands another member.
 */
function order(hops: readonly Hop[], client: string): readonly Hop[] {
  if (hops.length === 1) return [...hops, ...hops];
  const start = createHash('sha256').update(client).digest().readUInt32BE(0) % (hops.length || 1);
  return [...hops.slice(start), ...hops.slice(0, start)];
}

/** The client's IP address; IPv4 in IPv6 clothes is undressed. */
function clientAddress(incoming: IncomingMessage): string {
  return (incoming.socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/u, '');
}

/** Answers in the proxy's own name, if the client has had nothing yet; returns the status. */
function refuse(response: ServerResponse, { status, message, headers }: Refusal): number {
  if (response.headersSent || response.destroyed) return status;
  // What the client still wants to send would be read for nothing.
  response.shouldKeepAlive = false;
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': Buffer.byteLength(message) + 1,
    ...headers,
  });
  response.end(`${message}\n`);
  return status;
}
