import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servicePort } from '#ports';
import {
  edit,
  runChain,
  type Connection,
  type ForwardPlan,
  type Outcome,
  type SipRequest,
} from '#sip';
import { connectionOf, contoso, requestOf } from '../edge.fixture.ts';
import { EdgeContext, type EdgeTools } from './context.ts';
import { factsOf } from './facts.ts';
import { FlowTokens } from './flow-tokens.ts';
import { fromInside } from './from-inside.ts';
import { fromOutside } from './from-outside.ts';
import { recordRoutes } from './record-route.ts';
import { Lanes } from './lanes.ts';
import { RateLimit } from './rate-limit.ts';

const plan = contoso();
const edge = plan.topology.edges[0];
assert.ok(edge !== undefined);
const facts = factsOf(plan, edge);
const client = connectionOf(
  'client-1',
  'accessEdge',
  { kind: 'client' },
  servicePort(plan, 'accessEdge'),
  'sip.contoso.com',
);
const frontEnd = connectionOf('fe-1', 'sip', { kind: 'server', fqdn: 'fe01.contoso.net' });
const open = new Map<string, Connection>([[client.id, client]]);
const inside = `edge01.contoso.net:${servicePort(plan, 'sip')}`;
const outside = `sip.contoso.com:${servicePort(plan, 'accessEdge')}`;

const tools = (rate = { burst: 100, perSecond: 10 }): EdgeTools => ({
  facts,
  tokens: new FlowTokens(Buffer.alloc(32, 1)),
  lanes: new Lanes(facts.nextHop, 4),
  rate: new RateLimit(rate),
  ackRate: new RateLimit(rate),
  connection: (id) => open.get(id),
});
const token = tools().tokens.issue(client.id);

const fields = (method: string, more: readonly string[] = [], toTag = ''): readonly string[] => [
  'Via: SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK1',
  'Max-Forwards: 70',
  'From: <sip:alice@contoso.com>;tag=1',
  `To: <sip:bob@contoso.com>${toTag}`,
  'Call-ID: 1@x',
  `CSeq: 1 ${method}`,
  ...more,
];

async function decide(
  request: SipRequest,
  connection: Connection = client,
  using: EdgeTools = tools(),
  receivedAt = 0,
): Promise<Outcome> {
  const context = new EdgeContext(
    { request, connection, peer: connection.peer, receivedAt },
    using,
  );
  return runChain(connection === client ? fromOutside : fromInside, context);
}

function planOf(outcome: Outcome): ForwardPlan {
  assert.equal(outcome.kind, 'forward', JSON.stringify(outcome));
  return outcome.plan;
}

function statusOf(outcome: Outcome): number {
  assert.equal(outcome.kind, 'respond');
  return outcome.status;
}

/** The request as it would leave, apart from what the core adds. */
function leaving(request: SipRequest, outcome: Outcome): SipRequest {
  return edit(request, planOf(outcome).edits ?? []);
}

test('a registration goes to the Director pool with a Path back to the connection it came by', async () => {
  const request = requestOf(['REGISTER sip:contoso.com SIP/2.0', ...fields('REGISTER')]);
  const outcome = await decide(request);
  assert.deepEqual(planOf(outcome).groups, [
    [{ via: { kind: 'hops', hops: facts.nextHop.map((hop) => ({ ...hop, lane: 0 })) } }],
  ]);
  assert.deepEqual(leaving(request, outcome).headers('Path'), [
    `<sip:${token}@${inside};transport=tls;lr;ob;entry=${outside}>`,
  ]);
});

test('an invitation is record-routed on both sides, the inside on top', async () => {
  const request = requestOf(['INVITE sip:bob@contoso.com SIP/2.0', ...fields('INVITE')]);
  assert.deepEqual(leaving(request, await decide(request)).values('Record-Route'), [
    `<sip:${token}@${inside};transport=tls;lr>`,
    `<sip:${token}@${outside};transport=tls;lr>`,
  ]);
});

