import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildResponse, edit } from '#sip';
import type { HeaderField, Outcome, Peer, SipRequest } from '#sip';
import {
  alice,
  bindingsAt,
  bob,
  client,
  contextOf,
  director,
  edge,
  hopsTo,
  leaving,
  leavingOnce,
  now,
  requestOf,
  selfAt,
  server,
  tokens,
} from '../front-end.fixture.ts';
import { Bindings } from './bindings.ts';
import { originOf } from './context.ts';
import type { FrontEndFacts } from './context.ts';
import { deliver } from './deliver.ts';
import { dialogOf } from './dialog-token.ts';

const port = 7061;
const path = ['<sip:token@edge01.contoso.net;transport=tls;lr;ob>'];

interface Try {
  readonly at?: string;
  readonly from?: Peer;
  readonly bindings?: Bindings;
  readonly target?: typeof alice;
  readonly facts?: FrontEndFacts;
}

async function send(request: SipRequest, options: Try = {}): Promise<Outcome> {
  const self = selfAt(options.at ?? 'fe01.contoso.net');
  const { bindings = new Bindings(), target = alice, from = director } = options;
  const facts: FrontEndFacts = { target, ...options.facts };
  const context = contextOf(request, from, facts);
  const known = originOf(self, context);
  if (known?.host !== undefined) facts.peerHost = known.host;
  return deliver({ self, bindings, tokens, hopsTo, port }).decide(context);
}

/** Names of the servers asked, or the status of the answer. */
async function asked(options: Try): Promise<readonly string[] | number> {
  const outcome = await send(requestOf('MESSAGE', 'sip:alice@contoso.com'), options);
  if (outcome.kind === 'respond') return outcome.status;
  assert.ok(outcome.kind === 'forward');
  return outcome.plan.groups.flatMap((group) =>
    group.flatMap(({ via }) => (via.kind === 'hops' ? via.hops.map(({ name }) => name) : [via.id])),
  );
}

test('a remote user is reached along the Path, with the contact as Request-URI', async () => {
  const request = requestOf('MESSAGE', 'sip:alice@contoso.com');
  const outcome = await send(request, { bindings: bindingsAt({ path }) });
  const only = leavingOnce(outcome, request);
  assert.equal(only.request.requestUri, 'sip:alice@192.0.2.1');
  assert.deepEqual(only.request.values('Route'), path);
  const { target } = leavingOnce(outcome, request);
  assert.deepEqual(target.via, {
    kind: 'hops',
    hops: [{ address: '127.10.8.11', port: 1, name: 'edge01.contoso.net' }],
  });
});

test('what a contact wants written into requests for it is not written', async () => {
  const uri = 'sip:alice@192.0.2.1;transport=tls?Route=%3Csip:evil.example%3E&Subject=x';
  const request = requestOf('MESSAGE', 'sip:alice@contoso.com');
  const outcome = await send(request, { bindings: bindingsAt({ path, uri }) });
  const only = leavingOnce(outcome, request);
  assert.equal(only.request.requestUri, 'sip:alice@192.0.2.1;transport=tls');
});

test('an internal client can neither write into the route of a dialog nor assert who answered', async () => {
  const lies: HeaderField = ['Record-Route', '<sip:evil.example;lr>'];
  const request = requestOf('INVITE', 'sip:alice@contoso.com', [lies]);
  const outcome = await send(request, {
    bindings: bindingsAt({ connection: 'callee' }),
    from: client,
    facts: { caller: bob.aor, provedHere: true },
  });
  const only = leavingOnce(outcome, request);
  assert.equal(only.request.values('Record-Route').length, 1);
  const asserted: HeaderField = ['P-Asserted-Identity', '<sip:boss@contoso.com>'];
  const answer = buildResponse(request, 200, undefined, { headers: [asserted] });
  assert.ok(outcome.kind === 'forward');
  const returned = edit(answer, outcome.plan.onResponse?.(answer) ?? []);
  assert.deepEqual(returned.headers('P-Asserted-Identity'), []);
});

test('an internal client is reached over the connection it registered on', async () => {
  const bindings = bindingsAt({ connection: 'connection-7' });
  assert.deepEqual(await asked({ bindings }), ['connection-7']);
});

test('equal q rings at once, lower q later', async () => {
  const bindings = bindingsAt(
    { q: 0.5, connection: 'late-1' },
    { q: 1, connection: 'first' },
    { q: 0.5, connection: 'late-2' },
    { q: 0.1, connection: 'last' },
  );
  const request = requestOf('INVITE', 'sip:alice@contoso.com');
  const groups = leaving(await send(request, { bindings }), request);
  assert.deepEqual(
    groups.map((group) =>
      group.map(({ target: { via } }) => (via.kind === 'connection' ? via.id : via.kind)),
    ),
    [['first'], ['late-1', 'late-2'], ['last']],
  );
});

test('a request that opens a dialog gets our Record-Route with a token that leads back to both ends', async () => {
  const bindings = bindingsAt({ connection: 'callee' });
  for (const method of ['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY']) {
    const request = requestOf(method, 'sip:alice@contoso.com');
    const outcome = await send(request, { bindings, from: client });
    const only = leavingOnce(outcome, request);
    const [recordRoute] = only.request.recordRoutes;
    const found = /^sip:(?<token>[^@]+)@fe01\.contoso\.net:7061;transport=tls;lr$/u.exec(
      recordRoute?.uri ?? '',
    );
    assert.deepEqual(tokens.read(dialogOf(request, 'caller'), found?.groups?.['token'] ?? ''), {
      caller: 'connection-1',
      callee: 'callee',
    });
  }
});

