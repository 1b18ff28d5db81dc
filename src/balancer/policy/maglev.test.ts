import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { maglevSlots, maglevTable, slotOf } from './maglev.ts';

const pools = fc
  .integer({ min: 2, max: 10 })
  .map((count) => Array.from({ length: count }, (_, n) => `dir${n}.contoso.net`));

describe('the Maglev table', () => {
  it('gives every member its share of the slots, one more or less', () => {
    fc.assert(
      fc.property(pools, (hosts) => {
        const table = maglevTable(hosts);
        assert.equal(table.length, maglevSlots);
        for (const host of hosts) {
          const share = table.filter((owner) => owner === host).length;
          assert.ok(Math.abs(share - maglevSlots / hosts.length) <= 1, `${host}: ${share}`);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('moves few slots beyond those of a member that leaves', () => {
    fc.assert(
      fc.property(pools, fc.nat(), (hosts, chosen) => {
        const leaver = hosts[chosen % hosts.length];
        const before = maglevTable(hosts);
        const after = maglevTable(hosts.filter((host) => host !== leaver));
        const moved = before.filter((owner, slot) => owner !== leaver && owner !== after[slot]);
        assert.ok(moved.length < maglevSlots / 5, `${moved.length} of ${maglevSlots} moved`);
      }),
      { numRuns: 50 },
    );
  });

  it('does not depend on the order of the members, and is empty without any', () => {
    const hosts = ['b.contoso.net', 'a.contoso.net', 'c.contoso.net'];
    assert.deepEqual(maglevTable(hosts), maglevTable(hosts.toReversed()));
    assert.deepEqual(maglevTable([]), []);
  });

  it('spreads clients over the slots', () => {
    const slots = new Set(Array.from({ length: 1000 }, (_, n) => slotOf(`10.0.0.1 ${n}`)));
    assert.ok(slots.size > 500, `${slots.size} slots hit`);
  });
});
