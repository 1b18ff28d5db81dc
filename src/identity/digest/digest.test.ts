import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ManualClock, UsherError } from '#base';
import { formatAuth, parseAuth } from '#sip';
import type { User, UserDirectory } from '../user.ts';
import { type DigestAlgorithm, digestAlgorithms, ha1, verifiersOf } from '../verifier.ts';
import { answerChallenge } from './answer.ts';
import { DigestAuthority, nonceLifetime } from './authority.ts';
import { knowsOnlyMd5 } from './clients.ts';
import { ReplayGuard } from './replay.ts';
import { requestDigest } from './response.ts';

describe('the request digest', () => {
  test('is that of RFC 2617 3.5', () => {
    const secret = ha1('MD5', 'Mufasa', 'testrealm@host.com', 'Circle Of Life');
    assert.equal(secret, '939e7578ed9e3c518a452acee763bce9');
    const digest = requestDigest('MD5', secret, {
      method: 'GET',
      uri: '/dir/index.html',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      qop: 'auth',
      nc: '00000001',
      cnonce: '0a4f113b',
    });
    assert.equal(digest, '6629fae49393a05397450978507c4ef1');
  });

  const rfc7616: [DigestAlgorithm, string][] = [
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ];
  for (const [algorithm, response] of rfc7616) {
    test(`is that of RFC 7616 3.9.1 for ${algorithm}, from its challenge`, () => {
      const answer = parseAuth(
        answerChallenge({
          challenge:
            `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
            'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
            'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
          username: 'Mufasa',
          password: 'Circle of Life',
          method: 'GET',
          uri: '/dir/index.html',
          nc: 1,
          cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
        }),
      );
      assert.equal(answer.params.get('response'), response);
      assert.equal(answer.params.get('opaque'), 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS');
      assert.ok(
        !answer.quoted.has('qop') && !answer.quoted.has('nc') && !answer.quoted.has('algorithm'),
      );
    });
  }

  test('without qop is that of RFC 2069, for servers of that age', () => {
    const challenge =
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"';
    const answer = answerChallenge({
      challenge,
      username: 'Mufasa',
      password: 'CircleOfLife',
      method: 'GET',
      uri: '/dir/index.html',
      nc: 1,
      cnonce: 'x',
    });
    // The errata's value for the example of RFC 2069 2.4.
    assert.equal(parseAuth(answer).params.get('response'), '1949323746fe6a43ef61f9606e7febea');
    assert.equal(parseAuth(answer).params.has('nc'), false);
  });

  test('is refused for challenges nobody here can answer', () => {
    for (const challenge of [
      'Basic realm="x"',
      'Digest realm="x"',
      'Digest realm="x", nonce="y", algorithm=SHA-512-256',
      'Digest realm="x", nonce="y", qop="auth-int"',
    ]) {
      const answer = {
        challenge,
        username: 'a',
        password: 'b',
        method: 'X',
        uri: 'y',
        nc: 1,
        cnonce: 'z',
      };
      assert.throws(() => answerChallenge(answer), UsherError, challenge);
    }
  });
});

const realm = 'contoso.com';
const secret = Buffer.alloc(32, 7);
const alice: User = {
  aor: 'alice@contoso.com',
  displayName: 'Alice',
  homePool: 'p',
  enabled: true,
};
const quoted: User = { ...alice, aor: 'a"b\\c@contoso.com' };

function directory(...users: readonly User[]): UserDirectory {
  const find = (aor: string): User | undefined =>
    users.find((user) => user.aor === aor.toLowerCase());
  return {
    find,
    verifier: (aor, algorithm, form = 'local') => {
      const user = find(aor);
      return user && verifiersOf(user.aor, 'pass')[algorithm]?.[form];
    },
    close() {},
  };
}

interface Try {
  readonly username?: string;
  readonly password?: string;
  readonly nc?: number;
  readonly uri?: string;
  readonly method?: string;
  readonly algorithm?: DigestAlgorithm;
}

function member(
  clock = new ManualClock(1_800_000_000_000),
  key = secret,
  domain = realm,
): DigestAuthority {
  return new DigestAuthority({ secret: key, realm: domain, algorithms: digestAlgorithms, clock });
}

function reply(challenges: readonly string[], attempt: Try = {}): string {
  const wanted = attempt.algorithm ?? 'SHA-256';
  const challenge = challenges.find((each) => each.includes(`algorithm=${wanted}`));
  assert.ok(challenge !== undefined);
  return answerChallenge({
    challenge,
    username: attempt.username ?? 'alice',
    password: attempt.password ?? 'pass',
    method: attempt.method ?? 'REGISTER',
    uri: attempt.uri ?? 'sip:contoso.com',
    nc: attempt.nc ?? 1,
    cnonce: 'c',
  });
}

/** How many algorithms a client of this name is offered. */
function offered(userAgent: string): number {
  return member().challenges({ stale: false, userAgent }).length;
}

const users = directory(alice, quoted, { ...alice, aor: 'off@contoso.com', enabled: false });

async function judge(
  authority: DigestAuthority,
  credentials: string,
  uri = 'sip:contoso.com',
): Promise<string> {
  const verdict = await authority.verify({
    credentials,
    method: 'REGISTER',
    uri,
    directory: users,
  });
  if (verdict.kind === 'ok') return verdict.user.aor;
  return verdict.kind === 'refused' ? verdict.code : verdict.kind;
}

describe('a challenge', () => {
  test('comes once an algorithm, best first, with qop and one nonce (RFC 8760 2.4)', () => {
    const [first, second, ...more] = member().challenges({ stale: false });
    assert.deepEqual(more, []);
    assert.match(
      first ?? '',
      /^Digest realm="contoso\.com", nonce="[\w-]{40}", algorithm=SHA-256, qop="auth"$/u,
    );
    assert.equal(second, first?.replace('SHA-256', 'MD5'));
  });

  test('says when only the nonce was too old', () => {
    for (const each of member().challenges({ stale: true })) assert.match(each, /, stale=true$/u);
  });

  test('is MD5 alone for clients that know nothing else', () => {
    assert.equal(offered('baresip v1.0.0 (x86_64/linux)'), 1);
    assert.equal(offered('baresip v3.11.0 (x86_64/Linux)'), 1);
    assert.equal(offered('baresip v3.12.0 (x86_64/Linux)'), 2);
    assert.equal(offered('Linphone/5.1.65 (belle-sip)'), 2);
    assert.equal(knowsOnlyMd5('baresip'), false);
    assert.equal(knowsOnlyMd5(undefined), false);
  });

  test('is never MD5 where the site has ruled MD5 out', () => {
    const clock = new ManualClock();
    const strict = new DigestAuthority({ secret, realm, algorithms: ['SHA-256'], clock });
    const challenges = strict.challenges({ stale: false, userAgent: 'baresip v1.0.0' });
    assert.equal(challenges.length, 1);
    assert.match(challenges[0] ?? '', /SHA-256/u);
  });
});

describe('credentials', () => {
  test('prove the user with either algorithm and either form of the username', async () => {
    for (const algorithm of digestAlgorithms) {
      for (const username of ['alice', 'alice@contoso.com']) {
        const authority = member();
        const given = reply(authority.challenges({ stale: false }), { algorithm, username });
        assert.equal(
          await judge(authority, given),
          'alice@contoso.com',
          `${algorithm} ${username}`,
        );
      }
    }
  });

  test('may hold a username that has to be quoted', async () => {
    const authority = member();
    const given = reply(authority.challenges({ stale: false }), { username: 'a"b\\c' });
    assert.match(given, /username="a\\"b\\\\c"/u);
    assert.equal(await judge(authority, given), 'a"b\\c@contoso.com');
  });

  test('are verified by every member of the pool, and by nobody with another key or realm', async () => {
    const clock = new ManualClock(1_800_000_000_000);
    const given = reply(member(clock).challenges({ stale: false }));
    assert.equal(await judge(member(clock), given), 'alice@contoso.com');
    assert.equal(await judge(member(clock, Buffer.alloc(32, 8)), given), 'stale');
    assert.equal(await judge(member(clock, secret, 'fabrikam.com'), given), 'wrong-realm');
  });

  test('go stale after five minutes, and only with the right password', async () => {
    const clock = new ManualClock(1_800_000_000_000);
    const authority = member(clock);
    const challenges = authority.challenges({ stale: false });
    clock.advance(nonceLifetime);
    assert.equal(await judge(authority, reply(challenges)), 'alice@contoso.com');
    clock.advance(1);
    assert.equal(await judge(authority, reply(challenges, { nc: 2 })), 'stale');
    assert.equal(
      await judge(authority, reply(challenges, { nc: 3, password: 'x' })),
      'wrong-password',
    );
  });

  test('count once: the same nonce count again is a replay, another is not', async () => {
    const authority = member();
    const challenges = authority.challenges({ stale: false });
    const first = reply(challenges);
    assert.equal(await judge(authority, first), 'alice@contoso.com');
    assert.equal(await judge(authority, first), 'replayed');
    assert.equal(await judge(authority, reply(challenges, { nc: 3 })), 'alice@contoso.com');
    assert.equal(await judge(authority, reply(challenges, { nc: 2 })), 'alice@contoso.com');
    assert.equal(await judge(authority, reply(challenges, { nc: 2 })), 'replayed');
  });

  test('belong to one Request-URI, whatever proxies did to its parameters and case', async () => {
    const authority = member();
    const uses: [string, string, string][] = [
      ['sip:contoso.com', 'sip:Contoso.com:6061;transport=tls', 'alice@contoso.com'],
      ['sip:bob@contoso.com', 'sips:bob@contoso.com', 'alice@contoso.com'],
      ['sip:bob@contoso.com', 'sip:eve@contoso.com', 'replayed'],
      ['sip:contoso.com', 'sip:fabrikam.com', 'replayed'],
      ['nonsense', 'sip:contoso.com', 'replayed'],
    ];
    for (const [uri, requestUri, expected] of uses) {
      const given = reply(authority.challenges({ stale: false }), { uri });
      assert.equal(await judge(authority, given, requestUri), expected, `${uri} ${requestUri}`);
    }
  });

  test('that are wrong are told apart: user, password, realm, disabled, method', async () => {
    const authority = member();
    const challenges = authority.challenges({ stale: false });
    const cases: [Try, string][] = [
      [{ username: 'nobody' }, 'unknown-user'],
      [{ username: 'alice@fabrikam.com' }, 'wrong-realm'],
      [{ password: 'wrong' }, 'wrong-password'],
      [{ method: 'INVITE' }, 'wrong-password'],
      [{ username: 'off' }, 'disabled'],
      [{ username: 'off', password: 'wrong' }, 'wrong-password'],
    ];
    for (const [attempt, expected] of cases) {
      assert.equal(
        await judge(authority, reply(challenges, attempt)),
        expected,
        JSON.stringify(attempt),
      );
    }
  });

  test('that lack a part, name another scheme or algorithm, or no qop are malformed', async () => {
    const authority = member();
    const { params } = parseAuth(reply(authority.challenges({ stale: false })));
    const variant = (change: (map: Map<string, string>) => void): string => {
      const map = new Map(params);
      change(map);
      return formatAuth('Digest', map);
    };
    for (const name of ['username', 'realm', 'nonce', 'uri', 'response', 'qop', 'nc', 'cnonce']) {
      assert.equal(
        await judge(
          authority,
          variant((map) => map.delete(name)),
        ),
        'malformed',
        name,
      );
    }
    for (const [name, value] of [
      ['qop', 'auth-int'],
      ['nc', '1'],
      ['nc', '0000000g'],
      ['algorithm', 'SHA-256-sess'],
      ['algorithm', 'SHA-512-256'],
      ['userhash', 'true'],
    ] as const) {
      assert.equal(
        await judge(
          authority,
          variant((map) => map.set(name, value)),
        ),
        'malformed',
        name,
      );
    }
    for (const text of ['', 'Digest', 'Basic YTpi', 'Digest username="a', 'NTLM qop="auth"']) {
      assert.equal(await judge(authority, text), 'malformed', text);
    }
    const shorter = variant((map) => map.set('response', 'ab'));
    assert.equal(await judge(authority, shorter), 'wrong-password');
  });

  test('never make it throw, whatever they are', async () => {
    const authority = member();
    const given = reply(authority.challenges({ stale: false }));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(given.length),
        fc.string({ unit: 'binary', maxLength: 8 }),
        fc.nat(20),
        async (at, text, cut) => {
          const verdict = await judge(authority, given.slice(0, at) + text + given.slice(at + cut));
          assert.equal(typeof verdict, 'string');
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a key too short to protect anything is refused', () => {
    assert.throws(() => member(new ManualClock(), Buffer.alloc(8)), TypeError);
  });
});

describe('the replay guard', () => {
  test('accepts every count of a shuffled window once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 80 }), (counts) => {
        const guard = new ReplayGuard();
        const used = new Set<number>();
        let highest = 0;
        for (const count of counts) {
          const fresh = !used.has(count) && count > highest - 32;
          assert.equal(guard.accept('n', count), fresh, `${count} after ${[...used].join(' ')}`);
          used.add(count);
          highest = Math.max(highest, count);
        }
      }),
    );
  });

  test('holds no more nonces than it may', () => {
    const guard = new ReplayGuard(3);
    for (let i = 0; i < 10; i++) assert.ok(guard.accept(String(i), 1));
    assert.ok(guard.size <= 3);
    assert.equal(guard.accept('9', 1), false);
  });
});
