import {
  ackToUser,
  clear,
  sendResponse,
  sendTrying,
  set,
  terminated,
  timeoutToUser,
  transportErrorToUser,
} from './effects.ts';
import type { Effects } from './effects.ts';
import { Machine, classOf, go, resend, stay } from './figure.ts';
import type { Figure, ResponseClass } from './figure.ts';
import { T1, T2, timer100Invite, timerH, timerI, timerL } from './timers.ts';
import type { TimerName } from './timers.ts';

export type ServerInviteState =
  | 'Proceeding'
  | 'Accepted'
  | 'Completed'
  | 'Confirmed'
  | 'Terminated';
type Event =
  | `${ResponseClass} from user`
  | 'INVITE'
  | 'ACK'
  | `timer ${TimerName}`
  | 'transport error';

/** RFC 3261 figure 7 as RFC 6026 section 8.5 redraws it, with Accepted. */
function figure(reliable: boolean): Figure<ServerInviteState, Event> {
  // The user hears of it, and the timers end the transaction (RFC 6026 7.1).
  const lost = stay(transportErrorToUser);
  const refuse = [clear('100'), sendResponse];
  return {
    Proceeding: {
      '1xx from user': stay(clear('100'), sendResponse),
      '2xx from user': go('Accepted', clear('100'), sendResponse, set('L', timerL)),
      '300-699 from user': reliable
        ? go('Completed', ...refuse, set('H', timerH))
        : go('Completed', ...refuse, set('G', T1), set('H', timerH)),
      INVITE: stay(sendResponse),
      'timer 100': stay(sendTrying),
      'transport error': lost,
    },
    Accepted: {
      '2xx from user': stay(sendResponse),
      ACK: stay(ackToUser),
      'timer L': go('Terminated', terminated),
      'transport error': lost,
    },
    Completed: {
      INVITE: stay(sendResponse),
      // Timer I is 0 on reliable transports: Confirmed is left as soon as it is entered.
      ACK: reliable
        ? go('Terminated', clear('H'), terminated)
        : go('Confirmed', clear('G'), clear('H'), set('I', timerI)),
      'timer G': resend(sendResponse, 'G', T2),
      'timer H': go('Terminated', clear('G'), timeoutToUser, terminated),
      'transport error': lost,
    },
    Confirmed: {
      'timer I': go('Terminated', terminated),
      'transport error': lost,
    },
    Terminated: {},
  };
}

/** Written out, so that answering builds no strings. */
const fromUser = {
  '1xx': '1xx from user',
  '2xx': '2xx from user',
  '300-699': '300-699 from user',
} as const;

const overReliable = figure(true);
const overUnreliable = figure(false);
const start: Effects = [set('100', timer100Invite)];

/** INVITE server transaction. */
export class ServerInvite extends Machine<ServerInviteState, Event> {
  /** `reliable`: TCP and TLS, which retransmit by themselves. */
  constructor(reliable: boolean) {
    super(reliable ? overReliable : overUnreliable, 'Proceeding');
  }

  /** The request has just arrived and its answer has to wait. */
  start(): Effects {
    return start;
  }

  /** The transaction user answers with this status. */
  respond(status: number): Effects {
    return this.take(fromUser[classOf(status)]);
  }

  /** The request came again. */
  retransmission(): Effects {
    return this.take('INVITE');
  }

  /** An ACK matched. */
  ack(): Effects {
    return this.take('ACK');
  }

  timer(name: TimerName): Effects {
    return this.take(`timer ${name}`);
  }

  /** A response could not be sent. */
  transportError(): Effects {
    return this.take('transport error');
  }
}
