import type { SipRequest, SipResponse } from '../message/index.ts';
import type { Wire, WireWatcher } from '../transport/wire.ts';
import { ClientInvite } from './client-invite.ts';
import { ClientNonInvite } from './client-non-invite.ts';
import { ackFor } from './companions.ts';
import type { Effects } from './effects.ts';
import type { TransactionLayer } from './layer.ts';
import { Timeout } from './timeouts.ts';
import type { TimerName } from './timers.ts';

/** Hears of everything that becomes of a request. */
export interface ClientUser {
  /** Called for each response; more than one final one only for 2xx to INVITE. */
  onResponse(response: SipResponse, transaction: ClientTransaction): void;
  /** Nobody answered within timer B or F. */
  onTimeout(transaction: ClientTransaction): void;
  /** The connection closed before a final response. */
  onTransportError(transaction: ClientTransaction): void;
}

/** Drives a client machine over a connection. Connections are reliable, so one timer runs at most. */
export class ClientTransaction extends Timeout implements WireWatcher {
  readonly request: SipRequest;
  /** The branch of its Via, by which responses find it. */
  readonly key: string;
  tableNext: ClientTransaction | undefined = undefined;
  watchIndex = -1;
  readonly wire: Wire;
  /** Some response, provisional or final, has come. */
  answered = false;
  readonly #layer: TransactionLayer;
  /** Whoever hears of the responses. */
  user: ClientUser;
  readonly #machine: ClientInvite | ClientNonInvite;
  #timer: TimerName | undefined = undefined;
  #response: SipResponse | undefined = undefined;

  constructor(
    layer: TransactionLayer,
    request: SipRequest,
    branch: string,
    wire: Wire,
    user: ClientUser,
  ) {
    super();
    this.#layer = layer;
    this.request = request;
    this.key = branch;
    this.wire = wire;
    this.user = user;
    this.#machine =
      request.method === 'INVITE' ? new ClientInvite(true) : new ClientNonInvite(true);
  }

  /** Sends the request. The user may hear of a transport error before this returns. */
  start(): void {
    this.#run(this.#machine.start());
  }

  receive(response: SipResponse): void {
    this.answered = true;
    this.#response = response;
    this.#run(this.#machine.response(response.status));
    this.#response = undefined;
  }

  override expired(): void {
    const timer = this.#timer;
    this.#timer = undefined;
    if (timer !== undefined) this.#run(this.#machine.timer(timer));
  }

  wireClosed(): void {
    this.#run(this.#machine.transportError());
  }

  /** Ends the transaction without telling the user; a late response is a stray one then. */
  abandon(): void {
    this.#layer.forgetClient(this);
  }

  #run(effects: Effects): void {
    for (const effect of effects) {
      switch (effect.do) {
        case 'send':
          if (!this.#send(effect.what === 'ack')) {
            this.#run(this.#machine.transportError());
            return;
          }
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
          if (effect.what === 'timeout') this.user.onTimeout(this);
          else if (effect.what === 'transportError') this.user.onTransportError(this);
          else if (this.#response !== undefined) this.user.onResponse(this.#response, this);
          break;
        case 'terminated':
          this.#layer.forgetClient(this);
          break;
      }
    }
  }

  #send(ack: boolean): boolean {
    const { host } = this.#layer;
    if (!ack) return host.transmit(this.wire, this.request);
    // A lost ACK costs nothing here: the refusal itself is known, and goes up whatever happens.
    if (this.#response !== undefined) {
      host.transmit(this.wire, ackFor(this.request, this.#response));
    }
    return true;
  }
}
