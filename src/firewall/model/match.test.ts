import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatNetwork } from '#topology';
import {
  addressEnd,
  addressesOf,
  everyAddress,
  formatAddresses,
  inFamily,
  otherAddresses,
  parseAddresses,
  prefixesOf,
  sameAddresses,
} from './addresses.ts';
import { differenceOf, intersectionOf, isWithin, unionOf } from './intervals.ts';
import { smallMatch, smallPacket, takes } from './match.fixture.ts';
import { intersect, isEmpty, subtract } from './match.ts';

const intervals = fc
  .array(
    fc.tuple(fc.nat(20), fc.nat(6)).map(([from, length]) => ({ from, until: from + length })),
    { maxLength: 6 },
  )
  .map(unionOf);

const members = (set: ReturnType<typeof unionOf<number>>): Set<number> =>
  new Set(
    Array.from({ length: 30 }, (_, n) => n).filter((n) =>
      set.some((i) => i.from <= n && n < i.until),
    ),
  );

const blocks = (from: bigint, until: bigint) =>
  prefixesOf(4, inFamily(4, [{ from, until }]).v4).map(formatNetwork);

describe('sets of intervals', () => {
  it('join, meet and differ as sets do', () => {
    fc.assert(
      fc.property(intervals, intervals, (a, b) => {
        const [one, other] = [members(a), members(b)];
        assert.deepEqual(members(unionOf([...a, ...b])), one.union(other));
        assert.deepEqual(members(intersectionOf(a, b)), one.intersection(other));
        assert.deepEqual(members(differenceOf(a, b)), one.difference(other));
        assert.equal(isWithin(a, b), one.isSubsetOf(other));
      }),
    );
  });

  it('are equal lists when they are equal sets', () => {
    fc.assert(
      fc.property(intervals, intervals, (a, b) => {
        const whole = unionOf([...differenceOf(a, b), ...intersectionOf(a, b)]);
        assert.deepEqual(whole, a);
      }),
    );
  });
});

describe('addresses', () => {
  it('are read as address, block, range or any', () => {
    assert.deepEqual(formatAddresses(addressesOf(['10.0.0.0-10.0.0.3', '10.0.0.4/30'])), [
      '10.0.0.0/29',
    ]);
    assert.deepEqual(formatAddresses(addressesOf(['2001:db8::1', '192.0.2.1'])), [
      '192.0.2.1',
      '2001:db8::1',
    ]);
    assert.equal(parseAddresses('any'), everyAddress);
    for (const bad of ['', '10.0.0', '10.0.0.2-10.0.0.1', '10.0.0.1-fd00::1', '10.0.0.0/33']) {
      assert.equal(parseAddresses(bad), undefined, bad);
    }
  });

  it('are cut into the fewest blocks, up to the last address of the family', () => {
    assert.deepEqual(blocks(0n, addressEnd(4)), ['0.0.0.0/0']);
    assert.deepEqual(blocks(1n, 8n), ['0.0.0.1/32', '0.0.0.2/31', '0.0.0.4/30']);
    assert.deepEqual(blocks(addressEnd(4) - 1n, addressEnd(4)), ['255.255.255.255/32']);
  });

  it('come back from their blocks', () => {
    const edge = fc.bigInt({ min: 0n, max: addressEnd(6) });
    fc.assert(
      fc.property(fc.constantFrom(4 as const, 6 as const), edge, edge, (family, a, b) => {
        const [from, until] = [a, b]
          .map((value) => value % addressEnd(family))
          .toSorted((x, y) => (x < y ? -1 : 1));
        assert.ok(from !== undefined && until !== undefined);
        const set = inFamily(family, [{ from, until }]);
        assert.ok(sameAddresses(addressesOf(formatAddresses(set)), set));
        assert.ok(sameAddresses(otherAddresses(otherAddresses(set)), set));
      }),
    );
  });
});

describe('matches', () => {
  it('meet and differ as the packets they take', () => {
    fc.assert(
      fc.property(smallMatch, smallMatch, smallPacket, (a, b, packet) => {
        assert.equal(takes(intersect(a, b), packet), takes(a, packet) && takes(b, packet));
        const parts = subtract(a, b).filter((part) => takes(part, packet));
        // Disjoint: a packet of the rest is in one part, not in two.
        assert.equal(parts.length, takes(a, packet) && !takes(b, packet) ? 1 : 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('leave nothing of themselves', () => {
    fc.assert(
      fc.property(smallMatch, (a) => {
        assert.deepEqual(subtract(a, a), []);
        assert.ok(!isEmpty(a) || subtract(a, a).length === 0);
      }),
    );
  });
});
