import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildResponse } from '#sip';
import type { Connection, HeaderField, Peer, SipRequest } from '#sip';
import {
  bindingsAt,
  client,
  contextOf,
  director,
  edge,
  fe01,
  hopsTo,
  leavingOnce,
  requestOf,
  server,
  tokens,
} from '../front-end.fixture.ts';
import { Bindings } from './bindings.ts';
import { originOf } from './context.ts';
import { dialogOf } from './dialog-token.ts';
import type { FrontEndFacts } from './context.ts';
import { followDialog } from './follow-dialog.ts';
import type { DialogWays } from './follow-dialog.ts';

const contact = 'sip:bob@192.0.2.9;transport=tls';
const inDialog: HeaderField = ['To', '<sip:bob@contoso.com>;tag=2'];
/** The other way round: from the callee to the caller. */
const backwards: readonly HeaderField[] = [
  ['From', '<sip:bob@contoso.com>;tag=2'],
  ['To', '<sip:alice@contoso.com>;tag=1'],
];

function route(flows: { caller?: string; callee?: string } = {}, callId = 'call-1'): string {
  const opening = dialogOf(requestOf('INVITE', undefined, [['Call-ID', callId]]), 'caller');
  const token = tokens.make(opening, { caller: flows.caller, callee: flows.callee });
  return `<sip:${token}@fe01.contoso.net:1;transport=tls;lr>`;
}

/** Every connection is open. */
const opened = (id: string): Connection => contextOf(requestOf('BYE'), client, {}, id).connection;

async function follow(
  request: SipRequest,
  peer: Peer,
  options: { bindings?: Bindings; from?: string; connection?: DialogWays['connection'] } = {},
) {
  const { bindings = new Bindings(), connection = opened } = options;
  const decider = followDialog({ self: fe01, tokens, hopsTo, bindings, connection });
  const facts: FrontEndFacts = {};
  const context = contextOf(request, peer, facts, options.from);
  const known = originOf(fe01, context);
  if (known !== undefined) facts.origin = known.origin;
  return { outcome: await decider.decide(context), facts };
}

test('a request without a Route travels on', async () => {
  for (const peer of [director, client, server('fe02.contoso.net')]) {
    const { outcome } = await follow(requestOf('INVITE'), peer);
    assert.equal(outcome.kind, 'continue');
  }
});

test('from an Edge, nothing inside a dialog passes without a token', async () => {
  const { outcome } = await follow(requestOf('BYE', contact, [inDialog]), edge);
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
});

test('from an Edge, a token of another call does not help', async () => {
  const request = requestOf('BYE', contact, [inDialog, ['Route', route({}, 'call-2')]]);
  const { outcome } = await follow(request, edge);
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
});

test('with its token a request goes on to the next server of its Route, which stays on it', async () => {
  const next = '<sip:x@edge01.contoso.net;lr>';
  const request = requestOf('BYE', contact, [inDialog, ['Route', `${route()}, ${next}`]]);
  const { outcome } = await follow(request, edge);
  const only = leavingOnce(outcome, request);
  assert.deepEqual(only.target, {
    via: { kind: 'hops', hops: [{ address: '127.10.8.11', port: 1, name: 'edge01.contoso.net' }] },
  });
  assert.deepEqual(only.request.values('Route'), [next]);
  assert.equal(only.request.requestUri, contact);
});

test('who was let into one dialog cannot write in the name of others, to others, or outside of it', async () => {
  const attempts: readonly (readonly HeaderField[])[] = [
    [['From', '<sip:boss@contoso.com>;tag=1'], inDialog],
    [['From', '<sip:alice@contoso.com>;tag=9'], inDialog],
    [['To', '<sip:carol@contoso.com>;tag=2']],
    [],
  ];
  const bindings = bindingsAt({ uri: contact, connection: 'bound' });
  for (const attempt of attempts) {
    const routes = `${route({ callee: 'two' })}, <sip:fe03.contoso.net;lr>`;
    const request = requestOf('MESSAGE', contact, [...attempt, ['Route', routes]]);
    for (const peer of [edge, client]) {
      const { outcome } = await follow(request, peer, { bindings });
      assert.ok(outcome.kind === 'respond' && outcome.status === 403, JSON.stringify(attempt));
    }
  }
});

test('a token behind a crowd of false ones is not looked for', async () => {
  const crowd = Array.from({ length: 4 }, () => '<sip:x.y.z@fe01.contoso.net;lr>');
  const routed: HeaderField = ['Route', [...crowd, route({ callee: 'two' })].join(', ')];
  const { outcome } = await follow(requestOf('BYE', contact, [inDialog, routed]), edge);
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
});

test('an ACK follows its Route like any other request', async () => {
  const routes = `${route()}, <sip:x@edge01.contoso.net;lr>`;
  const request = requestOf('ACK', contact, [inDialog, ['Route', routes]]);
  assert.equal((await follow(request, edge)).outcome.kind, 'forward');
});

test('nobody relays through us: a Route that leads out of the topology gets 403', async () => {
  const routes = `${route()}, <sip:relay.example;lr>`;
  const request = requestOf('BYE', contact, [inDialog, ['Route', routes]]);
  for (const peer of [edge, client, director]) {
    const { outcome } = await follow(request, peer);
    assert.ok(outcome.kind === 'respond' && outcome.status === 403);
  }
});

