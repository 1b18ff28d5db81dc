import type { NamedDecider, Outcome, RequestContext } from './model.ts';

/** The outcome that passes the request to the next decider. */
export const continueChain: Outcome = { kind: 'continue' };

/**
 * Asks the deciders in order; the first that does not continue wins. `continue` when all of them do.
 * At once as long as no decider has to wait. Throws, or rejects with, what a decider throws.
 */
export function runChain<C extends RequestContext>(
  deciders: readonly NamedDecider<C>[],
  context: C,
): Outcome | Promise<Outcome> {
  return runFrom(deciders, context, 0);
}

function runFrom<C extends RequestContext>(
  deciders: readonly NamedDecider<C>[],
  context: C,
  first: number,
): Outcome | Promise<Outcome> {
  for (let i = first; i < deciders.length; i++) {
    const outcome = deciders[i]?.decide(context) ?? continueChain;
    // Order matters: a decider relies on what those before it have established.
    if (outcome instanceof Promise) {
      return outcome.then((settled) =>
        settled.kind === 'continue' ? runFrom(deciders, context, i + 1) : settled,
      );
    }
    if (outcome.kind !== 'continue') return outcome;
  }
  return continueChain;
}
