import { assertedIdentity, proveCaller, refuse } from '#director';
import type { Gate } from '#director';
import { continueChain } from '#sip';
import type { NamedDecider } from '#sip';
import { isBelieved } from './context.ts';
import type { FrontEndContext } from './context.ts';

/**
 * Says who the request is from. Directors and Front Ends are believed (P-Asserted-Identity, RFC 3325);
 * internal clients, and remote users where the Edge has no Director before us, prove it by Digest. A
 * user switched off since they registered is refused (403, 4003). An ACK that no dialog led further
 * ends here. Sets `caller` and `provedHere`.
 */
export function identify(gate: Gate): NamedDecider<FrontEndContext> {
  const { self, directory } = gate;
  const source = self.host.fqdn;
  return {
    name: 'identify',
    async decide(context) {
      const { facts, request } = context;
      if (request.method === 'ACK') return { kind: 'drop', reason: 'ACK outside of any dialog' };
      if (isBelieved(facts.origin)) {
        const caller = assertedIdentity(request);
        if (caller === undefined) {
          // Inside a dialog it was for followDialog to know it: a Front End passes on what Edges and
          // clients with a token of its own may send, and vouches for nobody by that.
          return request.method === 'REGISTER' || request.to.tag !== undefined
            ? refuse(403, 'Forbidden', 'notAuthorized', source)
            : continueChain;
        }
        const user = await directory.find(caller);
        if (user?.enabled === false) return refuse(403, 'Forbidden', 'notEnabled', source);
        facts.caller = caller;
        return continueChain;
      }
      if (facts.origin === 'edge' && !entersHere(gate, context)) {
        return refuse(403, 'Forbidden', 'notAuthorized', source);
      }
      const proof = await proveCaller(gate, context);
      if ('refusal' in proof) return proof.refusal;
      facts.caller = proof.user.aor;
      facts.provedHere = true;
      return continueChain;
    },
  };
}

/** True when this Edge's next hop is our own pool: a deployment without Directors. */
function entersHere({ self }: Gate, { facts }: FrontEndContext): boolean {
  const edge = self.topology.edges.find(({ fqdn }) => fqdn === facts.peerHost?.fqdn);
  return edge !== undefined && edge.nextHop === self.host.pool;
}
