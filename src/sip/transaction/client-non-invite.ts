import {
  clear,
  none,
  responseToUser,
  sendRequest,
  set,
  terminated,
  timeoutToUser,
  transportErrorToUser,
} from './effects.ts';
import type { Effects } from './effects.ts';
import { T1, T2, timerF, timerK } from './timers.ts';
import type { TimerName } from './timers.ts';

export type ClientNonInviteState = 'Trying' | 'Proceeding' | 'Completed' | 'Terminated';

const start: Effects = [sendRequest, set('F', timerF)];
const startUnreliable: Effects = [sendRequest, set('E', T1), set('F', timerF)];
const pass: Effects = [responseToUser];
const answered: Effects = [clear('F'), responseToUser, terminated];
const answeredUnreliable: Effects = [clear('E'), clear('F'), responseToUser, set('K', timerK)];
const timedOut: Effects = [clear('E'), timeoutToUser, terminated];
const ended: Effects = [terminated];
const broken: Effects = [clear('E'), clear('F'), transportErrorToUser, terminated];

/** Non-INVITE client transaction: RFC 3261 figure 6. */
export class ClientNonInvite {
  #state: ClientNonInviteState = 'Trying';
  #retransmitAfter = T1;
  readonly #reliable: boolean;

  /** `reliable`: TCP and TLS, which retransmit by themselves. */
  constructor(reliable: boolean) {
    this.#reliable = reliable;
  }

  get state(): ClientNonInviteState {
    return this.#state;
  }

  /** The first event. */
  start(): Effects {
    return this.#reliable ? start : startUnreliable;
  }

  /** A response with this status matched. */
  response(status: number): Effects {
    switch (this.#state) {
      case 'Trying':
      case 'Proceeding':
        if (status < 200) return this.#to('Proceeding', pass);
        // Timer K is 0 on reliable transports: Completed is left as soon as it is entered.
        return this.#reliable
          ? this.#to('Terminated', answered)
          : this.#to('Completed', answeredUnreliable);
      case 'Completed':
      case 'Terminated':
        break;
    }
    return none;
  }

  timer(name: TimerName): Effects {
    const waiting = this.#state === 'Trying' || this.#state === 'Proceeding';
    if (waiting && name === 'E') {
      this.#retransmitAfter =
        this.#state === 'Proceeding' ? T2 : Math.min(this.#retransmitAfter * 2, T2);
      return [sendRequest, set('E', this.#retransmitAfter)];
    }
    if (waiting && name === 'F') return this.#to('Terminated', timedOut);
    if (this.#state === 'Completed' && name === 'K') return this.#to('Terminated', ended);
    return none;
  }

  /** The request could not be sent, or its connection closed. */
  transportError(): Effects {
    return this.#state === 'Trying' || this.#state === 'Proceeding'
      ? this.#to('Terminated', broken)
      : none;
  }

  #to(state: ClientNonInviteState, effects: Effects): Effects {
    this.#state = state;
    return effects;
  }
}
