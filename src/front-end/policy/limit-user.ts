import type { UserLimit } from '#director';
import { continueChain } from '#sip';
import type { NamedDecider } from '#sip';
import type { FrontEndContext } from './context.ts';

/**
 * Refuses what a user sends too much of who proved here who they are (500 with Retry-After). Whom
 * Directors and other Front Ends vouch for has been counted there.
 */
export function limitUser(limit: UserLimit): NamedDecider<FrontEndContext> {
  return {
    name: 'limitUser',
    decide(context) {
      const { caller, provedHere } = context.facts;
      return caller === undefined || provedHere !== true
        ? continueChain
        : limit.judge(caller, context);
    },
  };
}
