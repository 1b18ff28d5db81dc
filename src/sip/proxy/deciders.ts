import { continueChain } from './chain.ts';
import type { NamedDecider, Outcome } from './model.ts';

const tooManyHops: Outcome = { kind: 'respond', status: 483, reason: 'Too Many Hops' };
const loopDetected: Outcome = { kind: 'respond', status: 482, reason: 'Loop Detected' };

/** Answers 483 to a request that may travel no further (RFC 3261 16.3 step 3). */
export const maxForwards: NamedDecider = {
  name: 'maxForwards',
  decide: ({ request }) => (request.maxForwards === 0 ? tooManyHops : continueChain),
};

/**
 * Answers 482 to a request that was here before and has not changed since (RFC 5393 4.2); one that
 * comes back with another Request-URI or Route is a spiral and passes.
 */
export const loop: NamedDecider = {
  name: 'loop',
  decide: ({ request, loopMark }) =>
    loopMark !== undefined && request.head.includes(loopMark) ? loopDetected : continueChain,
};
