import { aorOf, continueChain, parseAuth, parseNameAddr, parseUri } from '#sip';
import type { NamedDecider, Outcome, RequestContext, SipRequest } from '#sip';
import { settled } from '#base';
import type { User, UserDirectory } from '#identity';
import { sourceOf } from './context.ts';
import type { DirectorContext, Self } from './context.ts';
import { refuse } from './diagnostics.ts';
import type { SignInBackoff } from './sign-in-backoff.ts';

/** What an attempt to sign in comes to; see `SignInVerdict` of #identity. */
type Verdict =
  | { kind: 'ok'; user: User }
  | { kind: 'stale' }
  | {
      kind: 'refused';
      code:
        | 'unknown-user'
        | 'disabled'
        | 'wrong-password'
        | 'malformed'
        | 'wrong-realm'
        | 'replayed';
    };

/** The Digest authority of one realm, as far as deciders need it; `DigestAuthority` of #identity is one. */
export interface Challenger {
  /** Values of WWW-Authenticate or Proxy-Authenticate, best algorithm first. */
  challenges(options: { stale: boolean; userAgent?: string | undefined }): readonly string[];
  verify(attempt: {
    credentials: string;
    method: string;
    uri: string;
    directory: UserDirectory;
  }): Verdict | Promise<Verdict>;
}

/** Everything needed to ask a user who they are. */
export interface Gate {
  readonly self: Self;
  /** By realm, which is the SIP domain of the user. */
  readonly realms: ReadonlyMap<string, Challenger>;
  readonly directory: UserDirectory;
  readonly backoff: SignInBackoff;
}

/** Header pair by method: a registrar asks with 401, a proxy with 407 (RFC 3261 22.2, 22.3). */
function credentialsHeader(method: string): 'Authorization' | 'Proxy-Authorization' {
  return method === 'REGISTER' ? 'Authorization' : 'Proxy-Authorization';
}

/** The realm of a credentials value, lower case; undefined when it cannot be read. */
export function realmOf(credentials: string): string | undefined {
  try {
    const realm = parseAuth(credentials).params.get('realm');
    return typeof realm === 'string' ? realm.toLowerCase() : undefined;
  } catch {
    // Unreadable credentials are none: the user gets a fresh challenge.
    return undefined;
  }
}

/** Characters of an address-of-record that failures are counted under; the store takes no longer ones. */
const longestName = 128 + 1 + 253;

/** The address-of-record credentials of this realm are for, lower case; undefined without a username. */
function ownerOf(credentials: string, realm: string): string | undefined {
  const username = parseAuth(credentials).params.get('username')?.toLowerCase();
  if (username === undefined || username === '') return undefined;
  return username.includes('@') ? username : `${username}@${realm}`;
}

/**
 * Authenticates the user a request claims to be from: whoever the From names, and for REGISTER the To
 * as well, must be the one whose password was proved (403, 4004).
 *
 * A request without credentials costs one HMAC per algorithm and no look-up; repeated wrong ones are
 * slowed down (403 with Retry-After; 503 would make the Edge blame this server).
 */
export function proveCaller(gate: Gate, context: RequestContext): Proof | Promise<Proof> {
  const { request } = context;
  const source = gate.self.host.fqdn;
  const claimed = claimedAor(request);
  const realm = claimed?.slice(claimed.lastIndexOf('@') + 1) ?? '';
  const challenger = gate.realms.get(realm);
  if (claimed === undefined || challenger === undefined) {
    const refusal =
      request.method === 'REGISTER'
        ? refuse(404, 'Not Found', 'foreignDomain', source)
        : refuse(403, 'Forbidden', 'notEnabled', source);
    return { refusal };
  }
  const challenge = (stale: boolean): Proof => ({
    refusal: challengeOf(
      request.method,
      challenger.challenges({ stale, userAgent: request.header('User-Agent') }),
    ),
  });
  const credentials = request
    .headers(credentialsHeader(request.method))
    .find((value) => realmOf(value) === realm);
  if (credentials === undefined) return challenge(false);

  const from = sourceOf(context);
  // Whose password is tried counts, not who the From says: that may change with every guess.
  // Cut: longer names are nobody's, and would be remembered.
  const tried = (ownerOf(credentials, realm) ?? claimed).slice(0, longestName);
  const wait = gate.backoff.wait(tried, from, context.receivedAt);
  if (wait > 0) {
    const seconds = String(Math.ceil(wait / 1000));
    const headers: [string, string][] = [['Retry-After', seconds]];
    return {
      refusal: refuse(403, 'Too Many Failed Sign-Ins', 'notAuthorized', source, headers),
    };
  }
  const verdict = challenger.verify({
    credentials,
    method: request.method,
    uri: request.requestUri,
    directory: gate.directory,
  });
  return settled(verdict, (found): Proof => {
    if (found.kind === 'stale') return challenge(true);
    if (found.kind === 'ok') {
      if (found.user.aor !== claimed) {
        return { refusal: refuse(403, 'Forbidden', 'notAuthorized', source) };
      }
      gate.backoff.succeeded(tried, from);
      return { user: found.user };
    }
    const { code } = found;
    if (code === 'wrong-password' || code === 'unknown-user') {
      gate.backoff.failed(tried, from, context.receivedAt);
    }
    if (code === 'unknown-user') {
      return { refusal: refuse(404, 'Not Found', 'unknownUser', source) };
    }
    if (code === 'disabled') return { refusal: refuse(403, 'Forbidden', 'notEnabled', source) };
    // A nonce used up was not guessed: the client computes again without asking its user.
    return challenge(code === 'replayed');
  });
}

