import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyedTable } from './table.ts';

class Entry {
  readonly key: string;
  tableNext: Entry | undefined = undefined;

  constructor(key: string) {
    this.key = key;
  }
}

test('finds what a Map would find, however entries come and go', () => {
  const steps = fc.array(fc.record({ key: fc.integer({ max: 600, min: 0 }), add: fc.boolean() }), {
    maxLength: 2_000,
  });
  fc.assert(
    fc.property(steps, fc.integer(), (list, seed) => {
      const table = new KeyedTable<Entry>(seed);
      const expected = new Map<string, Entry>();
      for (const { key: number, add } of list) {
        const key = `branch${number}`;
        const known = expected.get(key);
        assert.equal(table.get(key), known);
        if (add && known === undefined) {
          const entry = new Entry(key);
          table.add(entry);
          expected.set(key, entry);
        } else if (!add && known !== undefined) {
          assert.equal(table.delete(known), true);
          assert.equal(table.delete(known), false);
          expected.delete(key);
        }
        assert.equal(table.size, expected.size);
      }
      assert.deepEqual(new Set(table.values()), new Set(expected.values()));
    }),
    { numRuns: 50 },
  );
});

test('keeps what was in it when it grows', () => {
  const table = new KeyedTable<Entry>(7);
  const entries = Array.from({ length: 5_000 }, (_, i) => new Entry(`z9hG4bK${i}`));
  for (const entry of entries) table.add(entry);
  for (const entry of entries) assert.equal(table.get(entry.key), entry);
  assert.equal(table.get('z9hG4bK5000'), undefined);
});
