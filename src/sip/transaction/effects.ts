import type { TimerName } from './timers.ts';

/**
 * What a transaction wants done, in this order. Machines do nothing themselves: whoever drives them
 * sends, sets timers and tells the transaction user.
 */
export type Effect =
  /** Send the request, the ACK of a refusal, or the latest response (if there is one), once more or for the first time. */
  | { readonly do: 'send'; readonly what: 'request' | 'ack' | 'response' | 'trying' }
  /** Milliseconds; replaces a running timer of the same name. */
  | { readonly do: 'setTimer'; readonly timer: TimerName; readonly after: number }
  | { readonly do: 'clearTimer'; readonly timer: TimerName }
  /** Tell the transaction user: the response just received, the ACK just received, or a failure. */
  | { readonly do: 'toUser'; readonly what: 'response' | 'ack' | 'timeout' | 'transportError' }
  /** The last effect of every transaction: forget it. */
  | { readonly do: 'terminated' };

export type Effects = readonly Effect[];

// Effects carry no message, so each exists once and a transition allocates nothing.
export const none: Effects = [];
export const sendRequest: Effect = { do: 'send', what: 'request' };
export const sendAck: Effect = { do: 'send', what: 'ack' };
export const sendResponse: Effect = { do: 'send', what: 'response' };
export const sendTrying: Effect = { do: 'send', what: 'trying' };
export const responseToUser: Effect = { do: 'toUser', what: 'response' };
export const ackToUser: Effect = { do: 'toUser', what: 'ack' };
export const timeoutToUser: Effect = { do: 'toUser', what: 'timeout' };
export const transportErrorToUser: Effect = { do: 'toUser', what: 'transportError' };
export const terminated: Effect = { do: 'terminated' };

/** Sets `timer` to go off in `after` milliseconds. */
export function set(timer: TimerName, after: number): Effect {
  return { do: 'setTimer', timer, after };
}

/** Stops `timer`. */
export function clear(timer: TimerName): Effect {
  return { do: 'clearTimer', timer };
}
