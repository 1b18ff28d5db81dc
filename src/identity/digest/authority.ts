import { timingSafeEqual } from 'node:crypto';
import { alone, type Clock, settled } from '#base';
import { type AuthValue, SipSyntaxError, aorOf, formatAuth, parseAuth, sameText } from '#sip';
import type { User, UserDirectory } from '../user.ts';
import {
  type DigestAlgorithm,
  type UsernameForm,
  digestAlgorithms,
  splitAor,
} from '../verifier.ts';
import { knowsOnlyMd5 } from './clients.ts';
import { NonceCounts } from './nonce-counts.ts';
import { NonceMint } from './nonce.ts';
import { requestDigest } from './response.ts';

/** Milliseconds a nonce is good for. Long enough for a call to be set up, short for whoever steals one. */
export const nonceLifetime = 5 * 60_000;

export interface DigestAuthorityOptions {
  /** Key of the pool; every member has the same. At least 16 bytes. */
  readonly secret: Buffer;
  /** The SIP domain whose users sign in here; lower case. */
  readonly realm: string;
  /** Offered in this order. */
  readonly algorithms: readonly DigestAlgorithm[];
  readonly clock: Clock;
  /** Which nonce counts were used, of all realms of a process; default: counts of its own. */
  readonly counts?: NonceCounts;
}

/** What is known of a request that has to prove its sender. */
export interface SignInAttempt {
  /** Value of Authorization or Proxy-Authorization. */
  readonly credentials: string;
  readonly method: string;
  /** The Request-URI as received. */
  readonly uri: string;
  readonly directory: UserDirectory;
}

/**
 * Why a sign-in was refused. `replayed` credentials were right but used before, or made for another
 * Request-URI: answer them, like `stale`, with a new challenge. `malformed` includes missing qop, unknown
 * algorithms and foreign schemes: challenge as if there had been no credentials.
 */
export type SignInRefusal =
  | 'unknown-user'
  | 'disabled'
  | 'wrong-password'
  | 'malformed'
  | 'wrong-realm'
  | 'replayed';

/** `stale`: the password is right, the nonce is old; challenge again with `stale: true`. */
export type SignInVerdict =
  | { readonly kind: 'ok'; readonly user: User }
  | { readonly kind: 'stale' }
  | { readonly kind: 'refused'; readonly code: SignInRefusal };

/** Credentials with everything in them that is needed, and in the form that is needed. */
interface Credentials {
  readonly algorithm: DigestAlgorithm;
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly nc: string;
  readonly cnonce: string;
}

/**
 * Digest authentication of one realm (RFC 7616, RFC 8760; RFC 3261 22). Algorithms are offered best
 * first; qop=auth is required of every client; nothing has to be stored between challenge and answer, so
 * any member of a pool can verify what another one asked for.
 *
 * Accepts the username as local part (`alice`) or as address-of-record (`alice@contoso.com`), lower case.
 */
export class DigestAuthority {
  readonly #realm: string;
  readonly #algorithms: readonly DigestAlgorithm[];
  readonly #clock: Clock;
  readonly #mint: NonceMint;
  readonly #counts: NonceCounts;
  /** What stands before and behind the nonce in a challenge. */
  readonly #around: Readonly<Record<DigestAlgorithm, readonly [string, string]>>;

