import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderField } from '#sip';
import { authenticate } from './authenticate.ts';
import type { Challenger, Gate } from './authenticate.ts';
import type { DirectorFacts } from './context.ts';
import { SignInBackoff } from './sign-in-backoff.ts';
import {
  alice,
  client,
  contextOf,
  dir01,
  directoryOf,
  edge,
  requestOf,
} from '../director.fixture.ts';

type Verdict = Awaited<ReturnType<Challenger['verify']>>;

interface Asked {
  readonly credentials: string;
  readonly method: string;
  readonly uri: string;
}

/** A gate whose Digest says what it is told to, and a record of what it was asked. */
function gateThatSays(verdict: Verdict): { gate: Gate; asked: Asked[] } {
  const asked: Asked[] = [];
  const challenger: Challenger = {
    challenges: ({ stale }) => ['SHA-256', 'MD5'].map((name) => `Digest ${name} stale=${stale}`),
    verify(attempt) {
      asked.push(attempt);
      return Promise.resolve(verdict);
    },
  };
  const gate: Gate = {
    self: dir01,
    realms: new Map([['contoso.com', challenger]]),
    directory: directoryOf(alice),
    backoff: new SignInBackoff(),
  };
  return { gate, asked };
}

const credentials = 'Digest username="alice", realm="contoso.com", nonce="n", response="r"';
const forRegister: HeaderField[] = [['Authorization', credentials]];
const forOthers: HeaderField[] = [['Proxy-Authorization', credentials]];
const ok: Verdict = { kind: 'ok', user: alice };
const refused = (code: (Verdict & { kind: 'refused' })['code']): Verdict => ({
  kind: 'refused',
  code,
});

async function decide(
  verdict: Verdict,
  method: string,
  headers: readonly HeaderField[],
  peer = edge,
) {
  const { gate, asked } = gateThatSays(verdict);
  const facts: DirectorFacts = {};
  const context = contextOf(requestOf(method, undefined, headers), peer, facts);
  return { outcome: await authenticate(gate).decide(context), facts, asked };
}

test('a REGISTER without credentials is challenged with 401, SHA-256 first, and nothing is looked up', async () => {
  const { outcome, asked } = await decide(ok, 'REGISTER', []);
  assert.ok(outcome.kind === 'respond');
  assert.equal(outcome.status, 401);
  assert.deepEqual(outcome.headers, [
    ['WWW-Authenticate', 'Digest SHA-256 stale=false'],
    ['WWW-Authenticate', 'Digest MD5 stale=false'],
  ]);
  assert.equal(asked.length, 0);
});

for (const method of ['INVITE', 'MESSAGE', 'SUBSCRIBE', 'OPTIONS', 'BYE']) {
  test(`a ${method} without credentials is challenged with 407`, async () => {
    const { outcome } = await decide(ok, method, []);
    assert.ok(outcome.kind === 'respond' && outcome.status === 407);
    assert.equal(outcome.headers?.[0]?.[0], 'Proxy-Authenticate');
  });
}

test('an ACK is never challenged: one that comes to the Director belongs to no dialog', async () => {
  const { outcome } = await decide(ok, 'ACK', []);
  assert.equal(outcome.kind, 'drop');
});

test('an internal client is asked like a remote user', async () => {
  const { outcome } = await decide(ok, 'REGISTER', [], client);
  assert.ok(outcome.kind === 'respond' && outcome.status === 401);
});

test('credentials for another realm are none', async () => {
  const other: HeaderField[] = [
    ['Proxy-Authorization', 'Digest username="x", realm="other.example"'],
  ];
  const { outcome, asked } = await decide(ok, 'INVITE', other);
  assert.ok(outcome.kind === 'respond' && outcome.status === 407);
  assert.equal(asked.length, 0);
});

test('unreadable credentials are none', async () => {
  const { outcome } = await decide(ok, 'INVITE', [['Proxy-Authorization', 'Digest ,,,="']]);
  assert.ok(outcome.kind === 'respond' && outcome.status === 407);
});

test('among credentials for several realms ours are found', async () => {
  const headers: HeaderField[] = [
    ['Proxy-Authorization', 'Digest username="x", realm="other.example"'],
    ...forOthers,
  ];
  const { outcome, asked } = await decide(ok, 'INVITE', headers);
  assert.equal(outcome.kind, 'continue');
  assert.equal(asked[0]?.credentials, credentials);
});

test('a right answer lets the request on and names the caller', async () => {
  const { outcome, facts, asked } = await decide(ok, 'REGISTER', forRegister);
  assert.equal(outcome.kind, 'continue');
  assert.equal(facts.caller, alice);
  assert.equal(asked[0]?.method, 'REGISTER');
  assert.equal(asked[0]?.uri, 'sip:bob@contoso.com');
});

const table: readonly [what: string, verdict: Verdict, status: number, diagnosis?: string][] = [
  ['a stale nonce is challenged again', { kind: 'stale' }, 401],
  ['a nonce used up is challenged again', refused('replayed'), 401],
  ['a wrong password is challenged again', refused('wrong-password'), 401],
  ['malformed credentials are challenged again', refused('malformed'), 401],
  ['a realm that does not fit is challenged again', refused('wrong-realm'), 401],
  ['an unknown user gets 404', refused('unknown-user'), 404, '1003'],
  ['a disabled user gets 403', refused('disabled'), 403, '4003'],
];
for (const [what, verdict, status, diagnosis] of table) {
  test(what, async () => {
    const { outcome } = await decide(verdict, 'REGISTER', forRegister);
    assert.ok(outcome.kind === 'respond');
    assert.equal(outcome.status, status);
    const header = outcome.headers?.find(([name]) => name === 'ms-diagnostics');
    assert.equal(header?.[1].split(';')[0], diagnosis);
  });
}

