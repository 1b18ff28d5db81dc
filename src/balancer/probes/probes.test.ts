import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { after, before, describe, it } from 'node:test';
import { findHost, type Service } from '#topology';
import { serverTls } from '#trust';
import { Bench, nextOffset } from '../balancer.fixture.ts';
import type { ProbeOutcome } from '../policy/health.ts';
import { type ProbeTarget, probeTargets } from '../targets.ts';
import { probersFor } from './index.ts';
import { type Prober, ProbeTimeout } from './prober.ts';

const failed = (cause: string, reason: RegExp) => (outcome: ProbeOutcome) => {
  assert.ok(outcome.kind === 'failed', outcome.reason);
  assert.equal(outcome.cause, cause, outcome.reason);
  assert.match(outcome.reason, reason);
};
const reply = (text: string) => (socket: Socket) => {
  socket.once('data', () => socket.end(text));
};
const ignore = (): void => undefined;
/** Answers OPTIONS with 404. */
const refuse = (socket: Socket): void => {
  socket.once('data', (bytes: Buffer) => {
    const callId = /^Call-ID: .*$/mu.exec(bytes.toString('latin1'))?.[0] ?? '';
    socket.write(`SIP/2.0 404 Not Found\r\n${callId.trim()}\r\nContent-Length: 0\r\n\r\n`);
  });
};

describe('a probe says what the member did', () => {
  let bench: Bench;
  let prober: Prober;
  let targets: readonly ProbeTarget[];

  before(async () => {
    bench = await Bench.open();
    const plan = bench.plan(nextOffset());
    const balancer = findHost(plan.topology, 'lb01.contoso.net');
    assert.ok(balancer);
    targets = probeTargets(plan, balancer.fqdn);
    const credentials = await bench.credentials(balancer.fqdn);
    prober = probersFor({
      balancer: balancer.fqdn,
      credentials: () => credentials,
      localAddresses: balancer.addresses,
    });
  });
  after(() => bench.close());

  /** Probes a member of the service that behaves as told once somebody has connected. */
  async function probed(
    service: Service,
    behave: (socket: Socket) => void,
    options: { plain?: boolean; certificate?: string } = {},
  ): Promise<ProbeOutcome> {
    const target = targets.find((one) => one.service === service);
    assert.ok(target);
    const credentials = await bench.credentials(options.certificate ?? target.host);
    const open = new Set<Socket>();
    const take = (socket: Socket): void => {
      open.add(socket);
      socket.on('error', () => undefined);
      behave(socket);
    };
    const server =
      target.security === 'none' || options.plain === true
        ? createServer(take)
        : createTlsServer(serverTls(credentials, target.security), take);
    server.on('tlsClientError', () => undefined);
    server.listen(0, target.address);
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new ProbeTimeout(250)), 250);
    try {
      return await prober({ ...target, port: address.port }, controller.signal);
    } finally {
      clearTimeout(timer);
      server.close();
      for (const socket of open) socket.destroy();
    }
  }

  it('when it answers something other than SIP', async () => {
    failed(
      'protocol',
      /^OPTIONS: no SIP came back/u,
    )(await probed('sip', reply('SSH-2.0-OpenSSH_9.2\r\n\r\n')));
  });

  it('when it answers another request', async () => {
    const answer =
      'SIP/2.0 200 OK\r\nCall-ID: other\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n';
    failed('protocol', /without an answer/u)(await probed('sip', reply(answer)));
  });

  it('when it answers OPTIONS with something other than 200', async () => {
    failed('protocol', /answered 404 Not Found, expected 200/u)(await probed('sip', refuse));
  });

  it('when it takes the connection and hangs up', async () => {
    failed('protocol', /without an answer/u)(await probed('sip', (socket) => void socket.end()));
  });

  it('when it speaks TLS and then no SIP', async () => {
    failed('timeout', /^OPTIONS: nothing within 250 ms$/u)(await probed('sip', ignore));
  });

  it('when it takes the connection and speaks no TLS', async () => {
    failed(
      'timeout',
      /^TLS: nothing within 250 ms$/u,
    )(await probed('sip', ignore, { plain: true }));
    failed('tls', /^TLS: /u)(await probed('sip', reply('hello, who is there?'), { plain: true }));
  });

  it('when its certificate names another host: which, and which was expected', async () => {
    failed(
      'identity',
      /expected dir01\.contoso\.net.*names .*dir02\.contoso\.net/u,
    )(await probed('webInternal', ignore, { certificate: 'dir02.contoso.net' }));
  });

  it('when its web site knows no autodiscover root', async () => {
    failed(
      'protocol',
      /^GET: answered 404, expected 200$/u,
    )(await probed('webExternal', reply('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')));
  });

  it('when its plain web site answers at all, and when it fails', async () => {
    const moved = 'HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n';
    assert.equal((await probed('webInternalPlain', reply(moved))).kind, 'healthy');
    failed(
      'protocol',
      /answered 500/u,
    )(await probed('webInternalPlain', reply('HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n')));
    failed('protocol', /^GET: /u)(await probed('webInternalPlain', reply('no HTTP at all')));
  });

  it('and hangs up on one that never stops talking', { timeout: 2000 }, async () => {
    const target = targets.find(({ service }) => service === 'webInternalPlain');
    assert.ok(target);
    const gone = Promise.withResolvers<void>();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      const timer = setInterval(() => socket.write('and another thing\n'), 20);
      socket.once('close', () => {
        clearInterval(timer);
        gone.resolve();
      });
    });
    server.listen(0, target.address);
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const signal = new AbortController().signal;
    assert.equal((await prober({ ...target, port: address.port }, signal)).kind, 'healthy');
    await gone.promise;
    server.close();
  });

  it('when nobody listens', async () => {
    const [target] = targets;
    assert.ok(target);
    const outcome = await prober(target, new AbortController().signal);
    failed('refused', /^connect: .*ECONNREFUSED/u)(outcome);
  });

  it('and does not blame the member when the balancer has no such address', async () => {
    const [target] = targets;
    assert.ok(target);
    const credentials = await bench.credentials('lb01.contoso.net');
    const elsewhere = probersFor({
      balancer: 'lb01',
      credentials: () => credentials,
      localAddresses: ['192.0.2.1'],
    });
    const outcome = await elsewhere(target, new AbortController().signal);
    assert.equal(outcome.kind, 'unable');
    assert.match(outcome.reason, /the balancer cannot probe: .*EADDRNOTAVAIL/u);
  });
});
