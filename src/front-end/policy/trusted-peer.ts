import { refuse } from '#director';
import type { Self } from '#director';
import { continueChain } from '#sip';
import type { NamedDecider } from '#sip';
import { originOf } from './context.ts';
import type { FrontEndContext } from './context.ts';

/**
 * Tells Directors, Front Ends, Edges, neighbours and internal clients apart and refuses everybody else
 * (403, 1010). Sets `origin` and `peerHost`.
 */
export function trustedPeer(self: Self): NamedDecider<FrontEndContext> {
  return {
    name: 'trustedPeer',
    decide(context) {
      const { request, facts } = context;
      const known = originOf(self, context);
      const asksForLife = request.method === 'OPTIONS' && request.uri.user === undefined;
      if (known === undefined || (known.origin === 'neighbour' && !asksForLife)) {
        return refuse(403, 'Forbidden', 'untrustedPeer', self.host.fqdn);
      }
      facts.origin = known.origin;
      if (known.host !== undefined) facts.peerHost = known.host;
      return continueChain;
    },
  };
}