test('only a nonce at its end says stale, so that nobody is asked for a password in vain', async () => {
  for (const [verdict, stale] of [
    [{ kind: 'stale' }, 'true'],
    [refused('replayed'), 'true'],
    [refused('wrong-password'), 'false'],
  ] as const) {
    const { outcome } = await decide(verdict, 'REGISTER', forRegister);
    assert.ok(outcome.kind === 'respond');
    assert.match(outcome.headers?.[0]?.[1] ?? '', new RegExp(`stale=${stale}`, 'u'));
  }
});

test("a From that names somebody else than the credentials' owner gets 403 with 4004", async () => {
  const bob = { ...alice, aor: 'bob@contoso.com' };
  const { outcome, facts } = await decide({ kind: 'ok', user: bob }, 'INVITE', forOthers);
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
  assert.match(outcome.headers?.[0]?.[1] ?? '', /^4004;/u);
  assert.equal(facts.caller, undefined);
});

test('nobody registers a third party: the To has to be the one who proved it', async () => {
  const headers: HeaderField[] = [['To', '<sip:bob@contoso.com>'], ...forRegister];
  const { outcome } = await decide(ok, 'REGISTER', headers);
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
});

test('a forged host in From gets 403 before any challenge', async () => {
  const { outcome } = await decide(ok, 'INVITE', [['From', '<sip:alice@evil.example>;tag=1']]);
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
});

test('a REGISTER for a domain nobody serves gets 404 with 1005', async () => {
  const { outcome } = await decide(ok, 'REGISTER', [['To', '<sip:alice@evil.example>']]);
  assert.ok(outcome.kind === 'respond' && outcome.status === 404);
  assert.match(outcome.headers?.[0]?.[1] ?? '', /^1005;/u);
});

test('a REGISTER without a user in To gets 404', async () => {
  const { outcome } = await decide(ok, 'REGISTER', [['To', '<sip:contoso.com>']]);
  assert.ok(outcome.kind === 'respond' && outcome.status === 404);
});

test('how a user writes the name, in capitals or not, makes no difference', async () => {
  const headers: HeaderField[] = [['From', '<sip:ALICE@Contoso.com>;tag=1'], ...forOthers];
  const { outcome, facts } = await decide(ok, 'INVITE', headers);
  assert.equal(outcome.kind, 'continue');
  assert.equal(facts.caller, alice);
});

test('the authority hears which client asks, since some stumble over SHA-256', async () => {
  const { gate } = gateThatSays(ok);
  let heard: string | undefined;
  const listening: Challenger = {
    challenges({ userAgent }) {
      heard = userAgent;
      return [];
    },
    verify: () => Promise.resolve(ok),
  };
  const decider = authenticate({ ...gate, realms: new Map([['contoso.com', listening]]) });
  await decider.decide(
    contextOf(requestOf('REGISTER', undefined, [['User-Agent', 'baresip v1.0.0']])),
  );
  assert.equal(heard, 'baresip v1.0.0');
});

test('a tel From cannot sign in', async () => {
  const { outcome } = await decide(ok, 'INVITE', [['From', '<tel:+4930123456>;tag=1']]);
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
});

test('guessing is slowed down per user and remote address, and the password is not even looked at', async () => {
  const { gate, asked } = gateThatSays(refused('wrong-password'));
  const decider = authenticate(gate);
  const attempt = () => decider.decide(contextOf(requestOf('REGISTER', undefined, forRegister)));
  for (let i = 0; i < 6; i++) await attempt();
  const outcome = await attempt();
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
  assert.equal(outcome.headers?.find(([name]) => name === 'Retry-After')?.[1], '2');
  assert.equal(asked.length, 6);

  const elsewhere: HeaderField[] = [
    ['Via', 'SIP/2.0/TLS edge01.contoso.net;branch=z9hG4bKedge'],
    ['Via', 'SIP/2.0/TLS 203.0.113.9:1;branch=z9hG4bKother'],
    ...forRegister,
  ];
  const other = await decider.decide(contextOf(requestOf('REGISTER', undefined, elsewhere)));
  assert.ok(
    other.kind === 'respond' && other.status === 401,
    'the user elsewhere is asked as ever',
  );
});

test('guessing one password under many names in From is slowed down like guessing under one', async () => {
  const { gate, asked } = gateThatSays(refused('wrong-password'));
  const decider = authenticate(gate);
  const statuses: number[] = [];
  for (let i = 0; i < 8; i++) {
    const headers: HeaderField[] = [['From', `<sip:any${i}@contoso.com>;tag=1`], ...forOthers];
    const outcome = await decider.decide(contextOf(requestOf('INVITE', undefined, headers)));
    statuses.push(outcome.kind === 'respond' ? outcome.status : 0);
  }
  assert.equal(asked.length, 6);
  assert.deepEqual(statuses.slice(6), [403, 403]);
});
