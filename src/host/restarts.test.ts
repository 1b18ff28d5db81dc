import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countFall, restartDelay } from './restarts.ts';

test('a process that falls is put back up at once, then ever more patiently, at most after 30 s', () => {
  const delays = [1, 2, 3, 4, 8, 9, 400].map(restartDelay);
  assert.deepEqual(delays, [0, 500, 1000, 2000, 30_000, 30_000, 30_000]);
});

test('a minute of service lets earlier falls be forgotten', () => {
  assert.equal(countFall(0, 10), 1);
  assert.equal(countFall(6, 59_999), 7);
  assert.equal(countFall(6, 60_000), 1);
});
