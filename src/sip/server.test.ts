import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { TLSSocket } from 'node:tls';

import { connectionEvents, messageSeen } from './channels.ts';
import type { ConnectionEvent } from './channels.ts';
import { buildResponse } from './message/index.ts';
import type { SipMessage } from './message/index.ts';
import { request } from './proxy/memory.fixture.ts';
import type { Outcome, RequestContext, SipHop } from './proxy/model.ts';
import { serverOptions } from './transport/certificates.fixture.ts';
import { TlsLab, host, ok, peerName, until } from './tls.fixture.ts';

let lab: TlsLab;

before(async () => {
  lab = await TlsLab.create();
});
after(() => lab.close());

suite('SipServer over TLS', () => {
  test('a client without certificate is answered; the message channel sees both messages', async () => {
    const { sip, hop, opened } = await lab.start(ok);
    const seen: string[] = [];
    const stop = messageSeen.subscribe(({ direction, label, peer: { kind }, message }) => {
      seen.push(`${direction} ${label} ${kind} ${message.head.split(' ', 1)[0]}`);
    });
    const client = lab.client(hop);
    client.send(request('REGISTER'));
    await until(() => client.statuses.length > 0, 'an answer');
    stop();
    assert.deepEqual(client.statuses, [200]);
    assert.deepEqual(seen, ['in sip client REGISTER', 'out sip client SIP/2.0']);
    const [connection] = opened;
    assert.ok(connection);
    assert.equal(sip.connection(connection.id), connection);
    assert.deepEqual(sip.dump().connections, { sip: 1 });
    client.socket.destroy();
    await until(() => sip.connection(connection.id) === undefined, 'the connection forgotten');
    await lab.close();
  });

  test('a trusted server is known by its certificate, and a foreign one refused before it is read', async () => {
    const { sip, hop, opened } = await lab.start(ok);
    const events: ConnectionEvent[] = [];
    const stop = connectionEvents.subscribe((event) => events.push(event));
    const trusted = lab.client(hop, lab.peer);
    trusted.send(request('OPTIONS'));
    await until(() => trusted.statuses.length > 0, 'an answer');
    assert.deepEqual(opened[0]?.peer, { kind: 'server', fqdn: peerName });
    const foreign = lab.client(hop, { key: lab.stranger.key, cert: lab.stranger.cert });
    foreign.send(request('OPTIONS'));
    await foreign.gone();
    stop();
    assert.deepEqual(foreign.messages, []);
    const refusal = events.find(({ kind }) => kind === 'refused');
    assert.equal(refusal?.code, 'not-admitted');
    assert.match(refusal?.message ?? '', /not trusted/);
    assert.equal(sip.dump().listeners[0]?.refused, 1);
    await lab.close();
  });

  test('a ping is answered, also in the middle of messages, and many messages in one write', async () => {
    const { hop } = await lab.start(ok);
    const client = lab.client(hop);
    const three = ['OPTIONS', 'MESSAGE', 'INFO'].map((method) => request(method).head);
    client.socket.write(`\r\n\r\n${three.join('')}\r\n\r\n`);
    await until(() => client.statuses.length === 3, 'three answers');
    await until(() => client.bytes.endsWith('\r\n\r\n\r\n'), 'the second pong');
    assert.ok(client.bytes.startsWith('\r\nSIP/2.0 200'));
    await lab.close();
  });

  test('requests reach the next server over one connection, however many begin at once', async () => {
    const callee = await lab.start(ok);
    const proxy = await lab.start(() => ({
      kind: 'forward',
      plan: { groups: [[{ via: { kind: 'hops', hops: [callee.hop] } }]] },
    }));
    const client = lab.client(proxy.hop);
    for (let i = 0; i < 20; i++) client.send(request('MESSAGE', { body: 'Grüße' }));
    await until(() => client.statuses.length === 20, 'twenty answers');
    assert.deepEqual(new Set(client.statuses), new Set([200]));
    assert.equal(callee.opened.length, 1);
    assert.deepEqual(callee.opened[0]?.peer, { kind: 'server', fqdn: peerName });
    assert.deepEqual(proxy.sip.dump().connections, { sip: 1, dialled: 1 });
    assert.deepEqual(proxy.sip.dump().proxy.serverTransactions, 0);
    await lab.close();
  });

  test('a request may come back over the connection this side dialled', async () => {
    const back: string[] = [];
    const callee = await lab.start((context) => {
      const via = { kind: 'connection', id: context.connection.id } as const;
      if (context.request.method === 'MESSAGE') {
        return {
          kind: 'forward',
          plan: { groups: [[{ via, requestUri: 'sip:back@example.net' }]] },
        };
      }
      return { kind: 'respond', status: 200 };
    });
    const proxy = await lab.start((context) => {
      if (context.connection.label === 'dialled') {
        back.push(context.request.requestUri);
        return { kind: 'respond', status: 202 };
      }
      const via = { kind: 'hops', hops: [callee.hop] } as const;
      return { kind: 'forward', plan: { groups: [[{ via }]] } };
    });
    const client = lab.client(proxy.hop);
    client.send(request('MESSAGE'));
    await until(() => client.statuses.length > 0, 'an answer');
    assert.deepEqual(client.statuses, [202]);
    assert.deepEqual(back, ['sip:back@example.net']);
    await lab.close();
  });

  test('the server behind an address is killed in mid-traffic: nothing is lost', async () => {
    let handled = 0;
    const silent = (): Promise<Outcome> => {
      handled += 1;
      return new Promise<Outcome>(() => {});
    };
    const dying = await lab.start(silent);
    const proxy = await lab.start(() => ({
      kind: 'forward',
      plan: { groups: [[{ via: { kind: 'hops', hops: [dying.hop] } }]] },
    }));
    const client = lab.client(proxy.hop);
    for (let i = 0; i < 10; i++) client.send(request('MESSAGE'));
    await until(() => handled === 10, 'ten requests at the first server');
    await dying.sip.close();
    await lab.start(ok, {}, dying.hop.port);
    await until(() => client.statuses.length === 10, 'ten answers');
    assert.deepEqual(new Set(client.statuses), new Set([200]));
    await lab.close();
  });

  test('a peer whose certificate names somebody else is not talked to, and the reason is told', async () => {
    const { hop } = await lab.start(ok);
    const { sip } = await lab.start(ok, { redialDelays: [] });
    const events: ConnectionEvent[] = [];
    const stop = connectionEvents.subscribe((event) => events.push(event));
    const destination = { kind: 'hops', hops: [{ ...hop, name: 'other.example.net' }] } as const;
    await assert.rejects(sip.request(request('OPTIONS'), destination, { timeout: 3_000 }), {
      code: 'USHER_SIP_UNREACHABLE',
    });
    stop();
    const failure = events.find(({ kind, label }) => kind === 'failed' && label === 'dialled');
    assert.equal(failure?.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
    assert.match(failure?.message ?? '', /other\.example\.net/);
    const right = { kind: 'hops', hops: [hop] } as const;
    assert.equal((await sip.request(request('OPTIONS'), right, { timeout: 3_000 })).status, 200);
    await lab.close();
  });

  test('a response to a request of ours is not believed from another connection', async () => {
    const asked = Promise.withResolvers<SipMessage>();
    const silent = ({ request: received }: RequestContext): Promise<Outcome> => {
      asked.resolve(received);
      return new Promise<Outcome>(() => {});
    };
    const callee = await lab.start(silent);
    const { sip, hop } = await lab.start(ok);
    const destination = { kind: 'hops', hops: [callee.hop] } as const;
    const answer = sip.request(request('OPTIONS'), destination, { timeout: 300 });
    answer.catch(() => undefined);
    const liar = lab.client(hop);
    liar.send(buildResponse(await asked.promise, 200));
    await assert.rejects(answer, { code: 'USHER_SIP_TIMEOUT' });
    await lab.close();
  });

  test('drain: no new connection, 503 for new requests, old ones end', async () => {
    const decision = Promise.withResolvers<Outcome>();
    const { sip, hop } = await lab.start(() => decision.promise);
    const client = lab.client(hop);
    client.send(request('MESSAGE'));
    await until(() => sip.dump().proxy.serverTransactions === 1, 'the request to arrive');
    const drained = sip.drain(5_000);
    client.send(request('MESSAGE'));
    await until(() => client.statuses.length > 0, 'the refusal');
    const late = lab.client(hop);
    await late.gone();
    assert.deepEqual(late.messages, []);
    decision.resolve({ kind: 'respond', status: 200 });
    await drained;
    await until(() => client.statuses.length === 2, 'the old answer');
    assert.deepEqual(client.statuses, [503, 200]);
    await lab.close();
  });

  test('reload: others see the new certificate, dials show it, and only the revoked are cut off', async () => {
    const callee = await lab.start(ok);
    const via = { kind: 'hops', hops: [callee.hop] } as const;
    const proxy = await lab.start(() => ({ kind: 'forward', plan: { groups: [[{ via }]] } }));
    const old = lab.client(proxy.hop);
    old.send(request('MESSAGE'));
    await until(() => old.statuses.length === 1, 'an answer');
    const change = {
      tls: [serverOptions(lab.peer)],
      dial: (hop: SipHop) => ({ ...lab.peer, servername: hop.name }),
      revoked: () => false,
    };
    assert.deepEqual(proxy.sip.reload(change), { dropped: 0 });
    const fresh = lab.client(proxy.hop);
    for (const client of [old, fresh]) client.send(request('MESSAGE'));
    await until(() => old.statuses.length === 2 && fresh.statuses.length === 1, 'two more');
    const shown = [old, fresh].map(({ socket }) => socket.getPeerX509Certificate()?.subjectAltName);
    assert.match(shown[0] ?? '', /server\.example\.net/);
    assert.match(shown[1] ?? '', /peer\.example\.net/);
    assert.equal(callee.opened.length, 1);

    // The callee is revoked: its connection ends, and a new one is not believed either.
    assert.deepEqual(proxy.sip.reload({ ...change, revoked: isCallee }), { dropped: 1 });
    old.send(request('MESSAGE'));
    await until(() => old.statuses.length === 3, 'the refusal');
    assert.ok((old.statuses[2] ?? 0) >= 500);
    assert.equal(fresh.socket.destroyed, false);
    await lab.close();
  });

  test('two servers share an address only when both ask for it', async () => {
    const shared = { reusePort: true };
    const first = await lab.start(ok, {}, 0, shared);
    const second = await lab.start(ok, {}, first.hop.port, shared);
    assert.equal(second.hop.port, first.hop.port);
    await assert.rejects(lab.start(ok, {}, first.hop.port), { code: 'USHER_LISTEN' });
    await lab.close();
  });

  test('drain gives up at its deadline', async () => {
    const { sip, hop } = await lab.start(() => new Promise<Outcome>(() => {}));
    const client = lab.client(hop);
    client.send(request('MESSAGE'));
    await until(() => sip.dump().proxy.serverTransactions === 1, 'the request to arrive');
    await sip.drain(20);
    await lab.close();
  });

  test('a port that is taken is named in the error, and nothing stays open', async () => {
    const { hop } = await lab.start(ok);
    await assert.rejects(lab.start(ok, {}, hop.port), {
      code: 'USHER_LISTEN',
      message: new RegExp(`${host}:${hop.port}`),
    });
    await lab.close();
  });
});

/** Whether the certificate at the other end is that of the lab's servers. */
function isCallee(socket: TLSSocket): boolean {
  return socket.getPeerX509Certificate()?.subjectAltName?.includes('server.example.net') === true;
}
