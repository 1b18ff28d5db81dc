import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from './histogram.ts';

test('quantiles are right to 3 %, from single microseconds to minutes', () => {
  const histogram = new Histogram();
  for (let value = 1; value <= 100_000; value += 1) histogram.record(value);
  for (const share of [0.001, 0.5, 0.99, 0.999]) {
    const exact = share * 100_000;
    assert.ok(Math.abs(histogram.quantile(share) - exact) <= exact * 0.032, String(share));
  }
  assert.equal(histogram.quantile(1), 98_304);
  assert.equal(histogram.highest, 100_000);
  const long = new Histogram();
  long.record(600_000_000);
  assert.ok(Math.abs(long.quantile(0.5) - 600_000_000) <= 600_000_000 * 0.032);
});

test('an empty histogram has quantiles of 0', () => {
  assert.equal(new Histogram().quantile(0.99), 0);
});

test('histograms of several threads add up', () => {
  const one = new Histogram();
  const two = new Histogram();
  one.record(10);
  two.record(20);
  two.record(20);
  one.merge(new Histogram(two.counts));
  assert.equal(one.total, 3);
  assert.equal(one.quantile(0.3), 10);
  assert.equal(one.quantile(0.9), 20);
});
