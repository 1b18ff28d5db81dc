import assert from 'node:assert/strict';
import { before, describe, test, type TestContext } from 'node:test';
import { createServer, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { buildRequest, buildResponse, SipRequest, SipResponse, StreamFramer } from '#sip';
import { createAuthority, issueCertificate } from '#trust';
import { ProbeFailure } from './dial.ts';
import { listening } from './server.fixture.ts';
import { UserAgent } from './user-agent.ts';

const name = 'sip.contoso.com';
const account = { aor: 'alice@contoso.com', password: 'correct horse' };

const reply = (request: SipRequest, socket: TLSSocket, status: number): void =>
  void socket.write(buildResponse(request, status, undefined, { toTag: 'edge' }).toBytes());

const incoming = (method: string, callId: string): Buffer =>
  buildRequest({
    method,
    uri: 'sip:alice@127.0.0.1',
    headers: [
      ['Via', 'SIP/2.0/TLS edge.invalid;branch=z9hG4bK1'],
      ['From', '<sip:bob@contoso.com>;tag=1'],
      ['To', '<sip:alice@contoso.com>'],
      ['Call-ID', callId],
      ['CSeq', `1 ${method}`],
      ['Max-Forwards', '70'],
    ],
    body: Buffer.from('Grüße'),
  }).toBytes();

describe('a user of the proof', () => {
  let tls: { key: string; cert: string; ca: string };
  before(async () => {
    const authority = await createAuthority('Test', new Date());
    const names = { subject: name, names: [name] };
    const { key, certificate } = await issueCertificate(authority, names, new Date());
    tls = { key, cert: certificate, ca: authority.certificate };
  });

  /** An Edge that answers as the test says; resolves with the way to it and what it heard. */
  async function edge(
    t: TestContext,
    answer: (request: SipRequest, socket: TLSSocket) => void,
  ): Promise<{ options: ConnectionOptions; heard: SipRequest[]; answers: SipResponse[] }> {
    const heard: SipRequest[] = [];
    const answers: SipResponse[] = [];
    const server = createServer({ key: tls.key, cert: tls.cert }, (socket) => {
      const framer = new StreamFramer();
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk: Buffer) => {
        for (const event of framer.push(chunk)) {
          if (event.kind !== 'message') continue;
          if (event.message instanceof SipResponse) answers.push(event.message);
          if (!(event.message instanceof SipRequest)) continue;
          heard.push(event.message);
          answer(event.message, socket);
        }
      });
    });
    const port = await listening(t, server);
    const options = { host: '127.0.0.1', port, servername: name, ca: tls.ca };
    return { options, heard, answers };
  }

  test('registers, answers the challenge once, and takes the registration back', async (t) => {
    const { options, heard } = await edge(t, (request, socket) => {
      if (request.header('Authorization') !== undefined) return reply(request, socket, 200);
      const challenge = 'Digest realm="contoso.com", nonce="n1", algorithm=SHA-256, qop="auth"';
      const headers: [string, string][] = [['WWW-Authenticate', challenge]];
      socket.write(buildResponse(request, 401, undefined, { toTag: 'e', headers }).toBytes());
    });
    const agent = new UserAgent(account, options);
    assert.equal((await agent.signIn()).status, 200);
    await agent.signOut();
    assert.equal(heard.length, 4);
    const [, second, , last] = heard;
    assert.match(second?.header('Authorization') ?? '', /username="alice".*algorithm=SHA-256/u);
    assert.doesNotMatch(second?.head ?? '', /correct horse/u);
    assert.match(last?.header('Contact') ?? '', /expires=0$/u);
    assert.deepEqual(
      heard.map(({ cseq }) => cseq.number),
      [1, 2, 3, 4],
    );
  });

  test('registers under a Call-ID of its own', async (t) => {
    const { options, heard } = await edge(t, (request, socket) => reply(request, socket, 200));
    for (const aor of ['alice@contoso.com', 'bob@contoso.com']) {
      const agent = new UserAgent({ ...account, aor }, options);
      await agent.signIn();
      await agent.signOut();
    }
    assert.equal(new Set(heard.map(({ callId }) => callId)).size, 2);
  });

  test('is told when it is refused', async (t) => {
    const { options } = await edge(t, (request, socket) => reply(request, socket, 403));
    const agent = new UserAgent(account, options);
    assert.equal((await agent.signIn()).status, 403);
    await agent.signOut();
  });

  test('receives a text, answers it, and refuses what it cannot do', async (t) => {
    const { options, answers } = await edge(t, (request, socket) => {
      reply(request, socket, 200);
      socket.write(incoming('INVITE', 'c0'));
      socket.write(incoming('MESSAGE', 'c1'));
    });
    const agent = new UserAgent(account, options);
    await agent.signIn();
    assert.equal(await agent.expect('c1'), 'Grüße');
    await agent.signOut();
    assert.deepEqual(
      answers.slice(0, 2).map(({ status }) => status),
      [501, 200],
    );
  });

  test('notices at once when the connection ends under a request', async (t) => {
    const { options } = await edge(t, (_request, socket) => socket.destroy());
    const agent = new UserAgent(account, options);
    await assert.rejects(
      agent.signIn(),
      (error) => error instanceof ProbeFailure && error.verdict === 'closedByPeer',
    );
    await agent.signOut();
  });

  test('speaks to nobody who cannot prove the name', async (t) => {
    const { options, heard } = await edge(t, (request, socket) => reply(request, socket, 200));
    const agent = new UserAgent(account, { ...options, servername: 'sip.fabrikam.com' });
    await assert.rejects(
      agent.signIn(),
      (error) => error instanceof ProbeFailure && error.verdict === 'wrongIdentity',
    );
    assert.deepEqual(heard, []);
  });
});
