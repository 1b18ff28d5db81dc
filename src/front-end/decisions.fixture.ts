import type { Clock } from '#base';
import { SignInBackoff, UserLimit } from '#director';
import { DigestAuthority, verifiersOf } from '#identity';
import type { UserDirectory } from '#identity';
import { servicePort } from '#ports';
import { runChain } from '#sip';
import type { Outcome, RequestContext } from '#sip';
import { frontEndChain } from './chain.ts';
import { alice, bob, carol, fe01, plan, tokens } from './front-end.fixture.ts';
import { Bindings } from './policy/bindings.ts';

/** The password of every user of these tests. */
export const password = 'correct horse';

/** What a Front End decides, without its sockets. */
export interface FrontEndDecisions {
  readonly decide: (context: RequestContext) => Outcome | Promise<Outcome>;
  /** The connection with this id is gone. */
  readonly closed: (id: string) => void;
}

/**
 * The Front End's real chain with real Digest authentication and bindings of its own; alone in its pool,
 * so that nobody else is asked for a user who is not bound here.
 */
export function frontEndDecisions(clock: Clock): FrontEndDecisions {
  const users = [
    alice,
    bob,
    { ...carol, enabled: true },
    { ...carol, aor: 'disabled@contoso.com' },
  ];
  const found = (aor: string) => users.find((user) => user.aor === aor.toLowerCase());
  const directory: UserDirectory = {
    find: found,
    verifier: (aor, algorithm, form = 'local') =>
      found(aor) === undefined ? undefined : verifiersOf(aor, password)[algorithm]?.[form],
    close() {},
  };
  const secret = Buffer.alloc(32, 3);
  const { sipDomains, users: configured } = plan.topology;
  const realms = new Map(
    sipDomains.map((realm) => [
      realm,
      new DigestAuthority({ secret, realm, algorithms: configured.digest, clock }),
    ]),
  );
  const bindings = new Bindings();
  const chain = frontEndChain({
    self: fe01,
    gate: { self: fe01, realms, directory, backoff: new SignInBackoff() },
    userLimit: new UserLimit(plan.topology.limits.user, 1),
    bindings,
    tokens,
    hopsTo: () => [],
    connection: () => undefined,
    port: servicePort(plan, 'sip'),
  });
  return {
    decide: (context) => runChain(chain, { ...context, facts: {} }),
    closed: (id) => bindings.removeConnection(id),
  };
}
