import {
  clear,
  none,
  sendResponse,
  sendTrying,
  set,
  terminated,
  transportErrorToUser,
} from './effects.ts';
import type { Effects } from './effects.ts';
import { timer100, timerJ } from './timers.ts';
import type { TimerName } from './timers.ts';

export type ServerNonInviteState = 'Trying' | 'Proceeding' | 'Completed' | 'Terminated';

const start: Effects = [set('100', timer100)];
const send: Effects = [clear('100'), sendResponse];
const again: Effects = [sendResponse];
const answer: Effects = [clear('100'), sendResponse, terminated];
const answerUnreliable: Effects = [clear('100'), sendResponse, set('J', timerJ)];
const sayTrying: Effects = [sendTrying];
const ended: Effects = [terminated];
const broken: Effects = [clear('100'), clear('J'), transportErrorToUser, terminated];

/** Non-INVITE server transaction: RFC 3261 figure 8, with the late 100 of RFC 4320 4.1. */
export class ServerNonInvite {
  #state: ServerNonInviteState = 'Trying';
  readonly #reliable: boolean;

  /** `reliable`: TCP and TLS, which retransmit by themselves. */
  constructor(reliable: boolean) {
    this.#reliable = reliable;
  }

  get state(): ServerNonInviteState {
    return this.#state;
  }

  /** The request has just arrived and its answer has to wait. */
  start(): Effects {
    return start;
  }

  /** The transaction user answers with this status. */
  respond(status: number): Effects {
    switch (this.#state) {
      case 'Trying':
      case 'Proceeding':
        if (status < 200) return this.#to('Proceeding', send);
        // Timer J is 0 on reliable transports: Completed is left as soon as it is entered.
        return this.#reliable
          ? this.#to('Terminated', answer)
          : this.#to('Completed', answerUnreliable);
      case 'Completed':
      case 'Terminated':
        break;
    }
    return none;
  }

  /** The request came again. */
  retransmission(): Effects {
    return this.#state === 'Proceeding' || this.#state === 'Completed' ? again : none;
  }

  timer(name: TimerName): Effects {
    if (this.#state === 'Trying' && name === '100') return this.#to('Proceeding', sayTrying);
    if (this.#state === 'Completed' && name === 'J') return this.#to('Terminated', ended);
    return none;
  }

  /** A response could not be sent. */
  transportError(): Effects {
    return this.#state === 'Terminated' ? none : this.#to('Terminated', broken);
  }

  #to(state: ServerNonInviteState, effects: Effects): Effects {
    this.#state = state;
    return effects;
  }
}
