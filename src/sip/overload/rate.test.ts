import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Buckets } from './buckets.ts';
import { Bucket, rateOf } from './rate.ts';

/** How many of that many requests at one moment are let in. */
function letIn(count: number, allows: () => boolean): number {
  return Array.from({ length: count }, allows).filter(Boolean).length;
}

suite('a rate limit', () => {
  test('lets a burst in at once, and afterwards one for each interval that passed', () => {
    const bucket = new Bucket({ burst: 5, perSecond: 10 });
    const at = 1_000_000;
    assert.equal(
      letIn(20, () => bucket.allows(at)),
      5,
    );
    assert.equal(
      letIn(20, () => bucket.allows(at + 99)),
      0,
    );
    assert.equal(
      letIn(20, () => bucket.allows(at + 300)),
      3,
    );
    assert.equal(
      letIn(20, () => bucket.allows(at + 60_000)),
      5,
    );
    assert.equal(bucket.refused, 67);
  });

  test('lets what is favoured in where the rest has used up its room, twice as much at most', () => {
    const bucket = new Bucket({ burst: 5, perSecond: 10 });
    assert.equal(
      letIn(20, () => bucket.allows(1000)),
      5,
    );
    assert.equal(
      letIn(20, () => bucket.allows(1000, true)),
      5,
    );
    assert.equal(bucket.allows(1000), false);
  });

  test('is never exceeded by more than its burst, whenever requests come', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 300 }),
        (burst, perSecond, pauses) => {
          const bucket = new Bucket({ burst, perSecond });
          let now = 1_000_000;
          let taken = 0;
          for (const pause of pauses) {
            now += pause;
            if (bucket.allows(now)) taken += 1;
          }
          // A thousandth for what sums of binary fractions lose.
          return taken <= burst + ((now - 1_000_000) / 1000) * perSecond + 0.001;
        },
      ),
    );
  });

  test('a clock that was set back refuses nobody longer than its burst lasts', () => {
    const bucket = new Bucket(rateOf(10));
    assert.ok(bucket.allows(5000));
    assert.ok(bucket.allows(4000));
  });
});

suite('a table of limits', () => {
  test('counts each sender for itself, and the refusals of all', () => {
    const buckets = new Buckets({ burst: 2, perSecond: 1 }, 7);
    assert.equal(
      letIn(5, () => buckets.allows('alice@example.net', 1000)),
      2,
    );
    assert.equal(
      letIn(5, () => buckets.allows('bob@example.net', 1000)),
      2,
    );
    assert.equal(buckets.refused, 6);
    assert.equal(buckets.pause, 1);
  });

  test('spreads names that differ little evenly: about as many meet as chance wants', () => {
    const buckets = new Buckets({ burst: 1, perSecond: 1 }, 0x5eed);
    const names = Array.from({ length: 20_000 }, (_, index) => `user${index}@example.net`);
    const met = names.filter((name) => !buckets.allows(name, 1000)).length;
    // 20,000 in 131,072 slots: 1,450 meet somebody on average.
    assert.ok(met > 1_200 && met < 1_700, `${met} met`);
  });

  test('parts with another seed those who meet with this one', () => {
    const names = Array.from({ length: 3000 }, (_, index) => `user${index}@example.net`);
    const meeting = (seed: number): Set<string> => {
      const buckets = new Buckets({ burst: 1, perSecond: 1 }, seed);
      return new Set(names.filter((name) => !buckets.allows(name, 1000)));
    };
    const first = meeting(1);
    const both = [...meeting(2)].filter((name) => first.has(name));
    assert.ok(first.size > 10 && both.length < first.size / 4);
  });
});