test('what forms no dialog, or is inside one, is not record-routed', async () => {
  for (const [method, tag] of [
    ['MESSAGE', ''],
    ['INVITE', ';tag=2'],
    ['BYE', ';tag=2'],
  ] as const) {
    const request = requestOf([`${method} sip:b@contoso.com SIP/2.0`, ...fields(method, [], tag)]);
    assert.equal(leaving(request, await decide(request)).header('Record-Route'), undefined);
  }
});

test('what only servers may say is taken from a client', async () => {
  const lies = [
    'P-Asserted-Identity: <sip:boss@contoso.com>',
    'p-preferred-identity: <sip:boss@contoso.com>',
    'Remote-Party-ID: "The boss" <sip:boss@contoso.com>;screen=yes',
    'P-Served-User: <sip:boss@contoso.com>',
    'Path: <sip:evil.example;lr>',
    'Record-Route: <sip:evil.example;lr>',
    'Record-Route: <sip:evil2.example;lr>',
  ];
  const request = requestOf(['MESSAGE sip:b@contoso.com SIP/2.0', ...fields('MESSAGE', lies)]);
  const out = leaving(request, await decide(request));
  assert.ok(!/boss|evil/u.test(out.head), out.head);
});

test('a route the client made up is dropped and the request goes to the Director', async () => {
  const routes = ['Route: <sip:sip.contoso.com;lr>', 'Route: <sip:fe01.contoso.net;lr>'];
  const request = requestOf(['MESSAGE sip:b@contoso.com SIP/2.0', ...fields('MESSAGE', routes)]);
  const outcome = await decide(request);
  assert.equal(leaving(request, outcome).header('Route'), undefined);
  const [target] = planOf(outcome).groups[0] ?? [];
  assert.ok(target?.via.kind === 'hops');
  assert.equal(target.via.hops[0]?.name, 'dirpool01.contoso.net');
});

const dialogRoute = (next: string): readonly string[] => [
  `Route: <sip:${token}@${outside};transport=tls;lr>, <sip:${token}@${inside};transport=tls;lr>`,
  `Route: <${next}>`,
];

test('a request inside a dialog goes straight to the server that record-routed it', async () => {
  const request = requestOf([
    'BYE sip:bob@192.0.2.9 SIP/2.0',
    ...fields('BYE', dialogRoute('sip:T@fe01.contoso.net;transport=tls;lr'), ';tag=2'),
  ]);
  const outcome = await decide(request);
  const [target] = planOf(outcome).groups[0] ?? [];
  assert.ok(target?.via.kind === 'hops');
  assert.deepEqual(
    target.via.hops.map(({ address, name }) => [address, name]),
    [['127.10.2.11', 'fe01.contoso.net']],
  );
  assert.deepEqual(leaving(request, outcome).values('Route'), [
    '<sip:T@fe01.contoso.net;transport=tls;lr>',
  ]);
});

test('a route that leads past our own entries to anywhere else is refused', async () => {
  for (const next of [
    'sip:evil.example;lr',
    'sip:127.10.2.11;lr',
    'sip:dir01.contoso.net;lr',
    'sip:rp01.contoso.net;lr',
    `sip:${token}@edge01.contoso.net;lr`,
  ]) {
    const request = requestOf([
      'BYE sip:bob@192.0.2.9 SIP/2.0',
      ...fields('BYE', dialogRoute(next), ';tag=2'),
    ]);
    // Our own name again, with the same token, is one passage too many and not a server.
    assert.equal(statusOf(await decide(request)), 403, next);
  }
});

