import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findPool } from '#topology';
import { refusals } from '#trust';
import { buildRequest, type RequestContext, type SipRequest, type SipServer } from '#sip';
import { runEdge, RemoteClient, type Running } from './edge.fixture.ts';

const identity = (callId: string, method: string): readonly string[] => [
  'From: <sip:alice@contoso.com>;tag=1',
  'To: <sip:bob@contoso.com>',
  `Call-ID: ${callId}`,
  `CSeq: 1 ${method}`,
];

function filler(count: number, size: number): string[] {
  return Array.from({ length: count }, (_, index) => `X-${index}: ${'x'.repeat(size)}`);
}

describe('an Edge between remote clients and the pools', () => {
  let running: Running;
  let frontEnd: SipServer;
  let alice: RemoteClient;
  const atDirector: RequestContext[] = [];
  const atFrontEnd: SipRequest[] = [];

  before(async () => {
    running = await runEdge({ lanes: 2 });
    const vip = findPool(running.plan.topology, 'dirpool01.contoso.net')?.vips[0];
    await running.server(
      'dir01.contoso.net',
      (context) => {
        atDirector.push(context);
        return {
          kind: 'respond',
          status: context.request.method === 'REGISTER' ? 200 : 404,
          headers: [
            ['Server', 'Usher dir01'],
            ['Path', context.request.header('Path') ?? 'none'],
            ['ms-diagnostics', '1003;reason="User does not exist";source="dir01.contoso.net"'],
          ],
        };
      },
      vip,
    );
    frontEnd = await running.server('fe01.contoso.net', ({ request }) => {
      atFrontEnd.push(request);
      return { kind: 'respond', status: 200 };
    });
    alice = await running.client();
  });
  after(() => running.close());

  /** Registers a client and returns what the Director saw. */
  async function register(client: RemoteClient, callId: string): Promise<RequestContext> {
    client.send('REGISTER sip:contoso.com SIP/2.0', identity(callId, 'REGISTER'));
    assert.equal((await client.response()).status, 200);
    const seen = atDirector.find(({ request }) => request.callId === callId);
    assert.ok(seen !== undefined);
    return seen;
  }

  /** Sends a request from a server to the client that a Path stands for. */
  function push(from: SipServer, method: string, route: string): ReturnType<SipServer['request']> {
    const { address, port } = running.listener('edge01.contoso.net', 'sip');
    const request = buildRequest({
      method,
      uri: 'sip:alice@192.0.2.7',
      headers: [
        ['From', '<sip:bob@contoso.com>;tag=9'],
        ['To', '<sip:alice@contoso.com>'],
        ['Call-ID', `${method}-${route.length}`],
        ['CSeq', `1 ${method}`],
        ['Route', route],
      ],
    });
    const hop = { address, port, name: 'edge01.contoso.net' };
    return from.request(request, { kind: 'hops', hops: [hop] }, { timeout: 3000 });
  }

  test('a client registers through it, over mutual TLS and from the inside address', async () => {
    const { request, connection } = await register(alice, 'register-1');
    assert.deepEqual(connection.peer, { kind: 'server', fqdn: 'edge01.contoso.net' });
    assert.equal(connection.remote.address, '127.10.8.11');
    assert.match(request.topVia.host, /^edge01\.contoso\.net$/u);
    assert.match(
      request.header('Path') ?? '',
      /^<sip:[\w-]+@edge01\.contoso\.net:\d+;transport=tls;lr;ob;entry=sip\.contoso\.com:\d+>$/u,
    );
  });

  test('what a client need not know about the inside is taken off its answers', async () => {
    alice.send('MESSAGE sip:nobody@contoso.com SIP/2.0', identity('filter-1', 'MESSAGE'));
    const answer = await alice.response();
    assert.equal(answer.status, 404);
    assert.equal(answer.header('Server'), undefined);
    assert.equal(answer.header('Path'), undefined);
    assert.equal(answer.header('ms-diagnostics'), '1003;reason="User does not exist"');
  });

  test('a server reaches the client by its Path, and the answer comes back', async () => {
    const { request } = await register(alice, 'register-2');
    const answered = push(frontEnd, 'MESSAGE', request.header('Path') ?? '');
    const received = await alice.request();
    assert.equal(received.requestUri, 'sip:alice@192.0.2.7');
    assert.equal(received.header('Route'), undefined);
    assert.match(received.topVia.host, /^sip\.contoso\.com$/u);
    alice.answer(received, 200, [['P-Asserted-Identity', '<sip:boss@contoso.com>']]);
    const answer = await answered;
    assert.equal(answer.status, 200);
    assert.equal(answer.header('P-Asserted-Identity'), undefined, 'a client asserts nothing');
  });

  test('a client that is busy is not one whose connection is gone: its 503 costs it no registration', async () => {
    const { request } = await register(alice, 'busy-1');
    for (const status of [503, 430]) {
      const answered = push(frontEnd, 'MESSAGE', request.header('Path') ?? '');
      alice.answer(await alice.request(), status);
      assert.equal((await answered).status, 480);
    }
  });

  test('a request inside a dialog goes to the Front End without seeing a Director', async () => {
    const { request } = await register(alice, 'register-3');
    const token = /<sip:([\w-]+)@/u.exec(request.header('Path') ?? '')?.[1] ?? '';
    const { port } = running.listener('fe01.contoso.net', 'sip');
    alice.send('BYE sip:bob@192.0.2.9 SIP/2.0', [
      'From: <sip:alice@contoso.com>;tag=1',
      'To: <sip:bob@contoso.com>;tag=2',
      'Call-ID: dialog-1',
      'CSeq: 2 BYE',
      `Route: <sip:${token}@sip.contoso.com;transport=tls;lr>`,
      `Route: <sip:${token}@edge01.contoso.net;transport=tls;lr>`,
      `Route: <sip:T@fe01.contoso.net:${port};transport=tls;lr>`,
    ]);
    assert.equal((await alice.response()).status, 200);
    assert.deepEqual(
      atFrontEnd.map(({ callId, routes }) => [callId, routes.map(({ uri }) => uri)]),
      [['dialog-1', [`sip:T@fe01.contoso.net:${port};transport=tls;lr`]]],
    );
    assert.ok(!atDirector.some((context) => context.request.callId === 'dialog-1'));
  });

  test('each client stays with one connection to a Director, several clients use several', async () => {
    const bob = await running.client('accessEdgeAlternate');
    const first = (await register(bob, 'stick-1')).connection.id;
    const second = (await register(bob, 'stick-2')).connection.id;
    assert.equal(first, second);
    const hers = (await register(alice, 'stick-3')).connection.id;
    assert.notEqual(first, hers);
  });

  test('the client that left is 430, and nobody else gets its requests', async () => {
    const gone = await running.client();
    const { request } = await register(gone, 'gone-1');
    await gone.close();
    const answer = await push(frontEnd, 'MESSAGE', request.header('Path') ?? '');
    assert.equal(answer.status, 430);
  });

  test('a client at the limits of what may be sent costs nobody else the connection they share', async () => {
    const shared = (await register(alice, 'shared-1')).connection.id;
    const via = 'Via: SIP/2.0/TLS 192.0.2.7;branch=z9hG4bKlower';
    const atTheLimit: Record<string, readonly string[]> = {
      vias: Array.from({ length: 63 }, () => via),
      // 7 mandatory fields, Content-Length and the Vias `send` adds are there already.
      headers: filler(248, 1),
      head: filler(4, 7990),
      header: [`Proxy-Authorization: ${'x'.repeat(8160)}`],
    };
    for (const [name, fields] of Object.entries(atTheLimit)) {
      alice.send('MESSAGE sip:nobody@contoso.com SIP/2.0', [
        ...identity(`limit-${name}`, 'MESSAGE'),
        ...fields,
      ]);
      assert.equal((await alice.response()).status, 404, name);
    }
    const stamped = `Via: SIP/2.0/TLS 192.0.2.7;branch=z9hG4bKlong;rport;x=${'x'.repeat(8130)}`;
    alice.raw(
      [
        'MESSAGE sip:nobody@contoso.com SIP/2.0',
        stamped,
        ...identity('limit-via', 'MESSAGE'),
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    );
    assert.equal((await alice.response()).status, 404);
    assert.equal((await register(alice, 'shared-2')).connection.id, shared);
  });

  test('keep-alive pings are answered at the Edge', async () => {
    alice.raw('\r\n\r\n');
    await alice.pong();
    alice.send('OPTIONS sip:sip.contoso.com SIP/2.0', identity('ping-1', 'OPTIONS'));
    assert.equal((await alice.response()).status, 200);
  });

  test('a client does not get in on the inside', async () => {
    const { address, port } = running.listener('edge01.contoso.net', 'sip');
    const heard: string[] = [];
    const stop = refusals.subscribe(({ admission }) => heard.push(admission.code));
    // No CA given: the server's certificate is not what this test is about.
    const stranger = await RemoteClient.stranger(address, port);
    await stranger.closed;
    stop();
    assert.deepEqual(heard, ['no-certificate']);
  });

  test('its state names the deciders of both sides in their order', () => {
    const dump = running.edge.dump();
    assert.partialDeepStrictEqual(dump, {
      fromOutside: [
        'rateLimit',
        'maxForwards',
        'loop',
        'ping',
        'sanitize',
        'ownRoute',
        'inDialog',
        'toNextHop',
      ],
    });
  });
});

test('without a Director the client is told 504', async () => {
  const running = await runEdge();
  const client = await running.client();
  client.send('MESSAGE sip:bob@contoso.com SIP/2.0', identity('dead-1', 'MESSAGE'));
  assert.equal((await client.response()).status, 504);
  await running.close();
});