  constructor(options: DigestAuthorityOptions) {
    if (options.secret.length < 16) throw new TypeError('A nonce key needs at least 16 bytes');
    this.#realm = options.realm;
    this.#algorithms = options.algorithms;
    this.#clock = options.clock;
    this.#counts = options.counts ?? new NonceCounts(alone(options.clock));
    this.#mint = new NonceMint(options.secret, options.realm, this.#counts, nonceLifetime);
    this.#around = {
      'SHA-256': aroundNonce(options.realm, 'SHA-256'),
      MD5: aroundNonce(options.realm, 'MD5'),
    };
  }

  /**
   * Values for WWW-Authenticate or Proxy-Authenticate, one header field each, best first (RFC 8760 2.4).
   * `userAgent` of the request: clients that stumble over anything but MD5 are offered MD5 alone.
   */
  challenges(options: { stale: boolean; userAgent?: string | undefined }): string[] {
    const nonce = this.#mint.issue(this.#clock.now());
    const onlyMd5 = knowsOnlyMd5(options.userAgent) && this.#algorithms.includes('MD5');
    const offered = onlyMd5 ? (['MD5'] as const) : this.#algorithms;
    return offered.map((algorithm) => {
      const [before, after] = this.#around[algorithm];
      return `${before}${nonce}${after}${options.stale ? ', stale=true' : ''}`;
    });
  }

  /**
   * Judges credentials. The password is looked at before the age of the nonce: `stale` tells a client
   * that it need not ask its user again, which must be true (RFC 7616 3.3).
   */
  verify(attempt: SignInAttempt): SignInVerdict | Promise<SignInVerdict> {
    const read = readCredentials(attempt.credentials);
    if (read === undefined || !this.#algorithms.includes(read.algorithm))
      return refused('malformed');
    const name = this.#nameOf(read);
    if (name === undefined) return refused('wrong-realm');
    const { directory } = attempt;
    return settled(directory.find(name.aor), (user) => {
      if (user === undefined) return refused('unknown-user');
      const ha1 = directory.verifier(name.aor, read.algorithm, name.form);
      return settled(ha1, (known) => this.#judge(attempt, read, user, known));
    });
  }

  #judge(
    attempt: SignInAttempt,
    read: Credentials,
    user: User,
    ha1: string | undefined,
  ): SignInVerdict | Promise<SignInVerdict> {
    // Without a verifier the same work is done, and can only fail.
    const input = { ...read, method: attempt.method, qop: 'auth' } as const;
    const expected = requestDigest(read.algorithm, ha1 ?? 'none', input);
    if (!sameDigest(expected, read.response) || ha1 === undefined) return refused('wrong-password');
    if (!user.enabled) return refused('disabled');
    if (!sameTarget(read.uri, attempt.uri)) return refused('replayed');
    if (this.#mint.check(read.nonce, this.#clock.now()) !== 'fresh') return { kind: 'stale' };
    const count = Number.parseInt(read.nc, 16);
    return settled(this.#counts.accept(read.nonce, count), (unused) =>
      unused ? { kind: 'ok', user } : refused('replayed'),
    );
  }

  /** Whom the credentials name, and in which form; undefined when that is no user of this realm. */
  #nameOf(read: Credentials): { aor: string; form: UsernameForm } | undefined {
    if (!sameText(read.realm, this.#realm)) return undefined;
    if (!read.username.includes('@')) {
      return { aor: `${read.username}@${this.#realm}`, form: 'local' };
    }
    const { domain } = splitAor(read.username);
    return sameText(domain, this.#realm) ? { aor: read.username, form: 'aor' } : undefined;
  }
}

function aroundNonce(realm: string, algorithm: DigestAlgorithm): [string, string] {
  const before = formatAuth('Digest', [
    ['realm', realm],
    ['nonce', ''],
  ]).slice(0, -1);
  return [before, `", algorithm=${algorithm}, qop="auth"`];
}

function refused(code: SignInRefusal): SignInVerdict {
  return { kind: 'refused', code };
}

/** Undefined for everything that is not complete Digest credentials with qop=auth. */
function readCredentials(value: string): Credentials | undefined {
  let auth: AuthValue;
  try {
    auth = parseAuth(value);
  } catch (error) {
    if (error instanceof SipSyntaxError) return undefined;
    throw error;
  }
  const { params } = auth;
  // RFC 7616 3.4: no algorithm means MD5.
  const named = params.get('algorithm') ?? 'MD5';
  const algorithm = digestAlgorithms.find((known) => sameText(known, named));
  const username = params.get('username');
  const realm = params.get('realm');
  const nonce = params.get('nonce');
  const uri = params.get('uri');
  const response = params.get('response');
  const nc = params.get('nc');
  const cnonce = params.get('cnonce');
  const sound =
    sameText(auth.scheme, 'Digest') &&
    sameText(params.get('qop') ?? '', 'auth') &&
    !sameText(params.get('userhash') ?? 'false', 'true');
  if (!sound || algorithm === undefined) return undefined;
  if (!username || realm === undefined || !nonce || !uri || !response || !cnonce) return undefined;
  if (nc === undefined || !/^[\da-f]{8}$/iu.test(nc)) return undefined;
  return { algorithm, username, realm, nonce, uri, response, nc, cnonce };
}

/** In constant time, as far as the length allows; hexadecimal digits in either case. */
function sameDigest(expected: string, given: string): boolean {
  const a = Buffer.from(expected, 'latin1');
  const b = Buffer.from(given.toLowerCase(), 'latin1');
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Whether the `uri` of the credentials belongs to this Request-URI: the same text, or the same user at
 * the same host — proxies on the way may change parameters, port and scheme (RFC 3261 22.4, 8).
 */
function sameTarget(uri: string, requestUri: string): boolean {
  if (uri === requestUri) return true;
  try {
    return aorOf(uri) === aorOf(requestUri);
  } catch (error) {
    if (error instanceof SipSyntaxError) return false;
    throw error;
  }
}
