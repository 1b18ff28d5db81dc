import { continueChain } from '#sip';
import type { NamedDecider, Outcome } from '#sip';
import { addressesServer } from './context.ts';
import type { Self } from './context.ts';

/** The answer to OPTIONS addressed to the server itself (RFC 3261 11.2). */
export function capabilities(methods: readonly string[], supported: readonly string[]): Outcome {
  return {
    kind: 'respond',
    status: 200,
    reason: 'OK',
    headers: [
      ['Allow', methods.join(', ')],
      ['Accept', '*/*'],
      ['Supported', supported.join(', ')],
    ],
  };
}

/**
 * Answers OPTIONS addressed to this server, which is how the balancer and the probes learn that it
 * lives; OPTIONS for a user travel on. Needs no authentication: the answer is the same for everybody.
 */
export function ping(self: Self, answer: Outcome): NamedDecider {
  return {
    name: 'ping',
    decide: ({ request }) =>
      request.method === 'OPTIONS' && addressesServer(self, request.uri) ? answer : continueChain,
  };
}
