import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenersOf } from '#ports';
import { publish, type Published } from './reverse-proxy.fixture.ts';

const vip = '127.10.1.10';
const name = 'webdirext.contoso.com';

describe('a reverse proxy among liars', () => {
  let published: Published;
  let pool: RawPool;

  before(async () => {
    published = await publish({ upstreamTimeout: 2000, connectTimeout: 500 });
    const listener = published.plan.listeners.find(({ service }) => service === 'webExternalPlain');
    pool = new RawPool();
    await pool.listen(vip, listener?.port ?? 0);
  });
  after(async () => {
    await published.close();
    await pool.close();
  });

  /** Sends bytes to the published plain socket, returns everything that comes back. */
  async function send(text: string): Promise<string> {
    const listener = listenersOf(published.plan, 'rp01.contoso.net').find(
      ({ service }) => service === 'publishedPlain',
    );
    const socket = connect({ host: listener?.address ?? '', port: listener?.port ?? 0 });
    let got = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (got += chunk));
    socket.on('error', () => {});
    // Not ended: whoever half-closes gets no answer from Node.
    socket.write(text, 'latin1');
    await once(socket, 'close');
    return got;
  }

  test('field names that mean something to JavaScript are field names', async () => {
    for (const field of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      pool.seen = '';
      const answer = await send(
        `GET / HTTP/1.1\r\nHost: ${name}\r\n${field}: x\r\nConnection: close\r\n\r\n`,
      );
      assert.equal(statusOf(answer), '200', field);
      assert.match(pool.seen, new RegExp(`\\r\\n${field}: x\\r\\n`, 'iu'));
    }
  });

  for (const [what, lines, status] of [
    ['two Host fields', [`Host: ${name}`, 'Host: evil.example'], '400'],
    ['two Host fields alike', [`Host: ${name}`, `Host: ${name}`], '400'],
    ['no Host field', ['Accept: */*'], '400'],
    ['a folded field', [`Host: ${name}`, 'X-A: 1', ' Host: evil.example'], '400'],
    ['a space before the colon', [`Host: ${name}`, 'Content-Length : 5'], '400'],
    [
      'length and chunks',
      [`Host: ${name}`, 'Content-Length: 5', 'Transfer-Encoding: chunked'],
      '400',
    ],
    ['two lengths', [`Host: ${name}`, 'Content-Length: 5', 'Content-Length: 6'], '400'],
    ['a list of lengths', [`Host: ${name}`, 'Content-Length: 5, 5'], '400'],
    ['a signed length', [`Host: ${name}`, 'Content-Length: +5'], '400'],
    ['chunks not last', [`Host: ${name}`, 'Transfer-Encoding: chunked, gzip'], '400'],
    ['a coding nobody decodes', [`Host: ${name}`, 'Transfer-Encoding: gzip, chunked'], '501'],
    ['chunks in disguise', [`Host: ${name}`, 'Transfer-Encoding: \x0bchunked'], '400'],
    [
      'two codings',
      [`Host: ${name}`, 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
      '400',
    ],
  ] as const) {
    test(`a request with ${what} is answered ${status} and reaches nobody`, async () => {
      pool.seen = '';
      const answer = await send(`POST / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n0\r\n\r\n`);
      assert.equal(statusOf(answer), status);
      assert.equal(pool.seen, '');
    });
  }

  test('TRACE ends at the proxy', async () => {
    pool.seen = '';
    assert.equal(statusOf(await send(`TRACE / HTTP/1.1\r\nHost: ${name}\r\n\r\n`)), '405');
    assert.equal(pool.seen, '');
  });

  test('a body announced behind a thousand fields is seen', async () => {
    pool.seen = '';
    const fields = Array.from({ length: 1100 }, (_, index) => `a${index}:1\r\n`).join('');
    const answer = await send(
      `POST / HTTP/1.1\r\nHost: ${name}\r\n${fields}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    );
    assert.equal(statusOf(answer), '431');
    assert.equal(pool.seen, '');
  });

  test('what a pool calls its status goes no further', async () => {
    pool.answer = ok.replace('OK', 'O\x01K');
    try {
      const answer = await send(`GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/u);
    } finally {
      pool.answer = ok;
    }
  });

  for (const [what, head] of [
    ['a status below 100', 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'],
    [
      'a change of protocol nobody asked for',
      'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
    ['no HTTP', 'hello\r\n\r\n'],
  ] as const) {
    test(`a pool that answers with ${what} is a 502`, async () => {
      pool.answer = head;
      try {
        assert.equal(
          statusOf(await send(`GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`)),
          '502',
        );
      } finally {
        pool.answer = ok;
      }
    });
  }
});

test('a client that asks and does not read is not waited for', async () => {
  const published = await publish({ stallTimeout: 300, checkInterval: 100 });
  const { listeners } = published.plan;
  const pool = new RawPool();
  pool.answer =
    ok.replace('Content-Length: 0', 'Content-Length: 30000000') + 'x'.repeat(30_000_000);
  await pool.listen(
    vip,
    listeners.find(({ service }) => service === 'webExternalPlain')?.port ?? 0,
  );
  const open = listeners.find(({ service }) => service === 'publishedPlain');
  const socket = connect({ host: open?.address ?? '', port: open?.port ?? 0 });
  socket.on('error', () => {});
  try {
    socket.pause().write(`GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
    const connections = (): boolean =>
      /"connections":1/u.test(JSON.stringify(published.proxy.dump()));
    for (let waited = 0; waited < 40 && !connections(); waited += 1) await sleep(25);
    assert.ok(connections());
    for (let waited = 0; waited < 80 && connections(); waited += 1) await sleep(25);
    assert.ok(!connections(), 'its connection is gone');
  } finally {
    socket.destroy();
    await published.close();
    await pool.close();
  }
});

const ok = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

const statusOf = (answer: string): string => answer.split(' ', 2)[1] ?? answer;

/** A pool that answers every connection with the same bytes and keeps what it was sent. */
class RawPool {
  seen = '';
  answer = ok;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer((socket) => {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      this.seen += bytes.toString('latin1');
      if (socket.writable) socket.end(this.answer, 'latin1');
    });
  });

  async listen(host: string, port: number): Promise<void> {
    this.#server.listen({ host, port });
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
