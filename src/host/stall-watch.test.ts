import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '#base';
import { StallWatch, type Stall } from './stall-watch.ts';

/** A histogram that says what the test wants. */
class Said {
  max = 0;
  readonly calls: string[] = [];

  enable(): boolean {
    this.calls.push('enable');
    return true;
  }

  disable(): boolean {
    this.calls.push('disable');
    return true;
  }

  reset(): void {
    this.max = 0;
  }
}

test('a second with a stall is told of once, and the status remembers it for a minute', async () => {
  const clock = new ManualClock();
  const histogram = new Said();
  const told: Stall[] = [];
  let waited = 1000;
  const watch = new StallWatch({
    clock,
    histogram,
    waited: () => waited,
    stalled: (stall) => void told.push(stall),
  });
  await watch.start();
  histogram.max = 110e6;
  clock.advance(1000);
  assert.deepEqual(told, [], '100 ms is allowed');
  assert.deepEqual(watch.dump(), { highest: 100, stalls: 0 });
  histogram.max = 260e6;
  waited += 80;
  clock.advance(1000);
  clock.advance(1000);
  assert.deepEqual(told, [{ milliseconds: 250, waited: 80 }]);
  assert.deepEqual(watch.dump(), { highest: 250, stalls: 1 });
  clock.advance(60_000);
  assert.deepEqual(watch.dump(), { highest: 0, stalls: 1 });
  await watch.close();
  assert.equal(clock.pending, 0);
  assert.deepEqual(histogram.calls, ['enable', 'disable']);
});

test('the event loop of this thread is measured when nothing else is given', async () => {
  const clock = new ManualClock();
  const watch = new StallWatch({ clock, stalled: () => {} });
  await watch.start();
  clock.advance(1000);
  assert.equal(watch.dump().stalls, 0);
  await watch.close();
  await watch.close();
});
