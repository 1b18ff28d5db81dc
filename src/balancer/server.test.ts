import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { EmbeddedEngine } from './engines/embedded.ts';
import { Bench, quick, Scene, type SceneOptions } from './balancer.fixture.ts';
import { type HealthChange, healthChanges } from './server.ts';

describe('the balancer server', () => {
  let bench: Bench;

  before(async () => {
    bench = await Bench.open();
  });
  after(() => bench.close());

  const open = (options: SceneOptions = {}): Promise<Scene> =>
    Scene.open(bench, (context) => new EmbeddedEngine(context), options);

  it('shows a table of every service and member that is plain data', async () => {
    const scene = await open();
    try {
      const dump = scene.balancer.dump();
      assert.deepEqual(JSON.parse(JSON.stringify(dump)), dump);
      const { rows, affinity, idleTimeout, members } = scene.service('webInternal');
      assert.deepEqual([rows, affinity, idleTimeout], [['DH-05'], 'source', 1800]);
      assert.deepEqual(
        members.map(({ host, state, reason, consecutive }) => [host, state, reason, consecutive]),
        ['dir01.contoso.net', 'dir02.contoso.net'].map((host) => [
          host,
          'up',
          'GET /autodiscover/autodiscoverservice.svc/root answered 200',
          1,
        ]),
      );
    } finally {
      await scene.close();
    }
  });

  it('publishes every change of health with its reason', async () => {
    const scene = await open({ probeInterval: quick });
    const heard: HealthChange[] = [];
    const stop = healthChanges.subscribe((change) => heard.push(change));
    try {
      scene.dir02.kill();
      await scene.state(scene.dir02, 'webExternal', 'down');
      const change = heard.find(({ service, to }) => service === 'webExternal' && to === 'down');
      assert.equal(change?.member, 'dir02.contoso.net');
      assert.equal(change?.balancer, 'lb01.contoso.net');
      assert.equal(change?.from, 'up');
      assert.match(change?.reason ?? '', /ECONNREFUSED/u);
    } finally {
      stop();
      await scene.close();
    }
  });

  it('drains: takes nobody new, waits for the sessions, and ends when the last has left', async () => {
    const scene = await open();
    try {
      const client = await scene.client('webExternalPlain');
      const host = await client.ask('WHO');
      const drained = scene.balancer.drain(60_000);
      assert.match(await scene.refusal('webExternalPlain'), /ECONNREFUSED|ECONNRESET/u);
      assert.equal(await client.ask('STILL'), host);
      client.close();
      await drained;
    } finally {
      await scene.close();
    }
  });

  it('drains no longer than its deadline', async () => {
    const scene = await open();
    try {
      const client = await scene.client('webExternalPlain');
      await client.ask('WHO');
      await scene.balancer.drain(20);
      assert.equal(await client.end(), 'ECONNRESET');
    } finally {
      await scene.close();
    }
  });

  it('closes any number of times, a drain of a member included', async () => {
    const scene = await open();
    const client = await scene.client('webExternalPlain');
    const host = await client.ask('WHO');
    const drained = scene.balancer.drainMember(host, 60_000);
    await Promise.all([scene.balancer.close(), scene.balancer.close()]);
    assert.equal(await drained, 0);
    assert.equal(await client.end(), 'ECONNRESET');
    await scene.close();
  });

  it('starts with every member down, and says so instead of failing', async () => {
    const scene = await Scene.open(bench, (context) => new EmbeddedEngine(context), {
      prepare: async ({ dir01, dir02 }) => {
        await Promise.all([dir01.close(), dir02.close()]);
      },
    });
    try {
      assert.deepEqual(
        new Set(
          scene.balancer
            .status()
            .services.flatMap(({ members }) => members.map(({ state }) => state)),
        ),
        new Set(['down']),
      );
      assert.equal(await scene.refusal('sip'), 'ECONNRESET');
    } finally {
      await scene.close();
    }
  });

  it('does not start when a VIP port is taken, and leaves the other ports free', async () => {
    let taken = createServer();
    await assert.rejects(
      Scene.open(bench, (context) => new EmbeddedEngine(context), {
        prepare: async (scene) => {
          const { address, port } = scene.service('sip');
          taken = createServer().listen(port, address);
          await once(taken, 'listening');
        },
      }),
      { code: 'USHER_PORT_TAKEN' },
    );
    taken.close();
  });
});
