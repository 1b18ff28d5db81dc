import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { EmbeddedEngine } from './engines/embedded.ts';
import { engineLimits } from './constants.ts';
import type { EngineContext } from './engine.ts';
import {
  Bench,
  nextOffset,
  type Client,
  Scene,
  type SceneOptions,
  whoAnswers,
} from './balancer.fixture.ts';
import { resetConnection } from './reset.ts';
import { until } from './waiting.ts';

const reset = 'ECONNRESET';

describe('the embedded engine under attack', { concurrency: 4 }, () => {
  let bench: Bench;

  before(async () => {
    bench = await Bench.open();
  });
  after(() => bench.close());

  async function scene(
    run: (scene: Scene) => Promise<void>,
    options: SceneOptions = {},
  ): Promise<void> {
    const open = await Scene.open(bench, (context) => new EmbeddedEngine(context), options);
    try {
      await run(open);
    } finally {
      await open.close();
    }
  }

  it('lets 2,000 silent clients cost the members nothing, and sends them away in time', () =>
    scene(
      async (open) => {
        const silent: Client[] = [];
        for (let batch = 0; batch < 10; batch += 1) {
          const from = `127.30.${batch}.1`;
          silent.push(
            ...(await Promise.all(
              Array.from({ length: 200 }, () => open.client('webInternalPlain', from)),
            )),
          );
        }
        assert.equal(connections(open), 0);
        assert.match(await whoAnswers(open, 'webInternalPlain', '127.30.99.1'), /contoso/u);
        const refused = (): number => open.service('webInternalPlain').refusals.silent;
        await until(() => refused() === 2000, 'the silent clients to be sent away');
        assert.ok(silent.every(({ ended }) => ended === undefined || ended === reset));
        assert.equal(open.member(open.dir01, 'webInternalPlain').state, 'up');
      },
      { limits: { firstByte: 1500 } },
    ));

  it('refuses what one address opens beyond its share, and nobody else', () =>
    scene(
      async (open) => {
        const held = await Promise.all(
          Array.from({ length: 20 }, () => open.client('webExternalPlain', '127.30.1.1')),
        );
        assert.equal(await open.refusal('webExternalPlain', '127.30.1.1'), reset);
        assert.equal(open.service('webExternalPlain').refusals.perSource, 1);
        assert.match(await whoAnswers(open, 'webExternalPlain', '127.30.1.2'), /contoso/u);
        held[0]?.close();
        await until(
          () => (held[0]?.socket.destroyed ?? false) && held[0]?.socket.closed === true,
          'the first to be gone',
        );
        assert.match(await whoAnswersSoon(open, '127.30.1.1'), /contoso/u);
        for (const client of held) client.close();
      },
      { limits: { connectionsPerSource: 20 } },
    ));

  it('does not count the Edge as one client: it stands for many users', () =>
    scene(
      async (open) => {
        const edge = '127.10.8.11';
        const held = [
          await open.client('sip', edge),
          await open.client('sip', edge),
          await open.client('sip', edge),
        ];
        for (const client of held) client.socket.write('x');
        await until(() => connections(open) === 3, 'all connections of the Edge');
        assert.equal(open.service('sip').refusals.perSource, 0);
        for (const client of held) client.close();
      },
      { limits: { connectionsPerSource: 1 } },
    ));

  it('refuses everybody when it is full, and recovers', () =>
    scene(
      async (open) => {
        const held = await Promise.all([
          open.client('webExternalPlain', '127.30.2.1'),
          open.client('webInternalPlain', '127.30.2.2'),
        ]);
        assert.equal(await open.refusal('sip', '127.30.2.3'), reset);
        assert.equal(open.service('sip').refusals.full, 1);
        for (const client of held) client.close();
        assert.match(await whoAnswersSoon(open, '127.30.2.1'), /contoso/u);
      },
      { limits: { connections: 2 } },
    ));

  it('keeps room for the hosts of the topology when clients take what they get', () =>
    scene(
      async (open) => {
        const taking = Array.from({ length: 9 }, (_, n) =>
          open.client('webInternalPlain', `127.30.5.${n + 1}`),
        );
        const held = await Promise.all(taking);
        assert.equal(await open.refusal('webInternalPlain', '127.30.5.10'), reset);
        const edge = await open.client('sip', '127.10.8.11');
        edge.socket.write('x');
        await until(() => connections(open) === 1, 'the Edge to get in');
        assert.equal(open.service('sip').refusals.full, 0);
        for (const client of [...held, edge]) client.close();
      },
      { limits: { connections: 10 } },
    ));

  it('does not believe a member dead because it resets what is thrown at it', () =>
    scene(async (open) => {
      for (let n = 0; n < 30; n += 1) {
        const client = await open.client('sip', '127.30.3.1');
        client.socket.write(noise(2000));
        await client.end();
        client.close();
      }
      assert.deepEqual(
        open.service('sip').members.map(({ state }) => state),
        ['up', 'up'],
      );
    }));

  it('forgets clients that stop halfway through a TLS hello and vanish', () =>
    scene(async (open) => {
      const hello = Buffer.from('16030102000100', 'hex');
      const half = await Promise.all(
        Array.from({ length: 200 }, () => open.client('sip', '127.30.4.1')),
      );
      for (const client of half) client.socket.write(hello);
      await until(() => connections(open) === 200, 'all of them to reach a member');
      for (const client of half) resetConnection(client.socket);
      await until(() => connections(open) === 0, 'all of them to be forgotten');
    }));

  it('tries the next member with a client that has sent its first bytes already', () =>
    scene(async (open) => {
      // The balancer does not know yet; the bytes must wait and reach the other member whole.
      open.dir01.deafen('webExternalPlain');
      const clients = await Promise.all(
        Array.from({ length: 10 }, () => open.client('webExternalPlain')),
      );
      const answers = await Promise.all(clients.map((client) => client.ask('WHO')));
      assert.deepEqual(new Set(answers), new Set([open.dir02.fqdn]));
      assert.ok(open.member(open.dir01, 'webExternalPlain').failed > 0);
      for (const client of clients) client.close();
    }));

  it('says which VIP port is taken, and leaves nothing open', async () => {
    const services = bench.plan(nextOffset()).virtualServices;
    const [first, second] = services;
    assert.ok(first && second);
    const blocker = createServer().listen(second.port, second.address);
    await once(blocker, 'listening');
    const engine = new EmbeddedEngine(context);
    const asked = [first, second].map((virtual) => ({
      key: virtual.service,
      pool: virtual.pool,
      service: virtual.service,
      address: virtual.address,
      port: virtual.port,
      nat: virtual.nat,
      affinity: virtual.affinity,
      affinityTime: 1000,
      floating: false,
      scheduling: virtual.balancing.scheduling,
      slowStart: { duration: 0, floor: 1 },
      connectionsPerMember: undefined,
      idleTimeout: virtual.idleTimeout,
      trustedSources: new Set<string>(),
      members: [],
    }));
    try {
      await assert.rejects(engine.start(asked), {
        code: 'USHER_PORT_TAKEN',
        message: new RegExp(`${second.address}:${second.port} \\(webInternal of dirpool01`, 'u'),
      });
      const again = createServer().listen(first.port, first.address);
      await once(again, 'listening');
      again.close();
      await assert.rejects(
        new EmbeddedEngine(context).start(asked.map((one) => ({ ...one, address: '192.0.2.1' }))),
        { code: 'USHER_VIP_NOT_LOCAL' },
      );
    } finally {
      blocker.close();
    }
  });
});

