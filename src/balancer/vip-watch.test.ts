import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#base';
import { VipWatch } from './vip-watch.ts';

describe('the watch for the VIPs of a pair', () => {
  it('says when all of them have come and when one has left, and who waits for that learns it', async () => {
    const addresses = new Set(['10.1.1.10']);
    const moves: boolean[] = [];
    const clock = new ManualClock();
    const watch = new VipWatch(
      ['10.1.1.10', '10.1.2.10'],
      clock,
      (here) => moves.push(here),
      () => addresses,
    );
    try {
      watch.start();
      assert.equal(watch.here, false);
      await watch.gone(60_000);
      addresses.add('10.1.2.10');
      clock.advance(1000);
      assert.deepEqual([watch.here, watch.since], [true, 500]);
      const gone = watch.gone(60_000);
      addresses.delete('10.1.1.10');
      clock.advance(1000);
      await gone;
      assert.equal(watch.here, false);
      assert.deepEqual(moves, [true, false]);
    } finally {
      watch.close();
    }
  });

  it('waits no longer than it was told for VIPs that stay', async () => {
    const clock = new ManualClock();
    const own = new Set(['10.1.1.10']);
    const watch = new VipWatch(
      own,
      clock,
      () => assert.fail(),
      () => own,
    );
    watch.start();
    const waited = watch.gone(5000);
    clock.advance(5000);
    await waited;
    assert.equal(watch.here, true);
    watch.close();
  });
});
