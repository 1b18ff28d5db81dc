import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { askHttp, askSip } from './ask.ts';
import { dialTcp, ProbeFailure } from './dial.ts';
import { listening } from './server.fixture.ts';
import type { Verdict } from './verdict.ts';

const failsWith =
  (verdict: Verdict, evidence: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof ProbeFailure, String(error));
    assert.equal(error.verdict, verdict);
    assert.match(error.message, evidence);
    return true;
  };

async function overHttp(t: TestContext, answer: RequestListener, body?: string) {
  const port = await listening(t, createHttpServer(answer));
  const socket = await dialTcp('127.0.0.1', port, undefined);
  return await askHttp(socket, 'web.contoso.net', '/path', body);
}

/** A response with the headers of the request it answers. */
function answerTo(request: string, status: string): string {
  const copied = request
    .split('\r\n')
    .filter((line) => /^(?:Via|From|To|Call-ID|CSeq):/u.test(line));
  return [`SIP/2.0 ${status}`, ...copied, 'Content-Length: 0', '', ''].join('\r\n');
}

async function overSip(t: TestContext, answer: (request: string) => readonly string[] | undefined) {
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      const answers = answer(chunk.toString('latin1'));
      if (answers === undefined) socket.destroy();
      for (const each of answers ?? []) socket.write(each);
    });
  });
  const socket = await dialTcp('127.0.0.1', await listening(t, server), undefined);
  return await askSip(socket, 'sip:dirpool01.contoso.net', 'probe.invalid');
}

describe('asking over HTTP', () => {
  test('resolves with status and body, and sends the Host of the row', async (t) => {
    const answer = await overHttp(t, (request, response) => {
      response.writeHead(404).end(`${request.method} ${request.headers.host} ${request.url}`);
    });
    assert.equal(answer.status, 404);
    assert.equal(answer.body, 'GET web.contoso.net /path');
  });

  test('posts what it is given', async (t) => {
    const answer = await overHttp(
      t,
      (request, response) => {
        response.write(`${request.method} ${request.headers['content-type']} `);
        request.pipe(response);
      },
      '{"limit":1}',
    );
    assert.equal(answer.body, 'POST application/json {"limit":1}');
  });

  test('calls a peer that closes without an answer closed', async (t) => {
    const asked = overHttp(t, (request) => request.socket.destroy());
    await assert.rejects(asked, failsWith('closedByPeer', /GET \/path/u));
  });

  test('gives up on a body without end instead of keeping it', async (t) => {
    const asked = overHttp(t, (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) continue;
        response.once('drain', more);
      };
      more();
    });
    await assert.rejects(asked, failsWith('wrongAnswer', /more than/u));
  });
});

describe('asking over SIP', () => {
  test('resolves with the final response, provisional ones passed over', async (t) => {
    const answer = await overSip(t, (request) => [
      answerTo(request, '100 Trying'),
      answerTo(request, '200 OK'),
    ]);
    assert.equal(answer.status, 200);
  });

  test('calls an answer that is not SIP wrong', async (t) => {
    const asked = overSip(t, () => ['HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n']);
    await assert.rejects(asked, failsWith('wrongAnswer', /OPTIONS: the answer is not SIP/u));
  });

  test('calls a peer that hangs up closed', async (t) => {
    const asked = overSip(t, () => undefined);
    await assert.rejects(asked, failsWith('closedByPeer', /OPTIONS: closed/u));
  });
});

describe('dialling', () => {
  test('a port where nobody listens is no listener', async (t) => {
    const server = createServer();
    const port = await listening(t, server);
    server.close();
    await once(server, 'close');
    await assert.rejects(
      dialTcp('127.0.0.1', port, undefined),
      failsWith('noListener', /refused/u),
    );
  });

  test('from an address this machine does not have is rejected', async (t) => {
    const port = await listening(t, createServer());
    const dialled = dialTcp('127.0.0.1', port, '192.0.2.1');
    await assert.rejects(dialled, failsWith('rejected', /not on this machine/u));
  });

  test('comes from the vantage point it is given', async (t) => {
    const server = createServer();
    const accepted = once(server, 'connection');
    const socket = await dialTcp('127.0.0.1', await listening(t, server), '127.30.0.1');
    const [peer] = await accepted;
    assert.equal(peer.remoteAddress, '127.30.0.1');
    socket.destroy();
  });
});
