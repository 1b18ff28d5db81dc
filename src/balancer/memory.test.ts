import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Bench, Scene } from './balancer.fixture.ts';
import { EmbeddedEngine } from './engines/embedded.ts';
import { type BalancerRecord, readRecord, recalled, recordOf } from './memory.ts';
import { step, unknownHealth } from './policy/health.ts';
import type { ProbeTarget } from './targets.ts';

const target: ProbeTarget = {
  key: 'pool/sip/dir01',
  serviceKey: 'pool/sip',
  pool: 'pool',
  service: 'sip',
  host: 'dir01',
  address: '127.0.0.1',
  port: 0,
  security: 'MTLS',
  site: 'dir01',
  guard: undefined,
};
const record: BalancerRecord = {
  drains: { dir01: { since: 50, until: 90 } },
  well: { [target.key]: { since: 10, reason: 'OPTIONS answered 200' } },
};

describe('what a balancer remembers over a restart', () => {
  test('a member that was well takes connections at once, since when it did', () => {
    const { state, since, lastReason } = recalled({ ...record, drains: {} }, target, 1000);
    assert.deepEqual([state, since, lastReason], ['up', 10, 'OPTIONS answered 200']);
  });

  test('a drained member stays drained, since when it was', () => {
    const { state, since } = recalled(record, target, 1000);
    assert.deepEqual([state, since], ['draining', 50]);
  });

  test('one that was not well, and everybody without a record, is checked first', () => {
    for (const each of [undefined, { drains: {}, well: {} }]) {
      assert.deepEqual(recalled(each, target, 1000), unknownHealth(1000));
    }
  });

  test('a member that fell is not kept as well; a drained one that is healthy is', () => {
    const drained = recalled(record, target, 1000);
    assert.deepEqual(Object.keys(recordOf([target], () => drained, {}).well), [target.key]);
    const fallen = step(drained, { kind: 'refused', at: 1, cause: 'refused', reason: 'gone' });
    assert.deepEqual(
      recordOf([target], () => fallen, record.drains),
      {
        drains: record.drains,
        well: {},
      },
    );
  });

  test('is read as it was written, and damage is named', () => {
    assert.deepEqual(readRecord(JSON.parse(JSON.stringify(record))), record);
    assert.equal(readRecord([]), 'drains or well is missing');
    assert.equal(readRecord(7), 'it holds no object');
    const times = readRecord({ drains: { dir01: 1 }, well: {} });
    assert.equal(times, 'drains.dir01 has no times');
    assert.equal(readRecord({ drains: {}, well: { key: {} } }), 'well.key is incomplete');
  });
});

describe('a balancer with a memory', () => {
  let bench: Bench;
  before(async () => {
    bench = await Bench.open();
  });
  after(() => bench.close());

  const open = (memory: {
    record: BalancerRecord | undefined;
    save(value: BalancerRecord): Promise<void>;
  }): Promise<Scene> =>
    // Who is drained does not come up: the scene must not wait for everybody.
    Scene.open(bench, (context) => new EmbeddedEngine(context), {
      memory,
      prepare: async () => {},
    });

  test('keeps a drain before it says that it has begun, and the next one goes on with it', async () => {
    let kept: BalancerRecord | undefined;
    const save = async (value: BalancerRecord): Promise<void> => {
      kept = value;
    };
    const scene = await open({ record: undefined, save });
    await scene.everyoneUp();
    await scene.balancer.beginDrain('dir01.contoso.net', { deadline: 60_000, force: false });
    assert.deepEqual(Object.keys(kept?.drains ?? {}), ['dir01.contoso.net']);
    await assert.rejects(
      scene.balancer.beginDrain('dir02.contoso.net', { deadline: 0, force: false }),
      { code: 'USHER_LAST_MEMBER', exitStatus: 1 },
    );
    await scene.close();
    const next = await open({ record: kept, save });
    try {
      await next.state(next.dir02, 'sip', 'up');
      await next.state(next.dir01, 'sip', 'draining');
      await next.balancer.resume('dir01.contoso.net');
      assert.deepEqual(kept?.drains, {});
    } finally {
      await next.close();
    }
  });

  test('that cannot keep a drain says so, drains all the same, and shows it', async () => {
    const scene = await open({
      record: undefined,
      save: () => Promise.reject(new Error('no space left on device')),
    });
    try {
      await scene.everyoneUp();
      await assert.rejects(
        scene.balancer.beginDrain('dir01.contoso.net', { deadline: 0, force: false }),
        /no space left/u,
      );
      assert.equal(scene.service('sip').members[0]?.state, 'draining');
      assert.equal(scene.balancer.status().memoryFault, 'no space left on device');
    } finally {
      await scene.close();
    }
  });
});
