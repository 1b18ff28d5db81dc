import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runChain } from '#sip';
import { directorChain } from './chain.ts';
import { SignInBackoff } from './policy/sign-in-backoff.ts';
import { UserLimit } from './policy/user-limit.ts';
import { alice, contextOf, dir01, directoryOf, requestOf } from './director.fixture.ts';

const chain = directorChain({
  self: dir01,
  gate: {
    self: dir01,
    realms: new Map([
      [
        'contoso.com',
        {
          challenges: () => ['Digest realm="contoso.com"'],
          verify: () => Promise.resolve({ kind: 'ok', user: alice } as const),
        },
      ],
    ]),
    directory: directoryOf(alice),
    backoff: new SignInBackoff(),
  },
  userLimit: new UserLimit(20, 1),
  health: { alive: () => true, failed() {} },
  hopsTo: ({ addresses: [address = ''], fqdn }) => [{ address, port: 1, name: fqdn }],
  port: 1,
});

test('the Director is eight deciders in this order', () => {
  assert.deepEqual(
    chain.map(({ name }) => name),
    [
      'trustedPeer',
      'maxForwards',
      'loop',
      'ping',
      'authenticate',
      'limitUser',
      'locateHome',
      'redirectOrProxy',
    ],
  );
});

test('a request that may go no further is answered 483 before anybody is asked for a password', async () => {
  const outcome = await runChain(
    chain,
    contextOf(requestOf('INVITE', undefined, [['Max-Forwards', '0']])),
  );
  assert.ok(outcome.kind === 'respond' && outcome.status === 483);
});

test('a request without credentials is challenged, with credentials passed on', async () => {
  const first = await runChain(chain, contextOf(requestOf('INVITE')));
  assert.ok(first.kind === 'respond' && first.status === 407);
  const second = await runChain(
    chain,
    contextOf(
      requestOf('INVITE', undefined, [['Proxy-Authorization', 'Digest realm="contoso.com"']]),
    ),
  );
  assert.equal(second.kind, 'forward');
});
