import { UsherError } from '#base';
import { formatAuth, parseAuth, sameText } from '#sip';
import { type DigestAlgorithm, digestAlgorithms, ha1 } from '../verifier.ts';
import { requestDigest } from './response.ts';

/** A challenge and who answers it. */
export interface ChallengeAnswer {
  /** Value of WWW-Authenticate or Proxy-Authenticate. */
  readonly challenge: string;
  readonly username: string;
  readonly password: string;
  readonly method: string;
  /** The Request-URI of the request that will carry the answer. */
  readonly uri: string;
  /** How many requests this nonce has been used for, this one included; from 1. */
  readonly nc: number;
  /** Fresh random text. */
  readonly cnonce: string;
}

/**
 * The credentials a client answers a Digest challenge with (RFC 7616 3.4); for probes, demos and tests.
 * Without qop in the challenge the answer is that of RFC 2069, as servers of that age expect.
 *
 * Throws `UsherError` `USHER_CHALLENGE` when the challenge is not Digest, asks for an algorithm or a qop
 * this code does not know; `SipSyntaxError` when it is malformed.
 */
export function answerChallenge(answer: ChallengeAnswer): string {
  const { scheme, params } = parseAuth(answer.challenge);
  const named = params.get('algorithm');
  const algorithm = algorithmOf(named ?? 'MD5');
  const offered = params.get('qop')?.split(',');
  const auth = offered?.some((each) => sameText(each.trim(), 'auth')) ?? false;
  const realm = params.get('realm');
  const nonce = params.get('nonce');
  if (!sameText(scheme, 'Digest') || realm === undefined || nonce === undefined) {
    throw unusable('it is no complete Digest challenge');
  }
  if (algorithm === undefined) throw unusable('its algorithm is neither SHA-256 nor MD5');
  if (offered !== undefined && !auth) throw unusable('it does not offer qop "auth"');
  const nc = answer.nc.toString(16).padStart(8, '0');
  const { username, uri, method, cnonce } = answer;
  const qop = auth ? ('auth' as const) : undefined;
  const input = { method, uri, nonce, qop, nc, cnonce };
  const secret = ha1(algorithm, username, realm, answer.password);
  const list: [string, string][] = [
    ['username', username],
    ['realm', realm],
    ['nonce', nonce],
    ['uri', uri],
    ['response', requestDigest(algorithm, secret, input)],
  ];
  if (named !== undefined) list.push(['algorithm', algorithm]);
  const opaque = params.get('opaque');
  if (opaque !== undefined) list.push(['opaque', opaque]);
  if (auth) list.push(['qop', 'auth'], ['nc', nc], ['cnonce', cnonce]);
  return formatAuth('Digest', list);
}

function algorithmOf(text: string): DigestAlgorithm | undefined {
  return digestAlgorithms.find((known) => sameText(known, text));
}

function unusable(why: string): UsherError {
  return new UsherError('USHER_CHALLENGE', `A challenge cannot be answered: ${why}.`, {
    remedy: 'Look at the challenge in the recorded message; the server may want another scheme.',
    exitStatus: 1,
  });
}
