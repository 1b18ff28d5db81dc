import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { listenersOf } from '#ports';
import { proxiedRequests, type ProxiedRequest } from './channels.ts';
import { publish, type Published } from './reverse-proxy.fixture.ts';

const vip = '127.10.1.10';

/** Tells the client everything it was asked. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method, url, headers } = request;
    const from = request.socket.remoteAddress;
    const body = Buffer.concat(chunks).toString('latin1');
    response.setHeader('Keep-Alive', 'timeout=1000');
    response.setHeader('X-Pool', 'yes');
    response.end(JSON.stringify({ method, url, headers, from, body }));
  });
}

describe('a reverse proxy in front of a Director pool', () => {
  let published: Published;

  before(async () => {
    published = await publish({ upstreamTimeout: 400, connectTimeout: 500, bodyBytes: 1_000_000 });
    await published.site(vip, 'webExternal', 'dir01.contoso.net', echo);
    await published.site(vip, 'webExternalPlain', 'dir01.contoso.net', echo);
  });
  after(() => published.close());

  test('secured requests go to the secured external site, Host kept, from the inside address', async () => {
    const answer = await published.ask({
      host: 'Meet.contoso.com:4711',
      path: '/alice/1?x=%2f',
      headers: { 'x-forwarded-for': '10.9.9.9', connection: 'close, x-drop', 'x-drop': '1' },
    });
    assert.equal(answer.status, 200);
    assert.partialDeepStrictEqual(JSON.parse(answer.body), {
      url: '/alice/1?x=%2f',
      from: '127.10.9.11',
      headers: {
        host: 'Meet.contoso.com:4711',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'https',
      },
    });
    assert.ok(!answer.body.includes('x-drop'));
    assert.equal(answer.headers['x-pool'], 'yes');
    assert.notEqual(answer.headers['keep-alive'], 'timeout=1000');
  });

  test('requests in clear go to the external site in clear', async () => {
    const answer = await published.ask({ host: 'lyncdiscover.contoso.com', secure: false });
    assert.partialDeepStrictEqual(JSON.parse(answer.body), {
      headers: { 'x-forwarded-proto': 'http' },
    });
  });

  test('bodies travel both ways, counted and in chunks', async () => {
    const body = randomBytes(200_000).toString('base64');
    for (const framing of [
      { 'content-length': String(body.length) },
      { 'transfer-encoding': 'chunked' },
    ]) {
      const answer = await published.ask({
        host: 'webdirext.contoso.com',
        method: 'POST',
        headers: framing,
        body,
      });
      assert.partialDeepStrictEqual(JSON.parse(answer.body), { body });
    }
  });

  test('a name that is not published gets 404 and reaches nobody', async () => {
    for (const host of ['evil.example', 'admin.contoso.com', '127.20.0.21']) {
      assert.equal((await published.ask({ host })).status, 404);
    }
  });

  test('a pool that is down is a 502', async () => {
    const answer = await published.ask({ host: 'webext02.contoso.com' });
    assert.equal(answer.status, 502);
    assert.ok(!answer.body.includes('127.'), 'no address of the inside');
  });

  test('too large a body is refused before the pool sees it', async () => {
    const answer = await published
      .ask({
        host: 'webdirext.contoso.com',
        method: 'POST',
        headers: { 'content-length': '1000001' },
        body: Buffer.alloc(1_000_001),
      })
      .catch(() => ({ status: 413 }));
    assert.equal(answer.status, 413);
  });

  test('every request is told on the channel, without its query', async () => {
    const heard: ProxiedRequest[] = [];
    const stop = proxiedRequests.subscribe((request) => heard.push(request));
    await published.ask({ host: 'webdirext.contoso.com', path: '/?sipuri=alice@contoso.com' });
    await new Promise((resolve) => setImmediate(resolve));
    stop();
    const [request] = heard;
    assert.equal(request?.pool, 'dirpool01.contoso.net');
    assert.equal(request?.status, 200);
    assert.ok(!JSON.stringify(request).includes('alice'));
  });

  /** Sends bytes to the plain socket and collects what comes until the proxy hangs up. */
  async function raw(text: string): Promise<string> {
    const listener = listenersOf(published.plan, 'rp01.contoso.net').find(
      ({ service }) => service === 'publishedPlain',
    );
    assert.ok(listener !== undefined);
    const socket = connect(listener.port, listener.address);
    let heard = '';
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.write(text);
    await once(socket, 'close');
    return heard;
  }

  test('upgrades, tunnels and nonsense end at the proxy', async () => {
    const upgrade =
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    assert.match(await raw(upgrade), /^HTTP\/1.1 501/u);
    assert.match(await raw('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'), /^HTTP\/1.1 405/u);
    assert.match(await raw('\u0016\u0003\u0001 hello\r\n\r\n'), /^HTTP\/1.1 400/u);
    assert.match(
      await raw(`GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`),
      /^HTTP\/1.1 431/u,
    );
    const twice = 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    assert.match(await raw(`POST / HTTP/1.1\r\nHost: a\r\n${twice}`), /^HTTP\/1.1 400/u);
  });
});

