import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailureCounter, SignInBackoff } from './sign-in-backoff.ts';

const limits = { tolerated: 3, window: 1000, pause: 10, longestPause: 100 };

test('failures up to the tolerated number cost no wait', () => {
  const counter = new FailureCounter(limits);
  for (let i = 0; i < 3; i++) counter.failed('a', 0);
  assert.equal(counter.wait('a', 0), 0);
});

test('each further failure doubles the pause up to the longest', () => {
  const counter = new FailureCounter(limits);
  for (let i = 0; i < 3; i++) counter.failed('a', 0);
  const waits = Array.from({ length: 6 }, () => {
    counter.failed('a', 0);
    return counter.wait('a', 0);
  });
  assert.deepEqual(waits, [10, 20, 40, 80, 100, 100]);
});

test('a pause ends by itself', () => {
  const counter = new FailureCounter(limits);
  for (let i = 0; i < 4; i++) counter.failed('a', 0);
  assert.equal(counter.wait('a', 9), 1);
  assert.equal(counter.wait('a', 10), 0);
});

test('silence for a whole window forgets the failures', () => {
  const counter = new FailureCounter(limits);
  for (let i = 0; i < 4; i++) counter.failed('a', 0);
  counter.failed('a', 1001);
  assert.equal(counter.wait('a', 1001), 0);
});

test('memory is bounded: the longest silent key is forgotten first', () => {
  const counter = new FailureCounter(limits, 2);
  for (let i = 0; i < 4; i++) counter.failed('a', 0);
  counter.failed('b', 1);
  counter.failed('a', 2);
  counter.failed('c', 3);
  assert.equal(counter.size, 2);
  assert.ok(counter.wait('a', 3) > 0, 'a spoke after b and stays');
});

test('one guesser is slowed while the user signs in from elsewhere', () => {
  const backoff = new SignInBackoff();
  for (let i = 0; i < 10; i++) backoff.failed('alice@contoso.com', '198.51.100.7', 0);
  assert.ok(backoff.wait('alice@contoso.com', '198.51.100.7', 0) > 0);
  assert.equal(backoff.wait('alice@contoso.com', '203.0.113.9', 0), 0);
});

test('guessing spread over many users from one source is slowed', () => {
  const backoff = new SignInBackoff();
  for (let i = 0; i < 130; i++) backoff.failed(`user${i}@contoso.com`, '198.51.100.7', 0);
  assert.ok(backoff.wait('another@contoso.com', '198.51.100.7', 0) > 0);
});

test('guessing spread over many sources pauses the user for at most ten seconds', () => {
  const backoff = new SignInBackoff();
  for (let i = 0; i < 500; i++) backoff.failed('alice@contoso.com', `source${i}`, 0);
  const wait = backoff.wait('alice@contoso.com', 'fresh', 0);
  assert.ok(wait > 0 && wait <= 10_000);
});

test('a right answer clears the pair but not the source', () => {
  const backoff = new SignInBackoff();
  for (let i = 0; i < 130; i++) backoff.failed(`user${i}@contoso.com`, 's', 0);
  backoff.succeeded('mallory@contoso.com', 's');
  assert.ok(backoff.wait('victim@contoso.com', 's', 0) > 0);
});
