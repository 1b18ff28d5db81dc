import {
  clear,
  responseToUser,
  sendRequest,
  set,
  terminated,
  timeoutToUser,
  transportErrorToUser,
} from './effects.ts';
import type { Effects } from './effects.ts';
import { Machine, classOf, go, resend, stay } from './figure.ts';
import type { Figure, ResponseClass } from './figure.ts';
import { T1, T2, timerF, timerK } from './timers.ts';
import type { TimerName } from './timers.ts';

export type ClientNonInviteState = 'Trying' | 'Proceeding' | 'Completed' | 'Terminated';
type Event = ResponseClass | `timer ${TimerName}` | 'transport error';

/** RFC 3261 figure 6. */
function figure(reliable: boolean): Figure<ClientNonInviteState, Event> {
  // Timer K is 0 on reliable transports: Completed is left as soon as it is entered.
  const answered = reliable
    ? go('Terminated', clear('F'), responseToUser, terminated)
    : go('Completed', clear('E'), clear('F'), responseToUser, set('K', timerK));
  const waiting = {
    '1xx': go('Proceeding', responseToUser),
    '2xx': answered,
    '300-699': answered,
    'timer F': go('Terminated', clear('E'), timeoutToUser, terminated),
    'transport error': go('Terminated', clear('E'), clear('F'), transportErrorToUser, terminated),
  } as const;
  return {
    Trying: { ...waiting, 'timer E': resend(sendRequest, 'E', T2) },
    Proceeding: { ...waiting, 'timer E': stay(sendRequest, set('E', T2)) },
    Completed: { 'timer K': go('Terminated', terminated) },
    Terminated: {},
  };
}

const overReliable = figure(true);
const overUnreliable = figure(false);
const start: Effects = [sendRequest, set('F', timerF)];
const startUnreliable: Effects = [sendRequest, set('E', T1), set('F', timerF)];

/** Non-INVITE client transaction. */
export class ClientNonInvite extends Machine<ClientNonInviteState, Event> {
  readonly #reliable: boolean;

  /** `reliable`: TCP and TLS, which retransmit by themselves. */
  constructor(reliable: boolean) {
    super(reliable ? overReliable : overUnreliable, 'Trying');
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

  /** The request could not be sent, or its connection closed. */
  transportError(): Effects {
    return this.take('transport error');
  }
}
