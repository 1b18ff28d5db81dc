import { UsherError, type Clock, type Dump, type Lifecycle, type Siblings } from '#base';
import { listenersOf, servicePort, type Listener, type Plan } from '#ports';
import {
  SipServer,
  rateOf,
  runChain,
  type Outcome,
  type Rate,
  type RequestContext,
  type SipLimits,
} from '#sip';
import { SipTrust, deriveKey, type Credentials, type Reloadable } from '#trust';
import { vouchesForSenders, type Host, type Service } from '#topology';
import { EdgeContext, isFromOutside, type EdgeTools } from './policy/context.ts';
import { factsOf } from './policy/facts.ts';
import { FlowTokens } from './policy/flow-tokens.ts';
import { fromInside } from './policy/from-inside.ts';
import { fromOutside } from './policy/from-outside.ts';
import { Lanes } from './policy/lanes.ts';
import { RateLimit } from './policy/rate-limit.ts';

export interface EdgeServerOptions {
  readonly plan: Plan;
  /** An Edge of the topology. */
  readonly host: Host;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** The deployment's secret; the key of the flow tokens is derived from it. */
  readonly secret: Buffer;
  /** Requests one client connection may send. Default: 60 at once, 20 a second. */
  readonly rate?: Rate;
  /** Connections to the next hop the clients are spread over. Default 16. */
  readonly lanes?: number;
  /** True when other processes of this host listen on the same sockets. Default false. */
  readonly sharePorts?: boolean;
  /** Those processes; absent: there are none. */
  readonly siblings?: Siblings;
  readonly limits?: Partial<SipLimits>;
}

const defaultRate = rateOf(20);
const defaultLanes = 16;

/**
 * An Edge: takes remote clients in over TLS on its outside address, authenticates nobody, and
 * passes their requests to its next hop over mutual TLS; brings requests back to them by the flow
 * tokens it gave out (RFC 5626). Each client stays with one connection to one Director.
 */
export class EdgeServer implements Lifecycle, Reloadable {
  readonly #options: EdgeServerOptions;
  readonly #server: SipServer;
  readonly #tools: EdgeTools;
  readonly #trust: SipTrust;

  /** Throws `USHER_NOT_AN_EDGE` for another host, `USHER_NO_FLOW` when no next hop is permitted. */
  constructor(options: EdgeServerOptions) {
    const { plan, host, clock, credentials, secret, sharePorts = false, siblings } = options;
    const edge = plan.topology.edges.find(({ fqdn }) => fqdn === host.fqdn);
    if (edge === undefined) {
      throw new UsherError('USHER_NOT_AN_EDGE', `${host.fqdn} is no Edge of the topology.`, {
        remedy: 'Name a host that the topology lists under `edges`.',
      });
    }
    this.#options = options;
    const facts = factsOf(plan, edge);
    // Before the server, which asks for our names when it is made.
    this.#tools = {
      facts,
      tokens: new FlowTokens(deriveKey(secret, `edge: flow tokens of ${edge.fqdn}`)),
      lanes: new Lanes(facts.nextHop, options.lanes ?? defaultLanes),
      rate: new RateLimit(options.rate ?? defaultRate),
      ackRate: new RateLimit(options.rate ?? defaultRate),
      connection: (id) => this.#server.connection(id),
    };
    this.#trust = new SipTrust({
      host,
      listeners: sipListeners(options),
      clock,
      secret,
      sharePorts,
    });
    this.#server = new SipServer({
      name: edge.fqdn,
      ...this.#trust.with(credentials),
      sentBy: (label) => this.#sentBy(label),
      handle: (request) => this.#handle(request),
      clock,
      vouches: (fqdn) => vouchesForSenders(plan.topology, fqdn),
      limits: { sourceRate: rateOf(plan.topology.limits.source), ...options.limits },
      ...(siblings === undefined ? {} : { siblings }),
    });
  }

  async start(): Promise<void> {
    await this.#server.start();
  }

  /** See `SipServer.load`. */
  load(): { readonly unfinished: number; readonly connections: number } {
    return this.#server.load();
  }

  async drain(deadline: number): Promise<void> {
    await this.#server.drain(deadline);
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  reload(credentials: Credentials): { readonly dropped: number } {
    return this.#server.reload(this.#trust.reload(credentials));
  }

  dump(): Dump {
    return {
      fromOutside: fromOutside.map(({ name }) => name),
      fromInside: fromInside.map(({ name }) => name),
      overClientLimit: this.#tools.rate.refused,
      sip: this.#server.dump(),
    };
  }

  /** What our Via names: the side the request leaves by. */
  #sentBy(label: string): string {
    const { facts } = this.#tools;
    if (label === 'accessEdge' || label === 'accessEdgeAlternate') {
      return `${facts.outside}:${servicePort(this.#options.plan, label)}`;
    }
    return facts.insideEndpoint;
  }

  #handle(request: RequestContext): Promise<Outcome> | Outcome {
    const context = new EdgeContext(request, this.#tools);
    return runChain(isFromOutside(context) ? fromOutside : fromInside, context);
  }
}

const sipServices: ReadonlySet<Service> = new Set(['sip', 'accessEdge', 'accessEdgeAlternate']);

/** The sockets of the Edge's SIP; those of its other services are opened by those. */
function sipListeners({ plan, host }: EdgeServerOptions): readonly Listener[] {
  return listenersOf(plan, host.fqdn).filter(({ service }) => sipServices.has(service));
}
