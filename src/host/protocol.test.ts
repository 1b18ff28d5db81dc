import assert from 'node:assert/strict';
import { test } from 'node:test';
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
