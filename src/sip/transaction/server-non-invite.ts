import {
  clear,
  sendResponse,
  sendTrying,
  set,
  terminated,
  transportErrorToUser,
} from './effects.ts';
import type { Effects } from './effects.ts';
import { Machine, go, stay } from './figure.ts';
import type { Figure } from './figure.ts';
import { timer100, timerJ } from './timers.ts';
import type { TimerName } from './timers.ts';

export type ServerNonInviteState = 'Trying' | 'Proceeding' | 'Completed' | 'Terminated';
type Event =
  | '1xx from user'
  | '200-699 from user'
  | 'request'
  | `timer ${TimerName}`
  | 'transport error';

/** RFC 3261 figure 8, with the late 100 of RFC 4320 section 4.1. */
function figure(reliable: boolean): Figure<ServerNonInviteState, Event> {
  // Timer J is 0 on reliable transports: Completed is left as soon as it is entered.
  const answer = reliable
    ? go('Terminated', clear('100'), sendResponse, terminated)
    : go('Completed', clear('100'), sendResponse, set('J', timerJ));
  const broken = go('Terminated', clear('100'), clear('J'), transportErrorToUser, terminated);
  return {
    Trying: {
      '1xx from user': go('Proceeding', clear('100'), sendResponse),
      '200-699 from user': answer,
      'timer 100': go('Proceeding', sendTrying),
      'transport error': broken,
    },
    Proceeding: {
      '1xx from user': stay(sendResponse),
      '200-699 from user': answer,
      request: stay(sendResponse),
      'transport error': broken,
    },
    Completed: {
      request: stay(sendResponse),
      'timer J': go('Terminated', terminated),
      'transport error': broken,
    },
    Terminated: {},
  };
}

const overReliable = figure(true);
const overUnreliable = figure(false);
const start: Effects = [set('100', timer100)];

/** Non-INVITE server transaction. */
export class ServerNonInvite extends Machine<ServerNonInviteState, Event> {
  /** `reliable`: TCP and TLS, which retransmit by themselves. */
  constructor(reliable: boolean) {
    super(reliable ? overReliable : overUnreliable, 'Trying');
  }

  /** The request has just arrived and its answer has to wait. */
  start(): Effects {
    return start;
  }

  /** The transaction user answers with this status. */
  respond(status: number): Effects {
    return this.take(status < 200 ? '1xx from user' : '200-699 from user');
  }

  /** The request came again. */
  retransmission(): Effects {
    return this.take('request');
  }

  timer(name: TimerName): Effects {
    return this.take(`timer ${name}`);
  }

  /** A response could not be sent. */
  transportError(): Effects {
    return this.take('transport error');
  }
}
