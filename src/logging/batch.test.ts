import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BatchWriter, readBatch } from './batch.ts';
import { levels } from './level.ts';
import { recordKinds, type Observation } from './record.ts';

const latin1 = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));

const observation: fc.Arbitrary<Observation> = fc.record(
  {
    kind: fc.constantFrom(...recordKinds),
    level: fc.constantFrom(...levels),
    at: fc.nat(2 ** 31 - 1),
    sequence: fc.maxSafeNat(),
    direction: fc.constantFrom('in', 'out'),
    local: latin1(40),
    remote: latin1(40),
    peer: latin1(40),
    label: latin1(20),
    head: latin1(300),
    bodyLength: fc.nat(),
    body: fc.option(
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
      { nil: undefined },
    ),
  },
  { noNullPrototype: true },
);

test('what is written into a batch is read from it, in order, and the writer begins anew', () => {
  const writer = new BatchWriter();
  fc.assert(
    fc.property(fc.array(observation), (several) => {
      for (const seen of several) writer.add(seen);
      assert.equal(writer.count, several.length);
      const batch = writer.take();
      assert.deepEqual(readBatch(batch), several);
      assert.equal(batch.count, several.length);
      assert.deepEqual([writer.count, writer.bytes], [0, 0]);
    }),
  );
});

test('a batch goes over several blocks, each alone in its memory, and bears what is longer than one', () => {
  const [one] = fc.sample(observation, 1);
  assert.ok(one);
  const writer = new BatchWriter();
  const lengths = [10, 60_000, 60_000, 200_000, 10];
  for (const length of lengths) writer.add({ ...one, head: 'x'.repeat(length) });
  const batch = writer.take();
  assert.ok(batch.blocks.length > 2);
  assert.equal(new Set(batch.blocks.map(({ buffer }) => buffer)).size, batch.blocks.length);
  assert.deepEqual(
    readBatch(batch).map(({ head }) => head.length),
    lengths,
  );
});
