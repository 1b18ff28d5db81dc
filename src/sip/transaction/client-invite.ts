import {
  clear,
  none,
  responseToUser,
  sendAck,
  sendRequest,
  set,
  terminated,
  timeoutToUser,
  transportErrorToUser,
} from './effects.ts';
import type { Effects } from './effects.ts';
import { T1, timerB, timerD, timerM } from './timers.ts';
import type { TimerName } from './timers.ts';

export type ClientInviteState = 'Calling' | 'Proceeding' | 'Accepted' | 'Completed' | 'Terminated';

const start: Effects = [sendRequest, set('B', timerB)];
const startUnreliable: Effects = [sendRequest, set('A', T1), set('B', timerB)];
const provisionalFirst: Effects = [clear('A'), clear('B'), responseToUser];
const pass: Effects = [responseToUser];
const acceptedFirst: Effects = [clear('A'), clear('B'), responseToUser, set('M', timerM)];
const refused: Effects = [clear('A'), clear('B'), sendAck, responseToUser, terminated];
const refusedUnreliable: Effects = [
  clear('A'),
  clear('B'),
  sendAck,
  responseToUser,
  set('D', timerD),
];
const again: Effects = [sendAck];
const timedOut: Effects = [clear('A'), timeoutToUser, terminated];
const ended: Effects = [terminated];
const broken: Effects = [
  clear('A'),
  clear('B'),
  clear('D'),
  clear('M'),
  transportErrorToUser,
  terminated,
];

/** INVITE client transaction: RFC 3261 figure 5 as amended by RFC 6026 figure 5 (Accepted). */
export class ClientInvite {
  #state: ClientInviteState = 'Calling';
  #retransmitAfter = T1;
  readonly #reliable: boolean;

  /** `reliable`: TCP and TLS, which retransmit by themselves. */
  constructor(reliable: boolean) {
    this.#reliable = reliable;
  }

  get state(): ClientInviteState {
    return this.#state;
  }

  /** The first event. */
  start(): Effects {
    return this.#reliable ? start : startUnreliable;
  }

  /** A response with this status matched. */
  response(status: number): Effects {
    switch (this.#state) {
      case 'Calling':
        if (status < 200) return this.#to('Proceeding', provisionalFirst);
        return this.#final(status);
      case 'Proceeding':
        if (status < 200) return pass;
        return this.#final(status);
      case 'Accepted':
        // Every 2xx goes up: each may open a dialog of its own (RFC 6026 7.2).
        return status >= 200 && status < 300 ? pass : none;
      case 'Completed':
        return status >= 300 ? again : none;
      case 'Terminated':
        break;
    }
    return none;
  }

  timer(name: TimerName): Effects {
    if (this.#state === 'Calling') {
      if (name === 'A') {
        this.#retransmitAfter *= 2;
        return [sendRequest, set('A', this.#retransmitAfter)];
      }
      if (name === 'B') return this.#to('Terminated', timedOut);
    }
    if (this.#state === 'Completed' && name === 'D') return this.#to('Terminated', ended);
    if (this.#state === 'Accepted' && name === 'M') return this.#to('Terminated', ended);
    return none;
  }

  /** The request, or the ACK, could not be sent. */
  transportError(): Effects {
    switch (this.#state) {
      case 'Calling':
      case 'Proceeding':
      case 'Completed':
        return this.#to('Terminated', broken);
      case 'Accepted':
        // The final answer is through; only further 2xx are lost with the connection.
        return this.#to('Terminated', [clear('M'), terminated]);
      case 'Terminated':
        break;
    }
    return none;
  }

  #final(status: number): Effects {
    if (status < 300) return this.#to('Accepted', acceptedFirst);
    // Timer D is 0 on reliable transports: Completed is left as soon as it is entered.
    return this.#reliable
      ? this.#to('Terminated', refused)
      : this.#to('Completed', refusedUnreliable);
  }

  #to(state: ClientInviteState, effects: Effects): Effects {
    this.#state = state;
    return effects;
  }
}
