import { continueChain, SipSyntaxError } from '#sip';
import type { EdgeDecider } from './context.ts';

/**
 * Answers an OPTIONS meant for the Edge itself (one of its names, no user): probes and clients ask
 * whether it is there. No secret is told and nothing is forwarded, so nobody has to authenticate.
 */
export const ping: EdgeDecider = {
  name: 'ping',
  decide: ({ request, tools }) => {
    if (request.method !== 'OPTIONS') return continueChain;
    try {
      const { user, host } = request.uri;
      if (user !== undefined || !tools.facts.own.has(host)) return continueChain;
    } catch (error) {
      // A Request-URI that is no SIP URI is not ours; whoever it is for will say so.
      if (error instanceof SipSyntaxError) return continueChain;
      throw error;
    }
    return {
      kind: 'respond',
      status: 200,
      headers: [
        ['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, MESSAGE, REGISTER, SUBSCRIBE, NOTIFY, REFER'],
        ['Accept', '*/*'],
      ],
    };
  },
};
