import { randomBytes, randomInt } from 'node:crypto';

import { messageOf, settled } from '#base';
import { messageSeen } from '../channels.ts';
import {
  acknowledgesStateless,
  buildResponse,
  isRequest,
  isResponse,
  validate,
} from '../message/index.ts';
import type {
  FrameFault,
  MessageFault,
  SipMessage,
  SipRequest,
  SipResponse,
} from '../message/index.ts';
import { Gatekeeper } from '../overload/gatekeeper.ts';
import type { GatekeeperDump, GatekeeperOptions } from '../overload/gatekeeper.ts';
import { serverKey } from '../transaction/key.ts';
import type { TransactionLayer } from '../transaction/layer.ts';
import type { ServerTransaction } from '../transaction/server.ts';
import type { SipLimits } from '../transport/limits.ts';
import type { Wire } from '../transport/wire.ts';
import { buildAnswer } from './answer.ts';
import type { Answer } from './answer.ts';
import { BranchIds } from './branch-id.ts';
import { breadthOf } from './build.ts';
import { contextOf } from './context.ts';
import type { Destination, Outcome, RequestContext } from './model.ts';
import { OwnRequest } from './own-request.ts';
import { ProxyEngine } from './proxy-engine.ts';
import type { EngineDump, ProxyEngineOptions } from './proxy-engine.ts';
import { ResponseContext } from './response-context.ts';
import { repairStrictRoute } from './route.ts';
import { forwardStateless } from './stateless.ts';
import { stampedVia } from './via.ts';

/** What the proxy core needs from the server around it. */
export interface ProxyCoreOptions
  extends ProxyEngineOptions, Pick<GatekeeperOptions, 'vouches' | 'peerRate'> {
  /** FQDN of this host. */
  readonly name: string;
  /** Labels of the listeners, whose `sentBy` are own names too. */
  readonly labels: readonly string[];
  readonly handle: (context: RequestContext) => Promise<Outcome> | Outcome;
}

/** What the proxy does at present, and how much it has done. */
export type ProxyDump = EngineDump & {
  readonly draining: boolean;
  /** Received so far. */
  readonly requests: number;
  readonly responses: number;
  readonly overload: GatekeeperDump;
};

/**
 * The proxy: takes messages from connections, finds or opens their transactions, asks the deciders,
 * and does what they decide (RFC 3261 16). Knows connections only as `Wire`.
 */
export class ProxyCore {
  readonly #handle: ProxyCoreOptions['handle'];
  readonly #engine: ProxyEngine;
  readonly #layer: TransactionLayer;
  readonly #limits: SipLimits;
  readonly #gatekeeper: Gatekeeper;
  readonly #branches: BranchIds;
  /** Hosts a strict router may have put into the Request-URI for us; lower case. */
  readonly #ownHosts: ReadonlySet<string>;
  readonly #owns = new Set<OwnRequest>();
  #draining = false;
  #requests = 0;
  #responses = 0;

  constructor(options: ProxyCoreOptions) {
    this.#handle = options.handle;
    this.#limits = options.limits;
    this.#gatekeeper = new Gatekeeper({ ...options, seed: randomInt(2 ** 32) });
    this.#branches = new BranchIds(options.name, options.siblings.name);
    this.#engine = new ProxyEngine(options, this.#branches, randomBytes(4).readInt32LE());
    this.#layer = this.#engine.layer;
    const hosts = options.labels.map((label) => hostOf(options.sentBy(label)));
    this.#ownHosts = new Set([options.name.toLowerCase(), ...hosts]);
  }

  /** Begins to watch how busy the process is. */
  start(): void {
    this.#gatekeeper.start();
  }

