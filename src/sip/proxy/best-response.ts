import type { HeaderEdit, SipResponse } from '../message/index.ts';

/** 430: one flow of the user has failed, others may live (RFC 5626 11.5). 503: the peer is busy. */
const aboutPeer = new Set([430, 503]);

/** A final response of one branch. */
export interface Final {
  readonly response: SipResponse;
  /** Made here, because the branch never got one; our Via is not on it. */
  readonly local: boolean;
}

/** 4xx that tell the caller how to ask better go before other 4xx (RFC 3261 16.7 step 6). */
const helpful = new Set([401, 407, 415, 420, 484]);

/**
 * The final response to send when no branch succeeded (RFC 3261 16.7 step 6): any 6xx, else the
 * lowest class; within 4xx one that helps the caller; what a peer said before what was made here; what
 * is about a peer and not about the request last; the first to come otherwise. `finals` must not be
 * empty.
 */
export function bestResponse(finals: readonly Final[]): Final {
  let best: Final | undefined;
  for (const final of finals) {
    if (best === undefined || rank(final) < rank(best)) best = final;
  }
  if (best === undefined) throw new RangeError('A response context without a final response');
  return best;
}

function rank({ response, local }: Final): number {
  const { status } = response;
  const order = status >= 600 ? 0 : Math.floor(status / 100);
  const within = helpful.has(status) ? 0 : aboutPeer.has(status) ? 3 : local ? 2 : 1;
  return order * 10 + within;
}

/**
 * The challenges of the other branches, to be added to a 401 or 407 (RFC 3261 16.7 step 7), so that
 * the caller can answer all of them at once. Empty for other responses.
 */
export function otherChallenges(best: Final, finals: readonly Final[]): readonly HeaderEdit[] {
  const { status } = best.response;
  if (status !== 401 && status !== 407) return [];
  const edits: HeaderEdit[] = [];
  for (const { response } of finals) {
    if (response === best.response || (response.status !== 401 && response.status !== 407))
      continue;
    for (const name of ['WWW-Authenticate', 'Proxy-Authenticate'] as const) {
      for (const value of response.headers(name)) edits.push({ op: 'append', name, value });
    }
  }
  return edits;
}