test('the route set of a dialog opens no way past the Director for anything else', async () => {
  for (const [method, tag] of [
    ['INVITE', ''],
    ['MESSAGE', ''],
    ['REGISTER', ';tag=2'],
  ] as const) {
    const routes = dialogRoute('sip:T@fe01.contoso.net;lr');
    const request = requestOf([
      `${method} sip:b@contoso.com SIP/2.0`,
      ...fields(method, routes, tag),
    ]);
    const outcome = await decide(request);
    const [target] = planOf(outcome).groups[0] ?? [];
    assert.ok(target?.via.kind === 'hops');
    assert.equal(target.via.hops[0]?.name, 'dirpool01.contoso.net');
    assert.equal(leaving(request, outcome).header('Route'), undefined);
  }
});

test('a forged token is worth nothing', async () => {
  const request = requestOf([
    'BYE sip:bob@192.0.2.9 SIP/2.0',
    ...fields('BYE', [
      `Route: <sip:x${token.slice(1)}@${outside};lr>, <sip:T@fe01.contoso.net;lr>`,
    ]),
  ]);
  const outcome = await decide(request);
  assert.equal(leaving(request, outcome).header('Route'), undefined);
});

test('a Route that is no SIP URI is a bad request', async () => {
  const request = requestOf([
    'MESSAGE sip:b@contoso.com SIP/2.0',
    ...fields('MESSAGE', ['Route: <tel:+4930>']),
  ]);
  assert.equal(statusOf(await decide(request)), 400);
});

test('OPTIONS to the Edge itself is answered, OPTIONS to a user goes on', async () => {
  for (const name of ['sip.contoso.com', 'edge01.contoso.net', '127.20.0.11']) {
    const request = requestOf([`OPTIONS sip:${name} SIP/2.0`, ...fields('OPTIONS')]);
    assert.equal(statusOf(await decide(request)), 200);
  }
  const other = requestOf(['OPTIONS sip:bob@contoso.com SIP/2.0', ...fields('OPTIONS')]);
  planOf(await decide(other));
});

test('Max-Forwards 0 ends here', async () => {
  const lines = fields('MESSAGE').map((line) => line.replace('70', '0'));
  const request = requestOf(['MESSAGE sip:b@contoso.com SIP/2.0', ...lines]);
  assert.equal(statusOf(await decide(request)), 483);
});

test('a client that floods is told to wait, its ACKs pass, and others do not notice', async () => {
  const using = tools({ burst: 2, perSecond: 1 });
  const message = requestOf(['MESSAGE sip:b@contoso.com SIP/2.0', ...fields('MESSAGE')]);
  const ack = requestOf(['ACK sip:b@contoso.com SIP/2.0', ...fields('ACK')]);
  planOf(await decide(message, client, using, 0));
  planOf(await decide(message, client, using, 0));
  const refused = await decide(message, client, using, 0);
  assert.equal(statusOf(refused), 503);
  planOf(await decide(ack, client, using, 0));
  planOf(await decide(ack, client, using, 0));
  assert.equal((await decide(ack, client, using, 0)).kind, 'drop', 'an ACK of no INVITE');
  planOf(await decide(message, client, using, 1000));
  assert.equal(statusOf(await decide(message, client, using, 1000)), 503);
});

test('clients take turns on the lanes and each keeps its own', () => {
  const lanes = new Lanes(facts.nextHop, 2);
  const clients = [1, 2, 3].map((n) => connectionOf(`c${n}`, 'accessEdge', { kind: 'client' }));
  const laneOf = (connection: Connection): number | undefined => lanes.hopsFor(connection)[0]?.lane;
  assert.deepEqual(clients.map(laneOf), [0, 1, 0]);
  assert.deepEqual(clients.map(laneOf), [0, 1, 0]);
  const [first] = clients;
  assert.ok(first !== undefined);
  assert.equal(lanes.hopsFor(first), lanes.hopsFor(first), 'the core knows hops by identity');
});