test('a request that opens none, or is inside one, gets no Record-Route', async () => {
  const inside: HeaderField = ['To', '<sip:alice@contoso.com>;tag=2'];
  for (const request of [
    requestOf('MESSAGE', 'sip:alice@contoso.com'),
    requestOf('OPTIONS', 'sip:alice@contoso.com'),
    requestOf('INVITE', 'sip:alice@contoso.com', [inside]),
  ]) {
    const outcome = await send(request, { bindings: bindingsAt({ path }) });
    const only = leavingOnce(outcome, request);
    assert.equal(only.request.count('Record-Route'), 0);
  }
});

test('who has proved their identity here gets it asserted, and the credentials stay', async () => {
  const request = requestOf('MESSAGE', 'sip:alice@contoso.com', [
    ['Proxy-Authorization', 'Digest username="bob", realm="contoso.com"'],
    ['P-Asserted-Identity', '<sip:boss@contoso.com>'],
  ]);
  const facts = { caller: bob.aor, provedHere: true };
  const outcome = await send(request, { bindings: bindingsAt({ path }), from: client, facts });
  const only = leavingOnce(outcome, request);
  assert.deepEqual(only.request.headers('P-Asserted-Identity'), ['<sip:bob@contoso.com>']);
  assert.equal(only.request.count('Proxy-Authorization'), 0);
});

test('who asks for privacy stays unnamed towards the other user, not towards the other server', async () => {
  const request = requestOf('MESSAGE', 'sip:alice@contoso.com', [
    ['P-Asserted-Identity', '<sip:bob@contoso.com>'],
    ['Privacy', 'id;critical'],
  ]);
  const bound = await send(request, { bindings: bindingsAt({ path }) });
  const toUser = leavingOnce(bound, request);
  assert.equal(toUser.request.count('P-Asserted-Identity'), 0);
  const toServer = leavingOnce(await send(request), request);
  assert.equal(toServer.request.count('P-Asserted-Identity'), 1);
});

test('a binding whose Edge has left the topology is passed over', async () => {
  const gone = { path: ['<sip:token@edge09.contoso.net;lr>'] };
  assert.equal(await asked({ bindings: bindingsAt(gone) }), 480);
  assert.deepEqual(await asked({ bindings: bindingsAt(gone, { connection: 'here' }) }), ['here']);
});

test('a user not bound here is looked for at the other members of the home pool, then of the backup', async () => {
  assert.deepEqual(await asked({}), ['fe02.contoso.net', 'fe03.contoso.net']);
});

test('a user homed elsewhere is looked for at home first, also by the backup pool', async () => {
  const servers = await asked({ at: 'fe03.contoso.net' });
  assert.ok(Array.isArray(servers));
  assert.deepEqual([...servers].map(String).toSorted(), ['fe01.contoso.net', 'fe02.contoso.net']);
});

test('asked by another candidate, a server looks at its own bindings only and says 503', async () => {
  assert.equal(await asked({ from: server('fe02.contoso.net') }), 503);
  assert.equal(await asked({ from: server('fe03.contoso.net') }), 503);
  const bindings = bindingsAt({ connection: 'here' });
  assert.deepEqual(await asked({ from: server('fe02.contoso.net'), bindings }), ['here']);
});

test('when nobody has the user bound the answer is 480', async () => {
  const outcome = await send(requestOf('INVITE', 'sip:alice@contoso.com'));
  assert.ok(outcome.kind === 'forward');
  assert.equal(outcome.plan.unreachable?.status, 480);
});

test('an Edge is no candidate', async () => {
  assert.deepEqual(await asked({ from: edge }), ['fe02.contoso.net', 'fe03.contoso.net']);
});

/** Forks to alice's bindings; the targets in the order they are asked, and the plan. */
async function forked(bindings: Bindings) {
  const request = requestOf('MESSAGE', 'sip:alice@contoso.com');
  const outcome = await send(request, { bindings });
  assert.ok(outcome.kind === 'forward');
  const answers = (status: number) => buildResponse(request, status);
  return { plan: outcome.plan, targets: outcome.plan.groups.flat(), answers };
}

const urisOf = (bindings: Bindings): readonly string[] =>
  bindings.of(alice.aor, now).map(({ uri }) => uri);

test('exactly the binding whose flow the Edge has lost is forgotten, also among several', async () => {
  const bindings = bindingsAt({ path }, { path }, { path });
  const { targets, answers } = await forked(bindings);
  const lost = targets.find(({ requestUri }) => requestUri === 'sip:alice@192.0.2.2');
  for (const target of targets) target.onFinal?.(answers(target === lost ? 430 : 486));
  assert.deepEqual(urisOf(bindings), ['sip:alice@192.0.2.1', 'sip:alice@192.0.2.3']);
});

test('a binding made anew while the old one was asked stays', async () => {
  const bindings = bindingsAt({ path });
  const { targets, answers } = await forked(bindings);
  const contact = { uri: 'sip:alice@192.0.2.1', q: 1, instance: undefined, regId: undefined };
  bindings.update(
    alice.aor,
    {
      contacts: [{ ...contact, lifetime: 600 }],
      path,
      connection: undefined,
      callId: 'registration-0',
      cseq: 2,
    },
    now,
  );
  targets[0]?.onFinal?.(answers(430));
  assert.deepEqual(urisOf(bindings), ['sip:alice@192.0.2.1']);
});

test('when every flow of the user has failed the caller hears 480, never 430', async () => {
  const { plan, answers } = await forked(bindingsAt({ path }, { path }));
  assert.equal(plan.instead?.(answers(430))?.status, 480);
  assert.equal(plan.instead?.(answers(486)), undefined);
});
