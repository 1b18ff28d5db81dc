import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from './clock.ts';
import { Ways } from './ways.ts';

interface Hop {
  readonly address: string;
  readonly otherwise?: Hop;
}

const other: Hop = { address: '127.0.0.1' };
const hop: Hop = { address: '::1', otherwise: other };

test('the preferred family is tried first', () => {
  assert.deepEqual(new Ways<Hop>(new ManualClock()).to(hop), [hop, other]);
});

test('after a failure it comes second for a minute', () => {
  const clock = new ManualClock(1000);
  const ways = new Ways<Hop>(clock);
  ways.failed(hop);
  assert.deepEqual(ways.to(hop), [other, hop]);
  clock.advance(60_000);
  assert.deepEqual(ways.to(hop), [hop, other]);
});

test('when both have failed the preferred one is first again', () => {
  const ways = new Ways<Hop>(new ManualClock());
  ways.failed(hop);
  ways.failed(other);
  assert.deepEqual(ways.to(hop), [hop, other]);
});

test('of a place with one address there is one way, whatever happened to it', () => {
  const ways = new Ways<Hop>(new ManualClock());
  ways.failed(other);
  assert.deepEqual(ways.to(other), [other]);
});
