import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { after, before, suite, test } from 'node:test';

import { connectionEvents, faults } from './channels.ts';
import { request } from './proxy/memory.fixture.ts';
import { TlsLab, closed, host, ok, until } from './tls.fixture.ts';
import type { Client } from './tls.fixture.ts';
import type { SipLimits } from './transport/limits.ts';

let lab: TlsLab;

before(async () => {
  lab = await TlsLab.create();
});
after(() => lab.close());

suite('hostile peers cost themselves their connection and nobody else anything', () => {
  const hostile: Record<string, (client: Client) => void> = {
    'random bytes': (client) => client.socket.write(Buffer.alloc(4_096, 0xa7)),
    'a header that never ends': (client) => {
      client.socket.write(`OPTIONS sip:a@b SIP/2.0\r\nX: ${'a'.repeat(20_000)}`);
    },
    'a head of a megabyte': (client) => {
      client.socket.write(`OPTIONS sip:a@b SIP/2.0\r\n${'A: b\r\n'.repeat(170_000)}`);
    },
    'a bare line feed': (client) => client.socket.write('OPTIONS sip:a@b SIP/2.0\nVia: x\n\n'),
    'a Content-Length of ten gigabytes': (client) => {
      client.socket.write('OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 9999999999\r\n\r\n');
    },
    'half a message, then nothing': (client) => client.socket.write('OPTIONS sip:a@b SI'),
    silence: () => {},
    'a message without Content-Length': (client) => {
      client.socket.write(request('OPTIONS').head.replace('Content-Length: 0\r\n', ''));
    },
  };

  test('each is closed; a client beside them is served throughout; nothing is left', async () => {
    const limits = { messageTimeout: 300, firstMessageTimeout: 300 };
    const { sip, hop } = await lab.start(ok, limits);
    const reported: string[] = [];
    const stop = faults.subscribe(({ code }) => reported.push(code));
    const good = lab.client(hop);
    good.send(request('OPTIONS'));
    await until(() => good.statuses.length === 1, 'the first answer');
    const bad = Object.values(hostile).map((attack) => {
      const client = lab.client(hop);
      client.socket.once('secureConnect', () => attack(client));
      return client;
    });
    await Promise.all(bad.map((client) => client.gone()));
    good.send(request('OPTIONS'));
    await until(() => good.statuses.length === 2, 'the second answer');
    stop();
    assert.deepEqual(sip.dump().connections, { sip: 1 });
    assert.ok(reported.includes('content-length-missing'), reported.join());
    assert.deepEqual(bad.at(-1)?.statuses, [400]);
    good.socket.destroy();
    await until(() => sip.dump().connections['sip'] === undefined, 'no connections');
    const { serverTransactions, clientTransactions, timers } = sip.dump().proxy;
    assert.deepEqual([serverTransactions, clientTransactions, timers], [0, 0, 0]);
    await lab.close();
  });

  test('no TLS, half a hello, nothing at all: gone with the handshake timeout', async () => {
    const { sip, hop } = await lab.start(ok, { handshakeTimeout: 300 });
    const hello = Buffer.from('16030100c8010000c40303', 'hex');
    const sockets = ['', 'GET / HTTP/1.1\r\n\r\n', hello].map((first) => {
      const socket = connectTcp({ host, port: hop.port });
      socket.on('error', () => socket.destroy());
      socket.resume();
      if (first !== '') socket.write(first);
      lab.keep(socket);
      return closed(socket);
    });
    await until(() => (sip.dump().listeners[0]?.halfOpen ?? 0) > 0, 'half-open handshakes');
    await Promise.all(sockets);
    await until(() => sip.dump().listeners[0]?.halfOpen === 0, 'none half open');
    assert.deepEqual(sip.dump().connections, {});
    await lab.close();
  });

  test('half-open handshakes are capped, connections per second and source and in all too', async () => {
    const cases: [Partial<SipLimits>, string][] = [
      [{ maxHalfOpen: 2 }, 'half-open-limit'],
      [{ maxHalfOpenPerSource: 2 }, 'half-open-source-limit'],
      [{ newConnectionsPerSource: 2 }, 'source-rate-limit'],
      [{ maxConnections: 0 }, 'connection-limit'],
    ];
    for (const [limits, code] of cases) {
      const codes: string[] = [];
      const stop = connectionEvents.subscribe((event) => {
        if (event.kind === 'refused') codes.push(event.code);
      });
      const { hop } = await lab.start(ok, limits);
      const sockets = Array.from({ length: 6 }, () => {
        const socket = connectTcp({ host, port: hop.port });
        socket.on('error', () => socket.destroy());
        return socket;
      });
      await until(() => codes.includes(code), code);
      for (const socket of sockets) socket.destroy();
      stop();
      await lab.close();
    }
  });

  test('a peer that does not read is cut off when its queue is full', async () => {
    const body = 'x'.repeat(50_000);
    const { sip, hop } = await lab.start(() => ({ kind: 'respond', status: 200, body }), {
      maxQueueBytes: 200_000,
    });
    const client = lab.client(hop);
    await once(client.socket, 'secureConnect');
    client.socket.pause();
    const heads = Array.from({ length: 400 }, () => request('OPTIONS').head).join('');
    client.socket.write(heads);
    await until(() => sip.dump().connections['sip'] === undefined, 'the connection cut');
    await lab.close();
  });
});
