import type { SipRequest, SipResponse } from '../message/index.ts';
import type { ClientTransaction, ClientUser } from '../transaction/client.ts';
import { Timeout } from '../transaction/timeouts.ts';
import { T1, timer100, timerC, transactionTimeout } from '../transaction/timers.ts';
import type { Wire } from '../transport/wire.ts';
import { Way, nobody } from './engine.ts';
import type { Engine } from './engine.ts';
import { LeftInvite, sendCancel } from './left-invite.ts';
import type { Target } from './model.ts';

/** Why a branch ended without a final response from its peer. */
export type BranchFailure = 'unreachable' | 'congested' | 'timeout' | 'cancelled' | 'internal';

/** What a branch belongs to. */
export interface BranchOwner {
  readonly method: string;
  readonly mark: string;
  /** The request as it goes out with this Via; undefined, and reported, when the edits are wrong. */
  compose(target: Target, via: string): SipRequest | undefined;
  /** A 101 to 199. */
  provisional(response: SipResponse): void;
  /** A 2xx; for INVITE perhaps one of several. `first` when it ends the branch. */
  success(branch: Branch, response: SipResponse, first: boolean): void;
  /** A 3xx to 6xx: the branch is over. */
  refused(branch: Branch, response: SipResponse): void;
  /** The branch is over without a word from its peer. */
  failed(branch: Branch, failure: BranchFailure): void;
}

/**
 * Milliseconds a hop may say nothing at all before the next one is asked. Whoever works on a request
 * says 100: to an INVITE at once, to others when 3.5 s have passed (RFC 4320 4.1); one second more is
 * for the way and for a busy moment. Timers B and F would keep a user waiting for 32 s.
 */
export const hopPatience = timer100 + 2 * T1;

type Wait = 'none' | 'redial' | 'patience' | 'timerC' | 'cancelled';

/**
 * One target's attempt: tries its hops in turn until one answers, and gives up a hop that does not
 * connect, closes or keeps silent before it has said anything, or answers 503.
 */
export class Branch extends Timeout implements ClientUser {
  readonly #engine: Engine;
  readonly #owner: BranchOwner;
  readonly target: Target;
  readonly #way: Way;
  #transaction: ClientTransaction | undefined = undefined;
  #wait: Wait = 'none';
  #redials = 0;
  #proceeding = false;
  #cancelWanted = false;
  #cancelSent = false;
  #cancelReason: string | undefined = undefined;
  #over = false;

  constructor(engine: Engine, owner: BranchOwner, target: Target) {
    super();
    this.#engine = engine;
    this.#owner = owner;
    this.target = target;
    this.#way = new Way(engine, target.via);
  }

  get over(): boolean {
    return this.#over;
  }

  /** Sends, or begins to connect. The owner may hear of a failure before this returns. */
  start(): void {
    const way = this.#way.open();
    if (way === undefined) this.#giveUp('unreachable');
    else if (way instanceof Promise) void this.#await(way);
    else this.#sendOn(way);
  }