describe('a reverse proxy in front of a pool of members', () => {
  let published: Published;
  const host = 'webext01.contoso.com';

  before(async () => {
    published = await publish({ upstreamTimeout: 300, connectTimeout: 500 });
  });
  after(() => published.close());

  test('a member that is down is passed over for the other', async () => {
    const site = await published.site('127.10.2.12', 'webExternal', 'fe02.contoso.net', echo);
    assert.equal((await published.ask({ host })).status, 200);
    const posted = await published.ask({ host, method: 'POST', body: 'once' });
    assert.partialDeepStrictEqual(JSON.parse(posted.body), { method: 'POST', body: 'once' });
    site.closeAllConnections();
    site.close();
  });

  test('a member that proves another name gets no request', async () => {
    let asked = 0;
    const site = await published.site(
      '127.10.2.11',
      'webExternal',
      'fe03.contoso.net',
      (_, response) => {
        asked += 1;
        response.end();
      },
    );
    assert.equal((await published.ask({ host })).status, 502);
    assert.equal(asked, 0);
    site.close();
  });

  test('a member that does not answer in time is a 504, one that hangs up in the middle a 502', async () => {
    let hangUp = false;
    const site = await published.site('127.10.2.11', 'webExternalPlain', '', (request) => {
      if (hangUp) request.socket.destroy();
    });
    assert.equal((await published.ask({ host, secure: false })).status, 504);
    hangUp = true;
    assert.equal(
      (await published.ask({ host, secure: false, method: 'POST', body: 'x' })).status,
      502,
    );
    site.closeAllConnections();
    site.close();
  });

  test('an answer that breaks off in the middle breaks off at the client', async () => {
    const site = await published.site('127.10.2.11', 'webExternalPlain', '', (_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half');
      setImmediate(() => response.destroy());
    });
    const outcome = await Promise.race([
      published.ask({ host, secure: false }).then(
        () => 'whole',
        () => 'broken',
      ),
      new Promise((resolve) => setTimeout(() => resolve('waiting'), 1500).unref()),
    ]);
    assert.equal(outcome, 'broken');
    site.closeAllConnections();
    site.close();
  });

  test('a large answer waits for a slow client instead of filling memory', async () => {
    let written = 0;
    const site = await published.site('127.10.2.11', 'webExternalPlain', '', (_, response) => {
      const chunk = Buffer.alloc(65_536);
      const more = (): void => {
        while (written < 64_000_000) {
          written += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const listener = listenersOf(published.plan, 'rp01.contoso.net').find(
      ({ service }) => service === 'publishedPlain',
    );
    assert.ok(listener !== undefined);
    const socket = connect(listener.port, listener.address);
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await once(socket, 'readable');
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(written < 32_000_000, `the pool was read ahead by ${written} bytes`);
    socket.destroy();
    site.closeAllConnections();
    site.close();
  });

  test('a kept connection that went stale is replaced for a request that may be repeated', async () => {
    const sockets: { destroy(): void }[] = [];
    const site = await published.site('127.10.2.11', 'webExternalPlain', '', echo);
    site.on('connection', (socket) => sockets.push(socket));
    assert.equal((await published.ask({ host, secure: false })).status, 200);
    for (const socket of sockets) socket.destroy();
    assert.equal((await published.ask({ host, secure: false })).status, 200);
    site.closeAllConnections();
    site.close();
  });
});

test('one address may hold only so many connections', async () => {
  const published = await publish({ connectionsPerClient: 2 });
  const listener = listenersOf(published.plan, 'rp01.contoso.net').find(
    ({ service }) => service === 'publishedPlain',
  );
  assert.ok(listener !== undefined);
  const sockets = [0, 1, 2].map(() => connect(listener.port, listener.address));
  const closed = sockets.map(async (socket) => {
    socket.on('error', () => {});
    await once(socket, 'close');
  });
  await Promise.any(closed);
  assert.equal(sockets.filter((socket) => !socket.destroyed).length, 2);
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
  await published.close();
});
