import { ping } from '#director';
import type { Gate, Self, UserLimit } from '#director';
import { loop, maxForwards } from '#sip';
import type { NamedDecider } from '#sip';
import type { Bindings } from './policy/bindings.ts';
import type { FrontEndContext, HopsTo } from './policy/context.ts';
import { deliver } from './policy/deliver.ts';
import type { DialogTokens } from './policy/dialog-token.ts';
import { followDialog } from './policy/follow-dialog.ts';
import type { DialogWays } from './policy/follow-dialog.ts';
import { identify } from './policy/identify.ts';
import { limitUser } from './policy/limit-user.ts';
import { locateTarget } from './policy/locate-target.ts';
import { register } from './policy/register.ts';
import type { RegistrationLimits } from './policy/registration.ts';
import { trustedPeer } from './policy/trusted-peer.ts';

/** What the chain asks and tells; sockets, clocks and databases are behind these. */
export interface Collaborators {
  readonly self: Self;
  readonly gate: Gate;
  readonly userLimit: UserLimit;
  readonly bindings: Bindings;
  readonly tokens: DialogTokens;
  readonly hopsTo: HopsTo;
  readonly connection: DialogWays['connection'];
  /** The SIP port of the plan. */
  readonly port: number;
  readonly registration?: RegistrationLimits;
}

/** The Front End, readable from top to bottom: the first decider that does not continue wins. */
export function frontEndChain(
  collaborators: Collaborators,
): readonly NamedDecider<FrontEndContext>[] {
  const { self, gate, userLimit, bindings, tokens, hopsTo, connection, port, registration } =
    collaborators;
  const { directory } = gate;
  const limits = registration === undefined ? {} : { limits: registration };
  return [
    trustedPeer(self),
    maxForwards,
    loop,
    ping(self),
    followDialog({ self, tokens, hopsTo, bindings, connection }),
    identify(gate),
    limitUser(userLimit),
    register({ self, directory, bindings, port, ...limits }),
    locateTarget(self, directory),
    deliver({ self, bindings, tokens, hopsTo, port }),
  ];
}