  /** A whole message came in. Never throws: what goes wrong is reported and costs this message only. */
  receive(message: SipMessage, wire: Wire): void {
    if (messageSeen.active) this.#engine.publish('in', message, wire);
    try {
      if (isRequest(message)) this.#receiveRequest(message, wire);
      else if (isResponse(message)) this.#receiveResponse(message, wire);
    } catch (cause) {
      this.#engine.report('internal', `A message could not be processed: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  /** A stream lost its framing: answers what was a request; the connection closes afterwards. */
  framingLost(fault: FrameFault, wire: Wire): void {
    this.#engine.report(fault.code, `A connection sent no SIP: ${fault.message}`, { wire });
    const { head } = fault;
    if (head === undefined || !isRequest(head) || head.method === 'ACK') return;
    this.#engine.transmit(wire, buildResponse(head, fault.status));
  }

  /** A call-back of the role threw: it is reported, and disturbs nobody. */
  callbackThrew(cause: unknown): void {
    this.#engine.report('callback-threw', `A call-back failed: ${messageOf(cause)}`, { cause });
  }

  /** See `SipServer.connection`. */
  connection(id: string): Wire | Promise<Wire | undefined> | undefined {
    return this.#engine.connection(id);
  }

  /** A connection of this process has closed. */
  connectionClosed(id: string): void {
    this.#engine.handover.closed(id);
  }

  /** Sends a request of our own; see `SipServer.request`. */
  request(message: SipRequest, destination: Destination, timeout: number): Promise<SipResponse> {
    const own = new OwnRequest(this.#engine, message, this.#branches.mark(message), timeout);
    this.#owns.add(own);
    return own.send(destination).finally(() => this.#owns.delete(own));
  }

  /** Refuses new requests (503), and still takes those of old transactions and dialogs; or takes all again. */
  refuseNew(refuse: boolean): void {
    this.#draining = refuse;
  }

  /** As `refuseNew(true)`; resolves when idle. */
  drain(): Promise<void> {
    this.refuseNew(true);
    return this.#layer.idle();
  }

  close(): void {
    this.#gatekeeper.close();
    for (const own of this.#owns) own.close();
    this.#engine.close();
  }

  dump(): ProxyDump {
    return {
      draining: this.#draining,
      requests: this.#requests,
      responses: this.#responses,
      overload: this.#gatekeeper.dump(),
      ...this.#engine.dump(),
    };
  }

  #receiveResponse(response: SipResponse, wire: Wire): void {
    this.#responses += 1;
    const fault = validate(response);
    if (fault !== undefined) {
      this.#engine.report(fault.code, `A response was dropped: ${fault.reason}`, { wire });
    } else if (!this.#layer.receiveResponse(response, wire)) {
      const passed = this.#engine.handover.passResponse(response, wire);
      if (!passed) this.#engine.strayResponse(response, wire);
    }
  }

  #receiveRequest(received: SipRequest, wire: Wire): void {
    this.#requests += 1;
    const fault = validate(received);
    if (fault !== undefined) {
      this.#refuseFault(received, fault, wire);
      return;
    }
    const request = repairStrictRoute(received, (host) => this.#ownHosts.has(host));
    const { method } = request;
    if (method === 'CANCEL') {
      this.#cancel(request, wire);
      return;
    }
    // Without any transaction there is none to find: the key costs more than the look.
    if (this.#layer.servers > 0 && this.#belongsToKnown(request, wire)) return;
    const stamped = stampedVia(request, wire.remote);
    if (method === 'ACK') {
      // Of an INVITE that was turned away: it ends here, and nobody behind us has seen its like.
      if (acknowledgesStateless(request)) return;
      this.#acknowledge(this.#contextOf(request, wire), wire, stamped);
    } else if (this.#mayTake(request, wire)) {
      this.#decide(request, wire, stamped);
    } else {
      this.#answer(request, wire, { status: 503, headers: this.#retryAfter() });
    }
  }

  /** True for what a transaction in progress has dealt with: its ACK, or the same request once more. */
  #belongsToKnown(request: SipRequest, wire: Wire): boolean {
    const known = this.#layer.server(serverKey(request, wire.scope));
    if (known === undefined) return false;
    if (request.method !== 'ACK') known.retransmission(wire);
    else if (known.accepted) return false;
    else known.ack();
    return true;
  }

  #contextOf(request: SipRequest, wire: Wire): RequestContext {
    const mark = this.#branches.mayHaveSeen(request) ? this.#branches.mark(request) : undefined;
    return contextOf(request, wire, this.#engine.clock.now(), mark);
  }

  /** In-dialog requests belong to old work, which a draining server finishes. */
  #mayTake(request: SipRequest, wire: Wire): boolean {
    if (this.#draining && request.to.tag === undefined) return false;
    const turned = this.#gatekeeper.turnsAway(request, wire, this.#layer.unfinished);
    if (turned === undefined) return true;
    this.#engine.report(turned.code, turned.message, { wire });
    return false;
  }

  /**
   * Asks the deciders. A request they answer at once needs no transaction: nothing is retransmitted over
   * TLS (RFC 3261 17.2.2), and only an INVITE has an ACK to come.
   */
  #decide(request: SipRequest, wire: Wire, stamped: string | undefined): void {
    const context = this.#contextOf(request, wire);
    const { method } = request;
    let outcome: Promise<Outcome> | Outcome;
    try {
      outcome = this.#handle(context);
      if (!(outcome instanceof Promise) && outcome.kind === 'respond' && method !== 'INVITE') {
        this.#engine.transmit(wire, buildAnswer(request, outcome, stamped));
        return;
      }
    } catch (cause) {
      this.#decisionFailed(this.#open(request, wire), stamped, cause);
      return;
    }
    const transaction = this.#open(request, wire);
    if (!(outcome instanceof Promise)) {
      this.#perform(transaction, context, outcome, stamped);
      return;
    }
    transaction.wait();
    outcome.then(
      (decided) => this.#perform(transaction, context, decided, stamped),
      (cause: unknown) => this.#decisionFailed(transaction, stamped, cause),
    );
  }

  #open(request: SipRequest, wire: Wire): ServerTransaction {
    return this.#layer.openServer(serverKey(request, wire.scope), request, wire);
  }

  #decisionFailed(
    transaction: ServerTransaction,
    stamped: string | undefined,
    cause: unknown,
  ): void {
    const { request, arrival } = transaction;
    this.#deciderThrew(request, arrival, cause);
    transaction.respond(buildAnswer(request, { status: 500 }, stamped));
  }

  #deciderThrew({ callId }: SipRequest, wire: Wire, cause: unknown): void {
    const message = `A decider failed: ${messageOf(cause)}`;
    this.#engine.report('decider-threw', message, { callId, cause, wire });
  }

