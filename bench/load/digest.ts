import { hash } from 'node:crypto';

/** A challenge as far as an answer needs it (RFC 7616 3.3). */
export interface Challenge {
  /** The line's name: `WWW-Authenticate` asks for `Authorization`. */
  readonly answerIn: 'Authorization' | 'Proxy-Authorization';
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: 'MD5' | 'SHA-256';
  /** As written; undefined when the challenge names none. */
  readonly written: string | undefined;
  readonly opaque: string | undefined;
  readonly qop: boolean;
}

const challengeLine = /\r\n(www|proxy)-authenticate[ \t]*:[ \t]*Digest[ \t]+([^\r]*)/iu;

const nonceMark = 'nonce="';

/**
 * Reads challenges of one server, which differ in nothing but their nonce: what was the same last time is
 * not read again.
 */
export class ChallengeReader {
  #before = '';
  #after = '';
  #last: Challenge | undefined;

  /** The challenge offered first in `text[start, end)`, a response; undefined when there is none to answer. */
  read(text: string, start: number, end: number): Challenge | undefined {
    const line = text.indexOf('uthenticate:', start);
    const nonce = text.indexOf(nonceMark, line) + nonceMark.length;
    const nonceEnd = text.indexOf('"', nonce);
    const lineEnd = text.indexOf('\r', nonceEnd);
    const usual = line >= 0 && nonce > line && lineEnd > nonceEnd && lineEnd < end;
    if (!usual) return readChallenge(text.slice(start, end));
    const before = text.slice(line, nonce);
    const after = text.slice(nonceEnd, lineEnd);
    if (this.#last === undefined || before !== this.#before || after !== this.#after) {
      this.#last = readChallenge(text.slice(start, end));
      this.#before = before;
      this.#after = after;
    }
    return this.#last && { ...this.#last, nonce: text.slice(nonce, nonceEnd) };
  }
}

/** The challenge offered first in the head of a response; undefined when there is none to answer. */
export function readChallenge(head: string): Challenge | undefined {
  const [, kind, params = ''] = challengeLine.exec(head) ?? [];
  if (kind === undefined) return undefined;
  const written = parameter(params, 'algorithm');
  const name = (written ?? 'MD5').toUpperCase();
  if (name !== 'MD5' && name !== 'SHA-256') return undefined;
  return {
    answerIn: kind.toLowerCase() === 'www' ? 'Authorization' : 'Proxy-Authorization',
    realm: parameter(params, 'realm') ?? '',
    nonce: parameter(params, 'nonce') ?? '',
    algorithm: name,
    written,
    opaque: parameter(params, 'opaque'),
    qop: parameter(params, 'qop') !== undefined,
  };
}

function parameter(params: string, name: string): string | undefined {
  const at = params.search(new RegExp(`(?:^|[ ,])${name}=`, 'iu'));
  if (at === -1) return undefined;
  const value = params.indexOf('=', at) + 1;
  if (params[value] === '"') return params.slice(value + 1, params.indexOf('"', value + 1));
  const comma = params.indexOf(',', value);
  return params.slice(value, comma === -1 ? undefined : comma).trim();
}

/**
 * Answers challenges as users with the passwords `<password><n>` (RFC 7616 3.4, qop=auth). What does not
 * depend on the nonce is computed once a user, as a client that stays signed in does.
 */
export class DigestUsers {
  readonly #password: string;
  #what = { key: '', hash: '' };
  readonly #secrets = new Map<string, string[]>();

  constructor(password: string) {
    this.#password = password;
  }

  /** The header line with credentials of user `n` for this request, with its end. */
  answer(challenge: Challenge, n: number, method: string, uri: string): string {
    const { realm, nonce, algorithm, written, opaque, qop } = challenge;
    const digest = algorithm === 'MD5' ? 'md5' : 'sha256';
    const secret = this.#secret(digest, realm, n);
    const what = this.#whatOf(digest, `${method}:${uri}`);
    const middle = qop ? `${nonce}:00000001:cafe:auth` : nonce;
    const response = hash(digest, `${secret}:${middle}:${what}`);
    return (
      `${challenge.answerIn}: Digest username="user${n}", realm="${realm}", nonce="${nonce}", ` +
      `uri="${uri}", response="${response}"` +
      (written === undefined ? '' : `, algorithm=${written}`) +
      (opaque === undefined ? '' : `, opaque="${opaque}"`) +
      (qop ? ', qop=auth, nc=00000001, cnonce="cafe"\r\n' : '\r\n')
    );
  }

  /** Registrations of a domain all ask for the same. */
  #whatOf(digest: string, text: string): string {
    const key = `${digest} ${text}`;
    if (this.#what.key !== key) this.#what = { key, hash: hash(digest, text) };
    return this.#what.hash;
  }

  #secret(digest: string, realm: string, n: number): string {
    const key = `${digest} ${realm}`;
    let secrets = this.#secrets.get(key);
    if (secrets === undefined) this.#secrets.set(key, (secrets = []));
    return (secrets[n] ??= hash(digest, `user${n}:${realm}:${this.#password}${n}`));
  }
}
