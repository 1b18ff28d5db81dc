import {
  ackToUser,
  clear,
  none,
  sendResponse,
  sendTrying,
  set,
  terminated,
  timeoutToUser,
  transportErrorToUser,
} from './effects.ts';
import type { Effects } from './effects.ts';
import { T1, T2, timer100Invite, timerH, timerI, timerL } from './timers.ts';
import type { TimerName } from './timers.ts';

export type ServerInviteState =
  | 'Proceeding'
  | 'Accepted'
  | 'Completed'
  | 'Confirmed'
  | 'Terminated';

const start: Effects = [set('100', timer100Invite)];
const sayTrying: Effects = [sendTrying];
const again: Effects = [sendResponse];
const send: Effects = [clear('100'), sendResponse];
const accept: Effects = [clear('100'), sendResponse, set('L', timerL)];
const refuse: Effects = [clear('100'), sendResponse, set('H', timerH)];
const refuseUnreliable: Effects = [clear('100'), sendResponse, set('G', T1), set('H', timerH)];
const confirmed: Effects = [clear('H'), terminated];
const confirmedUnreliable: Effects = [clear('G'), clear('H'), set('I', timerI)];
const pass: Effects = [ackToUser];
const neverConfirmed: Effects = [clear('G'), timeoutToUser, terminated];
const ended: Effects = [terminated];
const failed: Effects = [transportErrorToUser];

/** INVITE server transaction: RFC 3261 figure 7 as amended by RFC 6026 figure 7 (Accepted). */
export class ServerInvite {
  #state: ServerInviteState = 'Proceeding';
  #responded = false;
  #retransmitAfter = T1;
  readonly #reliable: boolean;

  /** `reliable`: TCP and TLS, which retransmit by themselves. */
  constructor(reliable: boolean) {
    this.#reliable = reliable;
  }

  get state(): ServerInviteState {
    return this.#state;
  }

  /** The request has just arrived and its answer has to wait. */
  start(): Effects {
    return start;
  }

  /** The transaction user answers with this status. */
  respond(status: number): Effects {
    switch (this.#state) {
      case 'Proceeding':
        this.#responded = true;
        if (status < 200) return send;
        if (status < 300) return this.#to('Accepted', accept);
        return this.#to('Completed', this.#reliable ? refuse : refuseUnreliable);
      case 'Accepted':
        return status >= 200 && status < 300 ? send : none;
      case 'Completed':
      case 'Confirmed':
      case 'Terminated':
        break;
    }
    return none;
  }

  /** The request came again. */
  retransmission(): Effects {
    switch (this.#state) {
      case 'Proceeding':
        return this.#responded ? again : none;
      case 'Completed':
        return again;
      case 'Accepted':
      case 'Confirmed':
      case 'Terminated':
        break;
    }
    return none;
  }

  /** An ACK matched. */
  ack(): Effects {
    switch (this.#state) {
      case 'Completed':
        // Timer I is 0 on reliable transports: Confirmed is left as soon as it is entered.
        return this.#reliable
          ? this.#to('Terminated', confirmed)
          : this.#to('Confirmed', confirmedUnreliable);
      case 'Accepted':
        return pass;
      case 'Proceeding':
      case 'Confirmed':
      case 'Terminated':
        break;
    }
    return none;
  }

  timer(name: TimerName): Effects {
    switch (this.#state) {
      case 'Completed':
        if (name === 'G') {
          this.#retransmitAfter = Math.min(this.#retransmitAfter * 2, T2);
          return [sendResponse, set('G', this.#retransmitAfter)];
        }
        return name === 'H' ? this.#to('Terminated', neverConfirmed) : none;
      case 'Accepted':
        return name === 'L' ? this.#to('Terminated', ended) : none;
      case 'Confirmed':
        return name === 'I' ? this.#to('Terminated', ended) : none;
      case 'Proceeding':
        if (name !== '100' || this.#responded) return none;
        this.#responded = true;
        return sayTrying;
      case 'Terminated':
        break;
    }
    return none;
  }

  /** A response could not be sent: the user hears of it, the timers end the transaction (RFC 6026 7.1). */
  transportError(): Effects {
    return this.#state === 'Terminated' ? none : failed;
  }

  #to(state: ServerInviteState, effects: Effects): Effects {
    this.#state = state;
    return effects;
  }
}
