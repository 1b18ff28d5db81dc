import { continueChain } from '#sip';
import type { NamedDecider, Outcome } from '#sip';
import { addressesServer } from './context.ts';
import type { Self } from './context.ts';

/** What a Director or Front End passes on; it ends no dialogs and no publications itself. */
const methods = [
  'REGISTER',
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'MESSAGE',
  'SUBSCRIBE',
  'NOTIFY',
  'REFER',
  'INFO',
  'UPDATE',
  'PRACK',
];

/** The answer to OPTIONS addressed to the server itself (RFC 3261 11.2). */
const capabilities: Outcome = {
  kind: 'respond',
  status: 200,
  reason: 'OK',
  headers: [
    ['Allow', methods.join(', ')],
    ['Accept', '*/*'],
    ['Supported', 'path, outbound'],
  ],
};

/**
 * Answers OPTIONS addressed to this server, which is how the balancer and the probes learn that it
 * lives; OPTIONS for a user travel on. Needs no authentication: the answer is the same for everybody.
 */
export function ping(self: Self): NamedDecider {
  return {
    name: 'ping',
    decide: ({ request }) =>
      request.method === 'OPTIONS' && addressesServer(self, request.uri)
        ? capabilities
        : continueChain,
  };
}
