import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownCases } from './cases.ts';
import { measure } from './measure.ts';
import { pageOf } from './page.ts';

test('every case does its work, over and over', () => {
  for (const { group, run } of ownCases) {
    const first = run();
    assert.ok(first > 0, group);
    assert.equal(run(), first, group);
  }
});

test('work that is not done is not measured', () => {
  const idle = { group: 'nothing', name: 'usher', run: () => 0 };
  assert.throws(() => measure([idle], { rounds: 1, sample: 1 }), /was not done/u);
});

test('others are shown as multiples of our median', () => {
  const result = { group: 'parse', best: 1, rounds: 1 };
  const page = pageOf(
    [
      { ...result, name: 'usher', median: 2 },
      { ...result, name: 'other', median: 5 },
    ],
    { rounds: 1, machine: 'here', notes: ['x is not installed'] },
  );
  assert.match(page, /\| parse +\| +2\.00 \| +1\.00 \| +2\.5× \|/u);
  assert.match(page, /Left out: x is not installed\./u);
});
