import type { HeaderEdit, NamedDecider, Outcome, SipHop, SipRequest } from '#sip';
import type { Host, Pool } from '#topology';
import { realmOf } from './authenticate.ts';
import { uriOf } from './context.ts';
import type { DirectorContext, Self } from './context.ts';
import { diagnosticsHeader } from './diagnostics.ts';

/** Where a host's SIP service is reached from here; empty when no flow leads there. */
export type Hops = (host: Host) => readonly SipHop[];

/** q of the first and of the second pool in a redirect; the client tries the higher one first. */
const ranks = ['0.7', '0.3'];

/**
 * The answer that sends an internal client to its home pool: the pools by name only, the one to try
 * first in front. `port` is the SIP port of the plan.
 */
export function redirectToHome(method: string, pools: readonly Pool[], port: number): Outcome {
  const [first, second] = pools;
  const registers = method === 'REGISTER';
  const known = (first === undefined ? undefined : answers.get(first)) ?? [];
  for (const each of known) {
    if (each.second === second && each.port === port && each.registers === registers) {
      return each.outcome;
    }
  }
  const outcome = buildRedirect(registers, pools, port);
  if (first !== undefined) answers.set(first, [...known, { second, port, registers, outcome }]);
  return outcome;
}

/** A redirect that was given before. */
interface Redirect {
  readonly second: Pool | undefined;
  readonly port: number;
  readonly registers: boolean;
  readonly outcome: Outcome;
}

/** By the pool to try first; a pool has one backup, so there are few for each. */
const answers = new WeakMap<Pool, readonly Redirect[]>();

function buildRedirect(registers: boolean, pools: readonly Pool[], port: number): Outcome {
  // Frozen, so that the lines of the answer are written once.
  const headers = Object.freeze(
    pools
      .slice(0, ranks.length)
      .map((pool, index): [string, string] => [
        'Contact',
        `<sip:${pool.fqdn}:${port};transport=tls>;q=${ranks[index]}`,
      ]),
  );
  // A registration moves for good. Other requests keep their addressee and only take another way,
  // which is what 305 says; a 301 would replace the addressee by the pool (RFC 3261 21.3.4).
  return registers
    ? { kind: 'respond', status: 301, reason: 'Redirect request to Home Server', headers }
    : { kind: 'respond', status: 305, reason: 'Use Home Server', headers };
}

/**
 * The last decider. Internal clients are told their home and come back to the Director only to ask
 * again; so are trusted peers that register a user. Remote users, who could not reach their home pool,
 * and what else peers bring are passed on with the identity established here (RFC 3325) and without the
 * credentials spent here (RFC 3261 22.3).
 */
export function redirectOrProxy(
  self: Self,
  hopsTo: Hops,
  port: number,
): NamedDecider<DirectorContext> {
  const unreachable = {
    status: 504,
    reason: 'Server Time-out',
    headers: [diagnosticsHeader('unreachable', self.host.fqdn)],
  };
  return {
    name: 'redirectOrProxy',
    decide({ facts, request }) {
      const { caller, home } = facts;
      if (caller === undefined || home === undefined) return { kind: 'respond', ...unreachable };
      const redirected =
        facts.origin === 'client' || (facts.origin === 'peer' && request.method === 'REGISTER');
      if (redirected) return redirectToHome(request.method, home.pools, port);
      const hops = home.servers().flatMap((server) => hopsTo(server));
      if (hops.length === 0) return { kind: 'respond', ...unreachable };
      return {
        kind: 'forward',
        plan: {
          groups: [[{ via: { kind: 'hops', hops } }]],
          // The user decides about the way, never a Route the client wrote.
          edits: [{ op: 'remove', name: 'Route' }, ...identityEdits(self, request, caller.aor)],
          unreachable,
        },
      };
    },
  };
}

/**
 * Edits for a request whose sender has just been authenticated: the identity is asserted (RFC 3325 5),
 * what the client claimed about it is not; credentials for our realms stay here.
 */
export function identityEdits({ topology }: Self, request: SipRequest, aor: string): HeaderEdit[] {
  return [
    ...withoutCredentials(topology.sipDomains, request),
    { op: 'remove', name: 'P-Preferred-Identity' },
    { op: 'set', name: 'P-Asserted-Identity', value: `<${uriOf(aor)}>` },
  ];
}

/**
 * Edits that keep credentials for these realms from whoever the request goes to, in either header: a user
 * agent at the other end could ask for them with a challenge of ours it had got for itself, and then
 * answer that in the caller's name, or guess the password at leisure. Those for other realms travel on.
 */
export function withoutCredentials(realms: readonly string[], request: SipRequest): HeaderEdit[] {
  return ['Authorization', 'Proxy-Authorization'].flatMap((name): HeaderEdit[] => {
    const values = request.headers(name);
    const others = values.filter((value) => !realms.includes(realmOf(value) ?? ''));
    if (others.length === values.length) return [];
    return [
      { op: 'remove', name },
      ...others.map((value): HeaderEdit => ({ op: 'append', name, value })),
    ];
  });
}