test('without a VIP each lane starts with another member and has the rest to fall back on', () => {
  const members = ['a', 'b'].map((name) => ({ address: name, port: 1, name }));
  const lanes = new Lanes(members, 2);
  const names = [1, 2].map((n) =>
    lanes
      .hopsFor(connectionOf(`c${n}`, 'accessEdge', { kind: 'client' }))
      .map(({ name }) => name)
      .join(),
  );
  assert.deepEqual(names, ['a,b', 'b,a']);
});

test('a request from inside finds the client by its token and takes the route off', async () => {
  const request = requestOf([
    'MESSAGE sip:alice@192.0.2.7 SIP/2.0',
    ...fields('MESSAGE', [`Route: <sip:${token}@${inside};transport=tls;lr;ob>`]),
  ]);
  const outcome = await decide(request, frontEnd);
  assert.deepEqual(planOf(outcome).groups, [[{ via: { kind: 'connection', id: client.id } }]]);
  assert.equal(leaving(request, outcome).header('Route'), undefined);
  assert.deepEqual(planOf(outcome).unreachable, { status: 430, reason: 'Flow Failed' });
});

test('an invitation to a client is record-routed on both sides, the outside on top', async () => {
  const request = requestOf([
    'INVITE sip:alice@192.0.2.7 SIP/2.0',
    ...fields('INVITE', [
      `Route: <sip:${token}@${inside};lr>`,
      'Record-Route: <sip:T@fe01.contoso.net;lr>',
    ]),
  ]);
  assert.deepEqual(leaving(request, await decide(request, frontEnd)).values('Record-Route'), [
    `<sip:${token}@${outside};transport=tls;lr>`,
    `<sip:${token}@${inside};transport=tls;lr>`,
    '<sip:T@fe01.contoso.net;lr>',
  ]);
});

test('a flow that is gone is 430, whichever process of the Edge had it', async () => {
  const request = requestOf([
    'MESSAGE sip:alice@192.0.2.7 SIP/2.0',
    ...fields('MESSAGE', [`Route: <sip:${tools().tokens.issue('long gone')}@${inside};lr>`]),
  ]);
  const asked = { ...tools(), connection: () => Promise.resolve(undefined) };
  for (const using of [tools(), asked]) {
    assert.equal(statusOf(await decide(request, frontEnd, using)), 430);
  }
});

test('a flow that another process of the Edge has is used like one of our own', async () => {
  const request = requestOf([
    'INVITE sip:alice@192.0.2.7 SIP/2.0',
    ...fields('INVITE', [`Route: <sip:${token}@${inside};lr>`]),
  ]);
  const asked = { ...tools(), connection: (id: string) => Promise.resolve(open.get(id)) };
  const own = planOf(await decide(request, frontEnd));
  const borrowed = planOf(await decide(request, frontEnd, asked));
  assert.deepEqual([borrowed.groups, borrowed.edits], [own.groups, own.edits]);
});

test('the inside reaches nobody without a token', async () => {
  const request = requestOf(['MESSAGE sip:alice@contoso.com SIP/2.0', ...fields('MESSAGE')]);
  assert.equal(statusOf(await decide(request, frontEnd)), 404);
});

test('a peer on the inside that is no trusted server is refused', async () => {
  const stranger = connectionOf('x', 'sip', { kind: 'client' });
  const request = requestOf(['OPTIONS sip:edge01.contoso.net SIP/2.0', ...fields('OPTIONS')]);
  assert.equal(statusOf(await decide(request, stranger)), 403);
});

test('a client that connected to an address, or asked for no name of ours, is recorded by that address', () => {
  for (const serverName of [undefined, 'elsewhere.example']) {
    const byAddress = connectionOf('c', 'accessEdge', { kind: 'client' }, 7, serverName);
    const [recorded] = recordRoutes(facts, 'TOKEN', byAddress, 'inside');
    assert.deepEqual(recorded, {
      op: 'prepend',
      name: 'Record-Route',
      value: '<sip:TOKEN@127.20.0.11:7;transport=tls;lr>',
    });
  }
});
