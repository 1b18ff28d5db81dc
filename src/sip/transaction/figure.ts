import { none, set } from './effects.ts';
import type { Effect, Effects } from './effects.ts';
import type { TimerName } from './timers.ts';
import { T1 } from './timers.ts';

/** One arrow of a figure: where it leads, and what is written beside it. */
export interface Arrow<State extends string> {
  /** Absent: the state stays. */
  readonly to?: State;
  readonly effects: Effects;
  /** The arrow of a retransmission: its timer is set again, to twice the time. */
  readonly backOff?: { readonly timer: TimerName; readonly longest: number };
}

/** A figure of RFC 3261 section 17: the arrows that leave each state. What has no arrow is ignored. */
export type Figure<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, Arrow<State>>>>>
>;

/** An arrow to another state. */
export function go<State extends string>(to: State, ...effects: Effect[]): Arrow<State> {
  return { to, effects };
}

/** An arrow that leads back to where it began. */
export function stay(...effects: Effect[]): Arrow<never> {
  return { effects };
}

/** Sends once more and waits twice as long as before, `longest` milliseconds at most. */
export function resend(what: Effect, timer: TimerName, longest = Infinity): Arrow<never> {
  return { effects: [what], backOff: { timer, longest } };
}

/** Follows the arrows of a figure. Does nothing itself: effects go out as data. */
export class Machine<State extends string, Event extends string> {
  readonly #figure: Figure<State, Event>;
  #state: State;
  #interval = T1;

  constructor(figure: Figure<State, Event>, entry: State) {
    this.#figure = figure;
    this.#state = entry;
  }

  get state(): State {
    return this.#state;
  }

  protected take(event: Event): Effects {
    const arrow: Arrow<State> | undefined = this.#figure[this.#state][event];
    if (arrow === undefined) return none;
    const { to, effects, backOff } = arrow;
    if (to !== undefined) this.#state = to;
    if (backOff === undefined) return effects;
    this.#interval = Math.min(this.#interval * 2, backOff.longest);
    return [...effects, set(backOff.timer, this.#interval)];
  }
}

/** The classes of responses the figures tell apart. */
export type ResponseClass = '1xx' | '2xx' | '300-699';

/** The class of a status of 100 to 699. */
export function classOf(status: number): ResponseClass {
  if (status < 200) return '1xx';
  return status < 300 ? '2xx' : '300-699';
}