  /**
   * Ends the branch: a pending INVITE is cancelled, everything else simply no longer counts. `reason` is
   * told to the peer (RFC 3326): a phone notes a call that was taken elsewhere differently from a missed one.
   */
  cancel(reason?: string): void {
    if (this.#over || this.#cancelWanted) return;
    this.#cancelWanted = true;
    this.#cancelReason = reason;
    // Only an INVITE can be cancelled; the answer to anything else is a stray one from now on.
    if (this.#transaction === undefined || this.#owner.method !== 'INVITE') {
      this.#giveUp('cancelled');
    } else if (this.#proceeding) this.#sendCancel();
    // Before a provisional response a CANCEL could overtake its INVITE (RFC 3261 9.1): it waits.
  }

  onResponse(response: SipResponse): void {
    const { status } = response;
    if (status < 200) this.#provisional(response);
    else if (status < 300) this.#success(response);
    else if (status === 503 && !this.#cancelWanted && this.#way.next()) this.#retry();
    else this.#end(() => this.#owner.refused(this, response));
  }

  onTimeout(): void {
    if (!this.#cancelWanted && this.#way.next()) this.#retry();
    else this.#giveUp('timeout');
  }

  onTransportError(transaction: ClientTransaction): void {
    // Whoever has answered provisionally is at work on the request: it must not be sent twice.
    if (transaction.answered) this.#giveUp('unreachable');
    else this.#tryElsewhere();
  }

  override expired(): void {
    const wait = this.#wait;
    this.#wait = 'none';
    if (wait === 'redial') this.start();
    else if (wait === 'patience') this.#losePatience();
    else if (wait === 'cancelled') this.#giveUp('cancelled');
    else if (wait === 'timerC') {
      // RFC 3261 16.8.
      if (this.#proceeding) this.cancel();
      else this.#giveUp('timeout');
    }
  }

  /** Never rejects: why there is no connection the dialler has reported. */
  async #await(way: Promise<Wire | undefined>): Promise<void> {
    const wire = await way.catch(nobody);
    if (this.#over) return;
    try {
      if (wire === undefined) this.#tryElsewhere();
      else this.#sendOn(wire);
    } catch (cause) {
      this.#engine.report('internal', 'A branch failed', { cause });
      this.#giveUp('internal');
    }
  }

  #sendOn(wire: Wire): void {
    if (wire.congested) {
      if (this.#way.next()) this.start();
      else this.#giveUp('congested');
      return;
    }
    const engine = this.#engine;
    const id = engine.newBranch(this.#owner.mark);
    const request = this.#owner.compose(this.target, engine.via(wire.label, id));
    if (request === undefined) {
      this.#giveUp('internal');
      return;
    }
    const transaction = engine.layer.openClient(request, id, wire, this);
    this.#transaction = transaction;
    if (this.#way.hasNext) this.#startTimer('patience', hopPatience);
    else if (request.method === 'INVITE') this.#startTimer('timerC', timerC);
    transaction.start();
  }

  /** The hop took the request and says nothing; the next one gets it, too. */
  #losePatience(): void {
    const silent = this.#transaction;
    // Nobody wants the answer any more: the end of the transaction is the end of the branch.
    if (silent === undefined || this.#cancelWanted) return;
    this.#way.leaveSilent();
    if (this.#owner.method === 'INVITE') this.#leaveInvite(silent);
    else silent.abandon();
    this.#transaction = undefined;
    this.start();
  }

  /** Only an INVITE that is accepted after all still counts. */
  #leaveInvite(invite: ClientTransaction): void {
    const left = new LeftInvite(this.#engine.layer, invite, (response) => {
      if (this.#over) {
        this.#owner.success(this, response, false);
        return;
      }
      if (this.#transaction !== undefined) this.#leaveInvite(this.#transaction);
      this.#end(() => this.#owner.success(this, response, true));
    });
    left.begin();
  }

  #retry(): void {
    this.#leaveTransaction();
    this.start();
  }

  /** The hop is gone: the next one, or the last one again after a moment. */
  #tryElsewhere(): void {
    if (this.#cancelWanted) {
      this.#giveUp('cancelled');
      return;
    }
    if (this.#way.next()) {
      this.#retry();
      return;
    }
    const delay = this.#way.canRedial ? this.#engine.limits.redialDelays[this.#redials] : undefined;
    if (delay === undefined) {
      this.#giveUp('unreachable');
      return;
    }
    this.#redials += 1;
    this.#leaveTransaction();
    if (delay === 0) this.start();
    else this.#startTimer('redial', delay);
  }

  #provisional(response: SipResponse): void {
    if (!this.#proceeding) {
      this.#proceeding = true;
      if (this.#wait === 'patience') this.#rest();
      if (this.#cancelWanted) this.#sendCancel();
    }
    // A 100 is hop by hop, and RFC 4320 4.1 lets nothing else provisional through for non-INVITE.
    if (response.status === 100 || this.#owner.method !== 'INVITE') return;
    if (this.#wait === 'timerC') this.#startTimer('timerC', timerC);
    this.#owner.provisional(response);
  }

  /** The hop lives: from here on it may take as long as anybody. */
  #rest(): void {
    if (this.#owner.method === 'INVITE') this.#startTimer('timerC', timerC);
    else this.#stopTimer();
  }

  #success(response: SipResponse): void {
    if (this.#over) this.#owner.success(this, response, false);
    else this.#end(() => this.#owner.success(this, response, true));
  }

  #sendCancel(): void {
    const invite = this.#transaction;
    if (invite === undefined || this.#cancelSent) return;
    this.#cancelSent = true;
    sendCancel(this.#engine.layer, invite, this.#cancelReason);
    // A peer that does not end its INVITE after the CANCEL never will (RFC 3261 9.1).
    if (!this.#over) this.#startTimer('cancelled', transactionTimeout);
  }

  #startTimer(wait: Wait, milliseconds: number): void {
    this.#wait = wait;
    this.#engine.layer.timeouts.set(this, milliseconds);
  }

  #leaveTransaction(): void {
    this.#transaction?.abandon();
    this.#transaction = undefined;
    this.#proceeding = false;
    this.#stopTimer();
  }

  #stopTimer(): void {
    this.#wait = 'none';
    this.#engine.layer.timeouts.clear(this);
  }

  #giveUp(failure: BranchFailure): void {
    this.#transaction?.abandon();
    const cancelled = this.#cancelWanted;
    this.#end(() => this.#owner.failed(this, cancelled ? 'cancelled' : failure));
  }

  #end(tell: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopTimer();
    tell();
  }
}
