import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channel, ManualClock } from '#base';
import { buildRequest, type ConnectionEvent, type MessageSeen, type SipFaultEvent } from '#sip';
import { readBatch } from './batch.ts';
import { Recorder, type RecorderLimits, type RefusalEvent } from './recorder.ts';
import type { Observation } from './record.ts';
import type { RecordingPolicy } from './policy.ts';

let count = 0;
function rig(limits: Partial<RecorderLimits> = {}) {
  count += 1;
  const sources = {
    messages: channel<MessageSeen>(`usher:test:messages-${count}`),
    connections: channel<ConnectionEvent>(`usher:test:connections-${count}`),
    faults: channel<SipFaultEvent>(`usher:test:faults-${count}`),
    refusals: channel<RefusalEvent>(`usher:test:refusals-${count}`),
  };
  const clock = new ManualClock(1000);
  const world = {
    policy: { level: 'Info', bodies: [] } as RecordingPolicy | null,
    batches: new Array<Observation[]>(),
    failing: false,
    utilization: 0,
  };
  const recorder = new Recorder({
    clock,
    sources,
    limits,
    policy: () => world.policy,
    utilization: () => world.utilization,
    append: async (batch) => {
      if (world.failing) throw new Error('disk full');
      world.batches.push(readBatch(batch));
    },
  });
  recorder.start();
  const say = (text = 'hello'): void =>
    sources.messages.publish({
      at: clock.now(),
      direction: 'in',
      local: '127.0.0.1:1',
      remote: '127.0.0.2:2',
      peer: { kind: 'server', fqdn: 'edge01.contoso.net' },
      label: 'sip',
      message: buildRequest({
        method: 'MESSAGE',
        uri: 'sip:bob@contoso.com',
        headers: [
          ['Call-ID', 'x'],
          ['CSeq', '1 MESSAGE'],
        ],
        body: Buffer.from(text),
      }),
    });
  const recorded = (): Observation[] => world.batches.flat();
  return { sources, clock, world, recorder, say, recorded };
}

test('Messages reach the store in batches, in order and off the hot path', async () => {
  const { clock, recorder, say, recorded, world } = rig();
  say();
  say();
  assert.deepEqual(world.batches, [], 'nothing is stored while SIP runs');
  clock.advance(100);
  await recorder.flush();
  assert.deepEqual(
    recorded().map(({ sequence, peer, bodyLength }) => [sequence, peer, bodyLength]),
    [
      [0, 'edge01.contoso.net', 5],
      [1, 'edge01.contoso.net', 5],
    ],
  );
  await recorder.close();
});

test('Bodies stay behind unless a scenario asks for them', async () => {
  const { recorder, say, recorded, world } = rig();
  say();
  world.policy = { level: 'Info', bodies: [{ bodies: 'all', uri: null }] };
  recorder.applyPolicy();
  say('kept');
  await recorder.close();
  assert.deepEqual(
    recorded().map(({ body }) => (body === undefined ? undefined : Buffer.from(body).toString())),
    [undefined, 'kept'],
  );
});

test('Overload drops records, counts them and leaves SIP alone', async () => {
  const { clock, recorder, say } = rig({ queue: 3 });
  for (let index = 0; index < 10; index++) say();
  assert.deepEqual(recorder.status(), {
    recorded: 0,
    dropped: 7,
    lost: 0,
    queued: 3,
    lastFailure: null,
  });
  clock.advance(100);
  await recorder.flush();
  say();
  await recorder.flush();
  assert.equal(recorder.status().recorded, 4, 'after the burst it records again');
  await recorder.close();
});

test('Large messages fill the queue by their bytes', async () => {
  const { recorder, say, world } = rig({ queueBytes: 3000 });
  world.policy = { level: 'Info', bodies: [{ bodies: 'all', uri: null }] };
  recorder.applyPolicy();
  for (let index = 0; index < 5; index++) say('x'.repeat(1300));
  assert.equal(recorder.status().dropped, 2);
  await recorder.flush();
  say('x'.repeat(1300));
  assert.equal(recorder.status().dropped, 2, 'stored bytes are free again');
  await recorder.close();
});