test('a client may not choose a way through the topology without a token', async () => {
  const request = requestOf('MESSAGE', contact, [['Route', '<sip:fe03.contoso.net;lr>']]);
  const { outcome } = await follow(request, client);
  assert.ok(outcome.kind === 'respond' && outcome.status === 403);
});

test('another Front End may: it was asked for the way it has', async () => {
  const request = requestOf('MESSAGE', contact, [['Route', '<sip:fe03.contoso.net;lr>']]);
  const { outcome } = await follow(request, server('fe02.contoso.net'));
  assert.equal(outcome.kind, 'forward');
});

test('a Route that only names us, as an outbound proxy does, is taken off and decides nothing', async () => {
  const request = requestOf('INVITE', undefined, [['Route', '<sip:fepool01.contoso.net;lr>']]);
  const { outcome, facts } = await follow(request, client);
  assert.equal(outcome.kind, 'continue');
  assert.equal(facts.ownRoutes, 1);
});

test('the last server sends to the client behind it: the other end than the sender', async () => {
  const routed: HeaderField = ['Route', route({ caller: 'one', callee: 'two' })];
  for (const [from, to, ends] of [
    ['one', 'two', [inDialog]],
    ['two', 'one', backwards],
    // Connections come and go while a dialog lasts.
    ['three', 'two', [inDialog]],
  ] as const) {
    const request = requestOf('BYE', contact, [...ends, routed]);
    const { outcome } = await follow(request, client, { from });
    const only = leavingOnce(outcome, request);
    assert.deepEqual(only.target, { via: { kind: 'connection', id: to } });
    assert.deepEqual(only.request.values('Route'), []);
  }
});

test('the remote end reaches the internal client over its flow', async () => {
  const request = requestOf('BYE', contact, [inDialog, ['Route', route({ callee: 'two' })]]);
  const { outcome } = await follow(request, edge);
  const only = leavingOnce(outcome, request);
  assert.deepEqual(only.target, { via: { kind: 'connection', id: 'two' } });
});

test('a client that is busy is not told to be gone', async () => {
  const request = requestOf('INFO', contact, [inDialog, ['Route', route({ callee: 'two' })]]);
  const { outcome } = await follow(request, edge);
  assert.ok(outcome.kind === 'forward');
  assert.equal(outcome.plan.instead?.(buildResponse(request, 503))?.status, 480);
  assert.equal(outcome.plan.instead?.(buildResponse(request, 486)), undefined);
});

test('without a flow the binding of the contact shows the way', async () => {
  const bindings = bindingsAt({ uri: contact, connection: 'bound' });
  const request = requestOf('BYE', contact, [...backwards, ['Route', route()]]);
  const { outcome } = await follow(request, edge, { bindings });
  const only = leavingOnce(outcome, request);
  assert.deepEqual(only.target.via, { kind: 'connection', id: 'bound' });
});

test('a flow that another process has is used; when it is gone, the binding of the contact is', async () => {
  const bindings = bindingsAt({ uri: contact, connection: 'bound' });
  for (const [connection, expected] of [
    [(id: string) => Promise.resolve(opened(id)), 'two'],
    [() => Promise.resolve(undefined), 'bound'],
    [() => undefined, 'bound'],
  ] as const) {
    const routed: HeaderField = ['Route', route({ caller: 'two' })];
    const request = requestOf('BYE', contact, [...backwards, routed]);
    const { outcome } = await follow(request, edge, { bindings, connection });
    const only = leavingOnce(outcome, request);
    assert.deepEqual(only.target.via, { kind: 'connection', id: expected });
  }
});

test('a client that is gone gets nothing: 430', async () => {
  const request = requestOf('BYE', contact, [inDialog, ['Route', route()]]);
  const { outcome } = await follow(request, edge);
  assert.ok(outcome.kind === 'respond' && outcome.status === 430);
});

test('a contact that is an address-of-record is looked up like any other', async () => {
  const request = requestOf('BYE', 'sip:bob@contoso.com', [inDialog, ['Route', route()]]);
  const { outcome, facts } = await follow(request, director);
  assert.equal(outcome.kind, 'continue');
  assert.equal(facts.ownRoutes, 1);
});

test('nobody at the other end of a dialog gets credentials for our realm, whatever they challenged', async () => {
  for (const name of ['Authorization', 'Proxy-Authorization']) {
    const request = requestOf('INVITE', contact, [
      inDialog,
      ['Route', route({ callee: 'two' })],
      [name, 'Digest username="alice", realm="contoso.com", nonce="n", response="r"'],
    ]);
    const only = leavingOnce((await follow(request, edge)).outcome, request);
    assert.deepEqual(only.request.headers(name), []);
  }
});

test('what an Edge says about identities is hearsay; what a Front End says passes', async () => {
  const request = requestOf('INFO', contact, [
    inDialog,
    ['Route', `${route()}, <sip:x@edge01.contoso.net;lr>`],
    ['P-Asserted-Identity', '<sip:boss@contoso.com>'],
  ]);
  for (const [peer, expected] of [
    [edge, 0],
    [client, 0],
    [server('fe03.contoso.net'), 1],
  ] as const) {
    const { outcome } = await follow(request, peer);
    const only = leavingOnce(outcome, request);
    assert.equal(only.request.count('P-Asserted-Identity'), expected);
  }
});