/** Who the caller is, or what to answer in place of believing it. */
type Proof = { readonly user: User } | { readonly refusal: Outcome };

/** 401 for REGISTER, 407 for the rest, one header line an algorithm (RFC 8760 2.4). */
function challengeOf(method: string, challenges: readonly string[]): Outcome {
  const registrar = method === 'REGISTER';
  const name = registrar ? 'WWW-Authenticate' : 'Proxy-Authenticate';
  return {
    kind: 'respond',
    status: registrar ? 401 : 407,
    reason: registrar ? 'Unauthorized' : 'Proxy Authentication Required',
    headers: challenges.map((value) => [name, value]),
  };
}

/** Who the request says it is from; undefined when From (or To of a REGISTER) names no SIP user of its own. */
function claimedAor(request: SipRequest): string | undefined {
  const from = aorOfUri(request.from.uri);
  if (request.method !== 'REGISTER') return from;
  // Third-party registration is refused by asking the owner of the To for the password.
  return aorOfUri(request.to.uri);
}

/** A URI that is the address-of-record as the directory has it, behind its scheme. */
const plainAor = /^sip:[a-z\d._-]+@[a-z\d-][a-z\d.-]*[a-z\d]$/;

/**
 * The address-of-record of a URI in a header, in the lower case the directory has; undefined for other
 * schemes and for URIs without a user.
 */
export function aorOfUri(text: string): string | undefined {
  if (plainAor.test(text)) return text.slice(4);
  try {
    const uri = parseUri(text);
    return uri.user === undefined ? undefined : aorOf(uri).toLowerCase();
  } catch {
    // tel:, mailto: and the like name nobody who could sign in here.
    return undefined;
  }
}

/** The first SIP identity a trusted server asserts (RFC 3325), an address-of-record in lower case. */
export function assertedIdentity(request: SipRequest): string | undefined {
  for (const value of request.values('P-Asserted-Identity')) {
    const aor = aorOfUri(parseNameAddr(value).uri);
    if (aor !== undefined) return aor;
  }
  return undefined;
}

/**
 * The user a trusted peer of the topology vouches for: whom it registers, or else whom it asserts, or
 * else whom the From names. It is believed, but only about users of ours that may sign in.
 */
function vouchedFor(
  { self, directory }: Gate,
  { request }: DirectorContext,
): Outcome | User | Promise<Outcome | User> {
  const asserted = request.method === 'REGISTER' ? undefined : assertedIdentity(request);
  const aor = asserted ?? claimedAor(request);
  const source = self.host.fqdn;
  const judge = (user: User | undefined): Outcome | User => {
    if (user === undefined) return refuse(404, 'Not Found', 'unknownUser', source);
    return user.enabled ? user : refuse(403, 'Forbidden', 'notEnabled', source);
  };
  if (aor === undefined) return refuse(404, 'Not Found', 'foreignDomain', source);
  return settled(directory.find(aor), judge);
}

/**
 * Asks everybody for their password but those a trusted peer vouches for, and except an ACK, which cannot be answered (RFC 3261 22.1): dialogs
 * do not run through the Director, so an ACK here belongs to none and ends. (A CANCEL never comes this
 * far: the core matches it with its INVITE.) Sets `caller`.
 */
export function authenticate(gate: Gate): NamedDecider<DirectorContext> {
  return {
    name: 'authenticate',
    decide(context) {
      if (context.request.method === 'ACK') {
        return { kind: 'drop', reason: 'ACK outside of any dialog path' };
      }
      const take = (user: User): Outcome => {
        context.facts.caller = user;
        return continueChain;
      };
      if (context.facts.origin === 'peer') {
        return settled(vouchedFor(gate, context), (user) => ('kind' in user ? user : take(user)));
      }
      return settled(proveCaller(gate, context), (proof) =>
        'refusal' in proof ? proof.refusal : take(proof.user),
      );
    },
  };
}
