import type { NamedDecider, Outcome, RequestContext } from './model.ts';

/** The outcome that passes the request to the next decider. */
export const continueChain: Outcome = { kind: 'continue' };

/**
 * Asks the deciders in order; the first that does not continue wins. Resolves to `continue` when
 * all of them do. Rejects with what a decider throws.
 */
export async function runChain<C extends RequestContext>(
  deciders: readonly NamedDecider<C>[],
  context: C,
): Promise<Outcome> {
  for (const decider of deciders) {
    const outcome = decider.decide(context);
    // Order matters: a decider relies on what those before it have established.
    const settled = outcome instanceof Promise ? await outcome : outcome;
    if (settled.kind !== 'continue') return settled;
  }
  return continueChain;
}
