import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadPlan, makePlan } from '#ports';
import { isOrder, isReport } from './protocol.ts';

const nonsense: readonly unknown[] = [
  undefined,
  null,
  'start',
  7,
  [],
  {},
  { kind: 1 },
  { kind: 'x' },
];

test('orders and reports are told apart, and from anything else on the channel', () => {
  for (const kind of ['start', 'reload', 'drain', 'control', 'close']) {
    assert.ok(isOrder({ kind }) && !isReport({ kind }), kind);
  }
  for (const kind of ['loaded', 'started', 'reloaded', 'drained', 'controlled', 'failed']) {
    assert.ok(isReport({ kind }) && !isOrder({ kind }), kind);
  }
  for (const each of nonsense) assert.ok(!isOrder(each) && !isReport(each));
});

test('a topology that crosses the channel gives the same plan', () => {
  const files = globSync('examples/*.yaml');
  assert.ok(files.length >= 4);
  for (const file of files) {
    const loaded = loadPlan(readFileSync(file, 'utf8'), file, { portOffset: 7 });
    assert.ok(loaded.ok, file);
    const { topology } = loaded.plan;
    // What the channel does with a message.
    const crossed: typeof topology = JSON.parse(JSON.stringify(topology));
    const [here, there] = [topology, crossed].map((each) => makePlan(each, { portOffset: 7 }));
    assert.equal(JSON.stringify(there), JSON.stringify(here));
  }
});
