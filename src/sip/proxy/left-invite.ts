import type { SipResponse } from '../message/index.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client.ts';
import { cancelFor } from '../transaction/companions.ts';
import type { TransactionLayer } from '../transaction/layer.ts';
import { Timeout } from '../transaction/timeouts.ts';
import { transactionTimeout } from '../transaction/timers.ts';

/** Sends the CANCEL of an INVITE that has been answered provisionally (RFC 3261 9.1). */
export function sendCancel(
  layer: TransactionLayer,
  invite: ClientTransaction,
  reason?: string,
): void {
  layer.openClient(cancelFor(invite.request, reason), invite.key, invite.wire, cancelUser).start();
}

/**
 * An INVITE whose hop said nothing, while the next hop has it already. Should the hop wake up, its
 * provisional response is answered by a CANCEL, so that it stops ringing; a 2xx that overtakes the
 * CANCEL is a call and belongs to the caller (RFC 3261 16.7 step 5).
 */
export class LeftInvite extends Timeout implements ClientUser {
  readonly #layer: TransactionLayer;
  readonly #invite: ClientTransaction;
  readonly #accepted: (response: SipResponse) => void;
  #cancelled = false;

  constructor(
    layer: TransactionLayer,
    invite: ClientTransaction,
    accepted: (response: SipResponse) => void,
  ) {
    super();
    this.#layer = layer;
    this.#invite = invite;
    this.#accepted = accepted;
  }

  /** Takes the transaction over. */
  begin(): void {
    this.#invite.user = this;
    if (this.#invite.answered) this.#cancel();
  }

  onResponse(response: SipResponse): void {
    if (response.status < 200) {
      this.#cancel();
      return;
    }
    this.#layer.timeouts.clear(this);
    if (response.status < 300) this.#accepted(response);
  }

  onTimeout(): void {
    this.#layer.timeouts.clear(this);
  }

  onTransportError(): void {
    this.#layer.timeouts.clear(this);
  }

  /** A peer that does not end its INVITE after the CANCEL never will (RFC 3261 9.1). */
  override expired(): void {
    this.#invite.abandon();
  }

  #cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    sendCancel(this.#layer, this.#invite);
    this.#layer.timeouts.set(this, transactionTimeout);
  }
}

/** Nobody waits for the answer to a CANCEL: what counts is the answer to the INVITE. */
const cancelUser: ClientUser = {
  onResponse() {},
  onTimeout() {},
  onTransportError() {},
};
