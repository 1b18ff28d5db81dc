import {
  clear,
  responseToUser,
  sendAck,
  sendRequest,
  set,
  terminated,
  timeoutToUser,
  transportErrorToUser,
} from './effects.ts';
import type { Effects } from './effects.ts';
import { Machine, classOf, go, resend, stay } from './figure.ts';
import type { Figure, ResponseClass } from './figure.ts';
import { T1, timerB, timerD, timerM } from './timers.ts';
import type { TimerName } from './timers.ts';

export type ClientInviteState = 'Calling' | 'Proceeding' | 'Accepted' | 'Completed' | 'Terminated';
type Event = ResponseClass | `timer ${TimerName}` | 'transport error';

/** RFC 3261 figure 5 as RFC 6026 section 8.4 redraws it, with Accepted. */
function figure(reliable: boolean): Figure<ClientInviteState, Event> {
  const stop = [clear('A'), clear('B')];
  // Timer D is 0 on reliable transports: Completed is left as soon as it is entered.
  const refused = reliable
    ? go('Terminated', ...stop, sendAck, responseToUser, terminated)
    : go('Completed', ...stop, sendAck, responseToUser, set('D', timerD));
  const accepted = go('Accepted', ...stop, responseToUser, set('M', timerM));
  const broken = go('Terminated', ...stop, clear('D'), transportErrorToUser, terminated);
  return {
    Calling: {
      '1xx': go('Proceeding', ...stop, responseToUser),
      '2xx': accepted,
      '300-699': refused,
      'timer A': resend(sendRequest, 'A'),
      'timer B': go('Terminated', clear('A'), timeoutToUser, terminated),
      'transport error': broken,
    },
    Proceeding: {
      '1xx': stay(responseToUser),
      '2xx': accepted,
      '300-699': refused,
      'transport error': broken,
    },
    Accepted: {
      // Every 2xx goes up: each may open a dialog of its own (RFC 6026 7.2).
      '2xx': stay(responseToUser),
      'timer M': go('Terminated', terminated),
      // The final answer is through; only further 2xx are lost with the connection.
      'transport error': go('Terminated', clear('M'), terminated),
    },
    Completed: {
      '300-699': stay(sendAck),
      'timer D': go('Terminated', terminated),
      'transport error': broken,
    },
    Terminated: {},
  };
}

const overReliable = figure(true);
const overUnreliable = figure(false);
const start: Effects = [sendRequest, set('B', timerB)];
const startUnreliable: Effects = [sendRequest, set('A', T1), set('B', timerB)];

/** INVITE client transaction. */
export class ClientInvite extends Machine<ClientInviteState, Event> {
  readonly #reliable: boolean;

  /** `reliable`: TCP and TLS, which retransmit by themselves. */
  constructor(reliable: boolean) {
    super(reliable ? overReliable : overUnreliable, 'Calling');
    this.#reliable = reliable;
  }

  /** The first event. */
  start(): Effects {
    return this.#reliable ? start : startUnreliable;
  }

  /** A response with this status matched. */
  response(status: number): Effects {
    return this.take(classOf(status));
  }

  timer(name: TimerName): Effects {
    return this.take(`timer ${name}`);
  }

  /** The request, or the ACK, could not be sent. */
  transportError(): Effects {
    return this.take('transport error');
  }
}
