import { buildResponse } from '../message/index.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import type { Wire } from '../transport/wire.ts';
import type { Effects } from './effects.ts';
import type { TransactionLayer } from './layer.ts';
import { ServerInvite } from './server-invite.ts';
import { ServerNonInvite } from './server-non-invite.ts';
import { Timeout } from './timeouts.ts';
import type { TimerName } from './timers.ts';

/** Whoever works on the answer. */
export interface ServerUser {
  /**
   * The caller gave up: end the work, with a final response all the same (RFC 3261 9.2). `reason` is the
   * Reason of the CANCEL, to be passed on.
   */
  cancel(reason: string | undefined): void;
}

/** Drives a server machine over a connection. Connections are reliable, so one timer runs at most. */
export class ServerTransaction extends Timeout {
  readonly key: string;
  tableNext: ServerTransaction | undefined = undefined;
  readonly request: SipRequest;
  /** The connection the request came by, which counts it. */
  readonly arrival: Wire;
  /** Where responses go: `arrival`, or the connection of a later retransmission. */
  wire: Wire;
  user: ServerUser | undefined = undefined;
  /** A CANCEL came. */
  cancelled = false;
  readonly #layer: TransactionLayer;
  readonly #machine: ServerInvite | ServerNonInvite;
  #timer: TimerName | undefined = undefined;
  #latest: SipResponse | undefined = undefined;
  #waiting = false;
  #finished = false;

  constructor(layer: TransactionLayer, key: string, request: SipRequest, wire: Wire) {
    super();
    this.#layer = layer;
    this.key = key;
    this.request = request;
    this.arrival = wire;
    this.wire = wire;
    this.#machine =
      request.method === 'INVITE' ? new ServerInvite(true) : new ServerNonInvite(true);
  }

  /** A final response was given, or none will be. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Marks the transaction finished; for itself and its layer. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.user = undefined;
    this.#layer.serverFinished();
  }

  /** A 2xx to INVITE is out, and others may follow. */
  get accepted(): boolean {
    return this.#machine.state === 'Accepted';
  }

  /** The answer may take a while: its sender hears 100 when it begins to wonder. */
  wait(): void {
    if (this.#waiting || this.#finished) return;
    this.#waiting = true;
    this.#run(this.#machine.start());
  }

  /** The answer will come from elsewhere: an INVITE hears 100 at once, others as with `wait`. */
  trying(): void {
    this.wait();
    if (this.request.method === 'INVITE' && this.#latest === undefined) {
      this.respond(buildResponse(this.request, 100));
    }
  }

  /** Answers; a response the state no longer permits is not sent (a second refusal, for one). */
  respond(response: SipResponse): void {
    if (response.status >= 200) this.finish();
    const effects = this.#machine.respond(response.status);
    if (effects.length === 0) return;
    this.#latest = response;
    this.#run(effects);
  }

  /** The same request came again, perhaps by a new connection of the same peer. */
  retransmission(wire: Wire): void {
    if (this.wire.closed) this.wire = wire;
    this.#run(this.#machine.retransmission());
  }

  /** The ACK of a refusal came. */
  ack(): void {
    if (this.#machine instanceof ServerInvite) this.#run(this.#machine.ack());
  }

  /**
   * The caller's CANCEL came. Anything but an INVITE goes on: it could not be cancelled at the next hop
   * either (RFC 3261 9.1).
   */
  cancelBy(cancel: SipRequest): void {
    if (this.cancelled || this.#finished || this.request.method !== 'INVITE') return;
    this.cancelled = true;
    this.user?.cancel(cancel.header('Reason'));
  }

  /** Ends the transaction without an answer. */
  abandon(): void {
    this.#layer.forgetServer(this);
  }

  override expired(): void {
    const timer = this.#timer;
    this.#timer = undefined;
    if (timer !== undefined) this.#run(this.#machine.timer(timer));
  }

  #run(effects: Effects): void {
    for (const effect of effects) {
      switch (effect.do) {
        case 'send':
          this.#send(effect.what === 'trying');
          break;
        case 'setTimer':
          this.#timer = effect.timer;
          this.#layer.timeouts.set(this, effect.after);
          break;
        case 'clearTimer':
          if (this.#timer === effect.timer) {
            this.#timer = undefined;
            this.#layer.timeouts.clear(this);
          }
          break;
        case 'toUser':
          // An ACK of a 2xx is a request of its own, and a refusal nobody acknowledged is over.
          break;
        case 'terminated':
          this.#layer.forgetServer(this);
          break;
      }
    }
  }

  #send(trying: boolean): void {
    const { host } = this.#layer;
    if (trying) this.#latest = buildResponse(this.request, 100);
    if (this.#latest !== undefined && !host.transmit(this.wire, this.#latest)) {
      host.responseLost(this, this.#latest);
      this.#run(this.#machine.transportError());
    }
  }
}