  #perform(
    transaction: ServerTransaction,
    context: RequestContext,
    outcome: Outcome,
    stamped: string | undefined,
  ): void {
    try {
      if (transaction.cancelled && outcome.kind !== 'drop') {
        // The caller gave up while the deciders were thinking.
        transaction.respond(buildAnswer(context.request, { status: 487 }, stamped));
        return;
      }
      this.#carryOut(transaction, context, outcome, stamped);
    } catch (cause) {
      if (!transaction.finished) this.#decisionFailed(transaction, stamped, cause);
      else this.#engine.report('internal', `A request failed: ${messageOf(cause)}`, { cause });
    }
  }

  #carryOut(
    transaction: ServerTransaction,
    context: RequestContext,
    outcome: Outcome,
    stamped: string | undefined,
  ): void {
    const { request } = context;
    switch (outcome.kind) {
      case 'respond':
        transaction.respond(buildAnswer(request, outcome, stamped));
        break;
      case 'forward':
        this.#forward(transaction, context, outcome, stamped);
        break;
      case 'drop':
        this.#engine.report('dropped', outcome.reason, {
          callId: request.callId,
          wire: transaction.arrival,
        });
        transaction.abandon();
        break;
      case 'continue':
        // Every decider let it pass and none knew where to: there is nobody here by that name.
        transaction.respond(buildAnswer(request, { status: 404 }, stamped));
        break;
    }
  }

  #forward(
    transaction: ServerTransaction,
    context: RequestContext,
    outcome: Extract<Outcome, { kind: 'forward' }>,
    stamped: string | undefined,
  ): void {
    const { request } = context;
    const { plan } = outcome;
    const breadth = breadthOf(request, this.#limits.maxBreadth);
    let refusal: Answer | undefined;
    if (request.maxForwards === 0) refusal = { status: 483 };
    else if (breadth === 0) refusal = { status: 440, reason: 'Max-Breadth Exceeded' };
    else if (plan.groups.every(({ length }) => length === 0)) refusal = { status: 480 };
    if (refusal !== undefined) {
      transaction.respond(buildAnswer(request, refusal, stamped));
      return;
    }
    transaction.trying();
    new ResponseContext(
      this.#engine,
      transaction,
      { request, plan, stampedVia: stamped },
      context.loopMark ?? this.#branches.mark(request),
      context.receivedAt,
      breadth,
    ).begin();
  }

  #cancel(cancel: SipRequest, wire: Wire): void {
    const request = this.#layer.cancelled(cancel, wire);
    const elsewhere = request === undefined && this.#engine.handover.passCancel(cancel, wire);
    void settled(elsewhere, (found) => {
      this.#answer(cancel, wire, { status: request !== undefined || found ? 200 : 481 });
    });
    request?.cancelBy(cancel);
  }

  /** An ACK that ends no refusal belongs to a 2xx and travels on its own (RFC 3261 16.11). */
  #acknowledge(context: RequestContext, wire: Wire, stamped: string | undefined): void {
    const { request } = context;
    const perform = (outcome: Outcome): void => {
      if (outcome.kind !== 'forward' || request.maxForwards === 0) return;
      const { plan } = outcome;
      const mark = context.loopMark ?? this.#branches.mark(request);
      const frame = { request, plan, stampedVia: stamped };
      forwardStateless(this.#engine, frame, mark, breadthOf(request, this.#limits.maxBreadth));
    };
    const failed = (cause: unknown): void => this.#deciderThrew(request, wire, cause);
    try {
      const outcome = this.#handle(context);
      if (outcome instanceof Promise) outcome.then(perform).catch(failed);
      else perform(outcome);
    } catch (cause) {
      failed(cause);
    }
  }

  #refuseFault(request: SipRequest, fault: MessageFault, wire: Wire): void {
    this.#engine.report(fault.code, `A request was refused: ${fault.reason}`, { wire });
    if (request.method === 'ACK' || request.count('Via') === 0) return;
    this.#engine.transmit(
      wire,
      buildResponse(request, fault.status, fault.reason, { headers: fault.headers }),
    );
  }

  /** Answers without a transaction: on a reliable transport nothing has to remember it. */
  #answer(request: SipRequest, wire: Wire, answer: Answer): void {
    this.#engine.transmit(wire, buildAnswer(request, answer, stampedVia(request, wire.remote)));
  }

  #retryAfter(): readonly (readonly [string, string])[] {
    return [['Retry-After', String(this.#limits.retryAfter)]];
  }
}

function hostOf(sentBy: string): string {
  return sentBy.replace(/:\d+$/, '').toLowerCase();
}
