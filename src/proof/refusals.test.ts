import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { loadPlan, type Listener, type Plan } from '#ports';
import { buildResponse, SipRequest, StreamFramer } from '#sip';
import { ensurePki, loadCredentials, serverTls } from '#trust';
import { proveRefusals } from './refusals.ts';
import { Identities } from './rows.ts';
import { listening } from './server.fixture.ts';
import type { RefusalProof } from './verdict.ts';

const file = 'examples/contoso.yaml';
const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
assert.ok(loaded.ok);
const { plan } = loaded;

function door(host: string, service: Listener['service']): Listener {
  const found = plan.listeners.find((each) => each.host === host && each.service === service);
  assert.ok(found);
  return found;
}

describe('wrong certificates', () => {
  let state = '';
  before(async () => {
    state = mkdtempSync(join(tmpdir(), 'usher-refusals-'));
    await ensurePki(state, plan.topology, new Date());
  });
  after(() => rmSync(state, { recursive: true, force: true }));

  /** What the proof finds where only this door is there, at the port the server has. */
  async function knock(
    t: TestContext,
    listener: Listener,
    server: Server,
  ): Promise<readonly RefusalProof[]> {
    const port = await listening(t, server);
    const alone: Plan = {
      ...plan,
      listeners: [{ ...listener, address: '127.0.0.1', port }],
      virtualServices: [],
    };
    return await proveRefusals(alone, new Identities(state, alone), new Date());
  }

  /** A server with the certificate of a host that lets everybody in and answers every request. */
  async function careless(host: string, status: number): Promise<Server> {
    const credentials = await loadCredentials(state, plan.topology, host);
    const options = { ...serverTls(credentials, 'MTLS'), rejectUnauthorized: false };
    return createServer(options, (socket: TLSSocket) => {
      const framer = new StreamFramer();
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk: Buffer) => {
        for (const event of framer.push(chunk)) {
          if (event.kind !== 'message' || !(event.message instanceof SipRequest)) continue;
          socket.write(buildResponse(event.message, status, undefined, { toTag: 'x' }).toBytes());
        }
      });
    });
  }

  const presented = ['no certificate', 'foreign CA', 'host without this flow'];

  test('that every door slams are refused, all three of them', async (t) => {
    const proofs = await knock(
      t,
      door('dir01.contoso.net', 'sip'),
      createTcpServer((socket) => socket.destroy()),
    );
    assert.deepEqual(
      proofs.map((proof) => proof.presented),
      presented,
    );
    assert.ok(proofs.every((proof) => proof.refused));
    assert.ok(proofs.every((proof) => proof.rows.includes('DH-06')));
  });

  test('that are let in are found out, with what they were answered', async (t) => {
    const server = await careless('dir01.contoso.net', 200);
    const proofs = await knock(t, door('dir01.contoso.net', 'sip'), server);
    assert.deepEqual(
      proofs.map((proof) => proof.refused),
      [false, false, false],
    );
    for (const { evidence } of proofs) assert.equal(evidence, 'admitted: 200 OK');
  });

  test('a server socket that only answers 403 has parsed what a stranger said: let in', async (t) => {
    const server = await careless('dir01.contoso.net', 403);
    const proofs = await knock(t, door('dir01.contoso.net', 'sip'), server);
    assert.deepEqual(
      proofs.map((proof) => proof.refused),
      [false, false, false],
    );
  });

  test('where clients without certificate may come in, a challenge is refusal enough', async (t) => {
    const shared = { ...door('fe01.contoso.net', 'sip'), anonymousClients: true };
    const proofs = await knock(t, shared, await careless('fe01.contoso.net', 401));
    assert.ok(proofs.every((proof) => proof.refused));
    assert.match(proofs[0]?.evidence ?? '', /as a user without rights: 401/u);
  });

  test('a log agent that answers a stranger has let it in', async (t) => {
    const credentials = await loadCredentials(state, plan.topology, 'dir01.contoso.net');
    const options = { ...serverTls(credentials, 'MTLS'), rejectUnauthorized: false };
    const server = createServer(options, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
    });
    const proofs = await knock(t, door('dir01.contoso.net', 'logStatus'), server);
    assert.ok(proofs.length > 0);
    for (const { refused, evidence } of proofs) {
      assert.equal(refused, false);
      assert.equal(evidence, 'admitted: GET / → 404');
    }
  });
});
