import type { Clock, Siblings } from '#base';
import { faults, messageSeen } from '../channels.ts';
import { Handover } from '../handover/handover.ts';
import type { HandoverDump, HandoverOptions } from '../handover/handover.ts';
import type { SipMessage, SipRequest, SipResponse } from '../message/index.ts';
import { TransactionLayer } from '../transaction/layer.ts';
import type { TransactionHost } from '../transaction/layer.ts';
import type { ServerTransaction } from '../transaction/server.ts';
import { Timeouts } from '../transaction/timeouts.ts';
import type { SipLimits } from '../transport/limits.ts';
import type { Wire } from '../transport/wire.ts';
import type { BranchIds } from './branch-id.ts';
import { nobody } from './engine.ts';
import type { Dialler, Engine } from './engine.ts';
import type { SipHop } from './model.ts';

/** What the engine needs from the server around it. */
export interface ProxyEngineOptions {
  readonly clock: Clock;
  readonly limits: SipLimits;
  readonly dialler: Dialler;
  /** `host:port` for our Via on a connection with this label. */
  readonly sentBy: (label: string) => string;
  /** The connection of this process with this id. */
  readonly connection: HandoverOptions['connection'];
  /** The other processes of the host. */
  readonly siblings: Siblings;
  /** Where to dial for a response whose arrival connection is gone; absent: it is dropped. */
  readonly dialReply?: ((request: SipRequest) => SipHop | undefined) | undefined;
}

/** What is under way; a type, not an interface, so that it fits `Dump`. */
export type EngineDump = {
  readonly serverTransactions: number;
  readonly clientTransactions: number;
  /** Requests without their final response. */
  readonly unfinished: number;
  readonly timers: number;
  readonly handover: HandoverDump;
  /** Faults so far, by code. */
  readonly faults: { readonly [code: string]: number };
};

/** The outward half of the proxy: sends, finds connections, writes Vias, reports faults. */
export class ProxyEngine implements Engine, TransactionHost {
  readonly layer: TransactionLayer;
  readonly clock: Clock;
  readonly limits: SipLimits;
  readonly dialler: Dialler;
  readonly handover: Handover;
  readonly #options: ProxyEngineOptions;
  readonly #branches: BranchIds;
  /** `SIP/2.0/TLS host:port;branch=` by label. */
  readonly #vias = new Map<string, string>();
  readonly #faults = new Map<string, number>();

  /** `seed`: 32 random bits for hash tables. */
  constructor(options: ProxyEngineOptions, branches: BranchIds, seed: number) {
    this.clock = options.clock;
    this.limits = options.limits;
    this.dialler = options.dialler;
    this.#options = options;
    this.#branches = branches;
    this.layer = new TransactionLayer(this, new Timeouts(options.clock), seed);
    this.handover = new Handover({
      siblings: options.siblings,
      connection: options.connection,
      writerOf: (branch) => branches.writerOf(branch),
      received: (response, wire) => {
        if (!this.layer.receiveResponse(response, wire)) this.strayResponse(response, wire);
      },
      cancel: (cancel, wire) => {
        const request = this.layer.cancelled(cancel, wire);
        request?.cancelBy(cancel);
        return request !== undefined;
      },
    });
  }

  connection(id: string): Wire | Promise<Wire | undefined> | undefined {
    const wire = this.#options.connection(id);
    if (wire === undefined) return this.handover.wire(id);
    return wire.closed ? undefined : wire;
  }

  /** A response nobody waits for, at no process of the host. */
  strayResponse({ callId }: SipResponse, wire: Wire): void {
    this.report('stray-response', 'A response belongs to no transaction', { callId, wire });
  }

  via(label: string, branch: string): string {
    let via = this.#vias.get(label);
    if (via === undefined) {
      via = `SIP/2.0/TLS ${this.#options.sentBy(label)};branch=`;
      this.#vias.set(label, via);
    }
    return via + branch;
  }

  newBranch(mark: string): string {
    return this.#branches.next(mark);
  }

  report(
    code: string,
    message: string,
    more: { callId?: string; cause?: unknown; wire?: Wire } = {},
  ): void {
    this.#faults.set(code, (this.#faults.get(code) ?? 0) + 1);
    if (!faults.active) return;
    const { wire, callId, cause } = more;
    faults.publish({
      at: this.clock.now(),
      code,
      message,
      ...(wire === undefined ? {} : { connection: wire.id, remote: wire.remoteText }),
      ...(callId === undefined ? {} : { callId }),
      ...(cause === undefined ? {} : { cause }),
    });
  }

  transmit(wire: Wire, message: SipRequest | SipResponse): boolean {
    if (wire.closed) return false;
    if (messageSeen.active) this.publish('out', message, wire);
    return wire.send(message.toText());
  }

  responseLost(transaction: ServerTransaction, response: SipResponse): void {
    const { request, arrival } = transaction;
    const hop = this.#options.dialReply?.(request);
    if (hop === undefined) {
      this.#reportLost(request, arrival);
      return;
    }
    void this.#dialReply(hop, transaction, response);
  }

  /** Tells the message channel; callers check first that somebody listens. */
  publish(direction: 'in' | 'out', message: SipMessage, wire: Wire): void {
    messageSeen.publish({
      at: this.clock.now(),
      direction,
      local: wire.localText,
      remote: wire.remoteText,
      peer: wire.peer,
      label: wire.label,
      message,
    });
  }

  close(): void {
    this.layer.close();
    this.handover.close();
    this.layer.timeouts.close();
  }

  dump(): EngineDump {
    return {
      serverTransactions: this.layer.servers,
      clientTransactions: this.layer.clients,
      unfinished: this.layer.unfinished,
      timers: this.layer.timeouts.size,
      handover: this.handover.dump(),
      faults: Object.fromEntries(this.#faults),
    };
  }

  async #dialReply(
    hop: SipHop,
    { request, arrival }: ServerTransaction,
    response: SipResponse,
  ): Promise<void> {
    const wire = await this.dialler.connect(hop).catch(nobody);
    if (wire === undefined || !this.transmit(wire, response)) this.#reportLost(request, arrival);
  }

  #reportLost(request: SipRequest, wire: Wire): void {
    this.report('no-way-back', 'The connection a request came by is gone; its answer is lost', {
      callId: request.callId,
      wire,
    });
  }
}
