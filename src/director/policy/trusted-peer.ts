import { continueChain } from '#sip';
import type { NamedDecider } from '#sip';
import { originOf } from './context.ts';
import type { DirectorContext, Self } from './context.ts';
import { refuse } from './diagnostics.ts';

/**
 * Tells Edges, neighbours and clients apart and refuses everybody else (403, 1010). Sets `origin`.
 * Certificates were checked when the connection opened; this is the second lock: a host of the topology
 * still may ask only for what a flow of its role brings.
 */
export function trustedPeer(self: Self): NamedDecider<DirectorContext> {
  return {
    name: 'trustedPeer',
    decide(context) {
      const origin = originOf(self, context);
      if (origin === undefined || (origin === 'neighbour' && !asksForLife(context))) {
        return refuse(403, 'Forbidden', 'untrustedPeer', self.host.fqdn);
      }
      context.facts.origin = origin;
      return continueChain;
    },
  };
}

function asksForLife({ request }: DirectorContext): boolean {
  return request.method === 'OPTIONS' && request.uri.user === undefined;
}
