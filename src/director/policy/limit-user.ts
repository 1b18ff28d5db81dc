import { continueChain } from '#sip';
import type { NamedDecider } from '#sip';
import type { DirectorContext } from './context.ts';
import type { UserLimit } from './user-limit.ts';

/**
 * Refuses what a user sends too much of (500 with Retry-After). The users of a trusted peer are not
 * counted: many calls of a gateway may carry one number, and the peer has a rate of its own.
 */
export function limitUser(limit: UserLimit): NamedDecider<DirectorContext> {
  return {
    name: 'limitUser',
    decide(context) {
      const { caller, origin } = context.facts;
      return caller === undefined || origin === 'peer'
        ? continueChain
        : limit.judge(caller.aor, context);
    },
  };
}