test('After a burst no more than the permitted records a second are taken', async () => {
  const { clock, recorder, say, recorded } = rig({ queue: 10, perSecond: 20 });
  for (let index = 0; index < 15; index++) say();
  clock.advance(100);
  await new Promise(setImmediate);
  assert.equal(recorded().length, 10, 'the burst');
  for (let index = 0; index < 15; index++) say();
  clock.advance(100);
  await new Promise(setImmediate);
  assert.equal(recorded().length, 12, 'a tenth of a second brings two');
  await recorder.close();
  assert.equal(recorder.status().dropped, 18);
});

test('A busy event loop is left in peace: fewer records are taken', async () => {
  const { clock, recorder, say, recorded, world } = rig({
    queue: 10,
    perSecond: 100,
    perSecondBusy: 20,
  });
  for (let index = 0; index < 10; index++) say();
  world.utilization = 0.95;
  clock.advance(100);
  await new Promise(setImmediate);
  for (let index = 0; index < 15; index++) say();
  clock.advance(100);
  await new Promise(setImmediate);
  assert.equal(recorded().length, 12, 'two in a tenth of a second');
  world.utilization = 0.5;
  clock.advance(100);
  for (let index = 0; index < 15; index++) say();
  await recorder.close();
  assert.equal(recorded().length, 22, 'ten in another one, with time to spare');
});

test('A quiet second makes room for the next burst', async () => {
  const { clock, recorder, say, recorded } = rig({ queue: 10, perSecond: 20 });
  for (let index = 0; index < 10; index++) say();
  clock.advance(1000);
  await new Promise(setImmediate);
  for (let index = 0; index < 10; index++) say();
  await recorder.close();
  assert.equal(recorded().length, 20);
});

test('What a failing store does not take is counted, with the reason', async () => {
  const { recorder, say, world } = rig();
  world.failing = true;
  say();
  await recorder.flush();
  const { lost, lastFailure } = recorder.status();
  assert.deepEqual([lost, lastFailure], [1, 'disk full']);
  await recorder.close();
});

test('Without a running scenario nothing is recorded, and a new one is noticed', async () => {
  const { clock, recorder, say, recorded, world } = rig();
  world.policy = null;
  recorder.applyPolicy();
  say();
  world.policy = { level: 'Info', bodies: [] };
  clock.advance(100);
  say();
  await recorder.close();
  assert.equal(recorded().length, 1);
});

test('Refusals and faults are recorded at Info, open connections only at Verbose', async () => {
  const { clock, recorder, sources, recorded, world } = rig();
  const opened: ConnectionEvent = {
    at: 1,
    kind: 'opened',
    label: 'sip',
    local: { address: '::1', port: 1 },
    remote: { address: '::1', port: 2 },
    peer: { kind: 'client' },
    code: 'tls',
    message: 'TLSv1.3',
  };
  sources.connections.publish(opened);
  sources.refusals.publish({
    listener: { address: '127.0.0.1', port: 1, service: 'logControl' },
    remote: '127.0.0.9:9',
    admission: { code: 'no-certificate', message: 'no\r\ncertificate' },
  });
  sources.faults.publish({ at: 2, code: 'frame', message: 'bad', callId: 'c' });
  world.policy = { level: 'Verbose', bodies: [] };
  clock.advance(100);
  sources.connections.publish(opened);
  await recorder.close();
  assert.deepEqual(
    recorded().map(({ kind, level, local, head }) => [kind, level, local, head]),
    [
      ['refusal', 'Warning', '127.0.0.1:1', 'refused: no-certificate: no certificate'],
      ['fault', 'Warning', '', 'frame: bad (Call-ID c)'],
      ['connection', 'Verbose', '[::1]:1', 'connection opened: tls: TLSv1.3'],
    ],
  );
});
