import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ManualClock } from '#base';
import { Timeout, Timeouts } from './timeouts.ts';

class Note extends Timeout {
  readonly #run: () => void;

  constructor(run: () => void) {
    super();
    this.#run = run;
  }

  override expired(): void {
    this.#run();
  }
}

test('timeouts expire at their time, whatever their duration, in order', () => {
  const clock = new ManualClock();
  const timeouts = new Timeouts(clock);
  const seen: string[] = [];
  const note = (name: string): Note => new Note(() => seen.push(`${name}@${clock.now()}`));
  timeouts.set(note('slow'), 500);
  timeouts.set(note('fast'), 100);
  clock.advance(50);
  timeouts.set(note('faster'), 10);
  timeouts.set(note('second'), 100);
  assert.equal(timeouts.size, 4);
  clock.advance(1_000);
  assert.deepEqual(seen, ['faster@60', 'fast@100', 'second@150', 'slow@500']);
  assert.equal(timeouts.size, 0);
  assert.equal(clock.pending, 0);
});

test('a cleared timeout never expires, wherever in the line it stood', () => {
  const clock = new ManualClock();
  const timeouts = new Timeouts(clock);
  const seen: number[] = [];
  const notes = [0, 1, 2, 3, 4].map((index) => new Note(() => seen.push(index)));
  for (const note of notes) timeouts.set(note, 100);
  for (const index of [0, 2, 4]) {
    const note = notes[index];
    assert.ok(note);
    timeouts.clear(note);
    timeouts.clear(note);
  }
  clock.advance(100);
  assert.deepEqual(seen, [1, 3]);
});

test('setting again moves the time; setting from within an expiry works', () => {
  const clock = new ManualClock();
  const timeouts = new Timeouts(clock);
  const seen: number[] = [];
  const moved = new Note(() => seen.push(clock.now()));
  const repeating: Note = new Note(() => {
    seen.push(clock.now());
    if (seen.length < 5) timeouts.set(repeating, 100);
  });
  timeouts.set(moved, 100);
  timeouts.set(repeating, 100);
  clock.advance(60);
  timeouts.set(moved, 100);
  clock.advance(1_000);
  assert.deepEqual(seen, [100, 160, 200, 300, 400]);
});

test('closing forgets everything and leaves no clock timer', () => {
  const clock = new ManualClock();
  const timeouts = new Timeouts(clock);
  for (const duration of [1, 2, 3, 3]) {
    timeouts.set(new Note(() => assert.fail('expired after close')), duration);
  }
  timeouts.close();
  assert.equal(timeouts.size, 0);
  assert.equal(clock.pending, 0);
  clock.advance(10);
});
