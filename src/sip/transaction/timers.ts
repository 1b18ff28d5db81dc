/** Timer values of RFC 3261 table 4 and RFC 6026; milliseconds. */

/** Round-trip time estimate. */
export const T1 = 500;
/** Longest interval between retransmissions of a non-INVITE request or an INVITE response. */
export const T2 = 4_000;
/** Longest time a message stays in the network. */
export const T4 = 5_000;
/** How long a transaction waits for its peer: timers B, F, H, J, L, M. */
export const transactionTimeout = 64 * T1;

/** B: INVITE client gives up. */
export const timerB = transactionTimeout;
/** D: INVITE client absorbs retransmitted refusals; 0 on reliable transports. */
export const timerD = 32_000;
/** F: non-INVITE client gives up. */
export const timerF = transactionTimeout;
/** H: INVITE server waits for the ACK of its refusal. */
export const timerH = transactionTimeout;
/** I: INVITE server absorbs retransmitted ACKs; 0 on reliable transports. */
export const timerI = T4;
/** J: non-INVITE server absorbs retransmissions; 0 on reliable transports. */
export const timerJ = transactionTimeout;
/** K: non-INVITE client absorbs retransmitted responses; 0 on reliable transports. */
export const timerK = T4;
/** L: INVITE server lets further 2xx pass (RFC 6026 7.1). */
export const timerL = transactionTimeout;
/** M: INVITE client takes further 2xx (RFC 6026 7.2). */
export const timerM = transactionTimeout;
/**
 * When a non-INVITE server has to say 100 at last: the time a client's timer E takes to reach T2,
 * T1 + 2·T1 + 4·T1 (RFC 4320 4.1). The RFC gives this timer no letter; `100` stands for it.
 */
export const timer100 = 7 * T1;
/** When an INVITE server says 100 by itself (RFC 3261 17.2.1); `100` stands for it as well. */
export const timer100Invite = 200;
/** C: a proxy waits for the final answer to an INVITE; more than 3 minutes (RFC 3261 16.6). */
export const timerC = 185_000;

/** Timers by their letter. */
export type TimerName =
  | 'A'
  | 'B'
  | 'D'
  | 'E'
  | 'F'
  | 'G'
  | 'H'
  | 'I'
  | 'J'
  | 'K'
  | 'L'
  | 'M'
  | '100';
