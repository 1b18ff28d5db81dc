import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edit } from '#sip';
import type { HeaderField, SipRequest } from '#sip';
import type { Host, Pool } from '#topology';
import type { DirectorFacts } from './context.ts';
import { redirectOrProxy } from './redirect-or-proxy.ts';
import {
  alice,
  client,
  contextOf,
  dir01,
  edge,
  hostOf,
  plan,
  requestOf,
} from '../director.fixture.ts';

const port = 7061;
const decider = redirectOrProxy(
  dir01,
  ({ addresses: [address = ''], fqdn }) => [{ address, port, name: fqdn }],
  port,
);
const pools = plan.topology.pools.filter(({ role }) => role === 'frontEnd');
const servers = ['fe02.contoso.net', 'fe01.contoso.net', 'fe03.contoso.net'].map(hostOf);

async function decide(
  request: SipRequest,
  origin: 'edge' | 'client',
  home: { pools: readonly Pool[]; servers: readonly Host[] } = { pools, servers },
) {
  const facts: DirectorFacts = {
    origin,
    caller: alice,
    home: { pools: home.pools, servers: () => home.servers },
  };
  return decider.decide(contextOf(request, origin === 'edge' ? edge : client, facts));
}

/** The request as it leaves. */
async function proxied(request: SipRequest): Promise<SipRequest> {
  const outcome = await decide(request, 'edge');
  assert.ok(outcome.kind === 'forward');
  return edit(request, outcome.plan.edits ?? []);
}

test('an internal client that registers is redirected with the primary pool at q 0.7 and the backup at 0.3', async () => {
  const outcome = await decide(requestOf('REGISTER'), 'client');
  assert.deepEqual(outcome, {
    kind: 'respond',
    status: 301,
    reason: 'Redirect request to Home Server',
    headers: [
      ['Contact', '<sip:fepool01.contoso.net:7061;transport=tls>;q=0.7'],
      ['Contact', '<sip:fepool02.contoso.net:7061;transport=tls>;q=0.3'],
    ],
  });
});

test('the pool that lives is named first', async () => {
  const outcome = await decide(requestOf('REGISTER'), 'client', {
    pools: pools.toReversed(),
    servers,
  });
  assert.ok(outcome.kind === 'respond');
  assert.match(outcome.headers?.[0]?.[1] ?? '', /fepool02.*q=0\.7/u);
});

test('a user without a backup pool gets one contact', async () => {
  const outcome = await decide(requestOf('REGISTER'), 'client', {
    pools: pools.slice(0, 1),
    servers,
  });
  assert.ok(outcome.kind === 'respond');
  assert.equal(outcome.headers?.length, 1);
});

test('other requests of an internal client are sent by way of the home pool, addressee kept', async () => {
  const outcome = await decide(requestOf('INVITE'), 'client');
  assert.ok(outcome.kind === 'respond' && outcome.status === 305);
});

test("a remote user is passed on to the servers of the home, in the user's order", async () => {
  const outcome = await decide(requestOf('MESSAGE'), 'edge');
  assert.ok(outcome.kind === 'forward');
  assert.deepEqual(outcome.plan.groups, [
    [
      {
        via: {
          kind: 'hops',
          hops: servers.map(({ addresses: [address], fqdn }) => ({ address, port, name: fqdn })),
        },
      },
    ],
  ]);
});

test('the identity proved here is asserted, whatever the client asserted or preferred', async () => {
  const request = await proxied(
    requestOf('MESSAGE', undefined, [
      ['P-Asserted-Identity', '<sip:boss@contoso.com>'],
      ['P-Asserted-Identity', '<tel:+4930123456>'],
      ['P-Preferred-Identity', '<sip:boss@contoso.com>'],
    ]),
  );
  assert.deepEqual(request.headers('P-Asserted-Identity'), ['<sip:alice@contoso.com>']);
  assert.deepEqual(request.headers('P-Preferred-Identity'), []);
});

test('credentials spent here stay here; those for another realm travel on', async () => {
  const ours = 'Digest username="alice", realm="contoso.com", nonce="n", response="r"';
  const theirs = 'Digest username="x", realm="other.example", nonce="n", response="r"';
  for (const name of ['Proxy-Authorization', 'Authorization']) {
    const headers: HeaderField[] = [
      [name, ours],
      [name, theirs],
    ];
    const request = await proxied(requestOf('MESSAGE', undefined, headers));
    assert.deepEqual(request.headers(name), [theirs]);
  }
});

test('a Route the client wrote decides nothing, and the Path the Edge wrote stays', async () => {
  const request = await proxied(
    requestOf('REGISTER', 'sip:contoso.com', [
      ['Route', '<sip:elsewhere.example;lr>'],
      ['Path', '<sip:token@edge01.contoso.net;lr;ob>'],
    ]),
  );
  assert.deepEqual(request.headers('Route'), []);
  assert.deepEqual(request.headers('Path'), ['<sip:token@edge01.contoso.net;lr;ob>']);
});

test('the Director stays out of the dialog', async () => {
  const request = await proxied(requestOf('INVITE'));
  assert.deepEqual(request.headers('Record-Route'), []);
});

test('when no server can be reached the answer is 504 with 1007', async () => {
  const outcome = await decide(requestOf('INVITE'), 'edge');
  assert.ok(outcome.kind === 'forward');
  assert.equal(outcome.plan.unreachable?.status, 504);
  assert.match(outcome.plan.unreachable?.headers?.[0]?.[1] ?? '', /^1007;/u);
  const nowhere = await decide(requestOf('INVITE'), 'edge', { pools, servers: [] });
  assert.ok(nowhere.kind === 'respond' && nowhere.status === 504);
});

test('a user name with odd letters cannot write a second header or a second identity', async () => {
  const facts: DirectorFacts = {
    origin: 'edge',
    caller: { ...alice, aor: 'a>\r\nX: y@contoso.com' },
    home: { pools, servers: () => servers },
  };
  const request = requestOf('MESSAGE');
  const outcome = await decider.decide(contextOf(request, edge, facts));
  assert.ok(outcome.kind === 'forward');
  const sent = edit(request, outcome.plan.edits ?? []);
  assert.deepEqual(sent.headers('P-Asserted-Identity'), ['<sip:a%3E%0D%0AX%3A%20y@contoso.com>']);
});