describe('the memory of the embedded engine', () => {
  it('returns after thousands of connections, however they ended, and so do the sockets', async () => {
    const sockets = openSockets();
    const bench = await Bench.open();
    const open = await Scene.open(bench, (context) => new EmbeddedEngine(context), {
      limits: { firstByte: 50 },
    });
    const collect: unknown = (setFlagsFromString('--expose-gc'), runInNewContext('gc'));
    assert.ok(typeof collect === 'function');
    const held = async (): Promise<number> => {
      await until(() => connections(open) === 0, 'all sessions to end');
      collect();
      return process.memoryUsage().heapUsed;
    };
    try {
      await assault(open);
      const first = await held();
      for (let round = 0; round < 4; round += 1) await assault(open);
      const growth = (await held()) - first;
      assert.ok(growth < 1_500_000, `${growth} bytes more after 1,200 further connections`);
    } finally {
      await open.close();
      await bench.close();
    }
    await until(() => openSockets() <= sockets, 'every socket to be closed');
  });
});

/** TCP sockets of this process that libuv still holds, whatever Node thinks of them. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}

/** 300 connections: silent ones, ones that send noise, ones that send a little and vanish. */
async function assault(open: Scene): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: 300 }, () => open.client('sip', '127.30.5.1')),
  );
  for (const [index, { socket }] of clients.entries()) {
    if (index % 3 === 1) socket.write(noise(500));
    if (index % 3 === 2) socket.write(Buffer.from('1603', 'hex'), () => resetConnection(socket));
  }
  await until(
    () => clients.every(({ ended, socket }) => ended !== undefined || socket.destroyed),
    'every connection to end',
  );
  for (const client of clients) client.close();
}

/** Random bytes that cannot be mistaken for the beginning of a TLS record, which is waited for. */
function noise(length: number): Buffer {
  const bytes = randomBytes(length);
  bytes.fill(0, 0, 2);
  return bytes;
}

/** Connections that reached a member and are still open. */
function connections(open: Scene): number {
  return open.balancer
    .status()
    .services.flatMap(({ members }) => members)
    .reduce((sum, member) => sum + member.connections, 0);
}

const context: EngineContext = {
  record: () => assert.fail(),
  credentials: () => assert.fail(),
  localAddresses: ['127.0.0.1'],
  clock: { now: () => 0, after: () => () => undefined },
  limits: engineLimits,
  report: () => undefined,
};

/** As `whoAnswers`, but a connection just closed may still be counted for a moment. */
async function whoAnswersSoon(open: Scene, from: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await whoAnswers(open, 'webExternalPlain', from);
      if (attempt > 50 || !answer.startsWith('no answer')) return answer;
    } catch (error) {
      if (attempt > 50) throw error;
    }
  }
}
