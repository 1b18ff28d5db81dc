import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadPlan } from '#ports';
import { judge, type ProbeResult, type Verdict } from './verdict.ts';

const file = 'examples/contoso.yaml';
const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
assert.ok(loaded.ok);
const [flow] = loaded.plan.flows;
assert.ok(flow);

const probe = (verdict: Verdict, evidence: string, took = 1): ProbeResult => {
  return {
    from: 'a',
    to: 'b (127.0.0.1:1)',
    verdict,
    evidence,
    took,
    goal: { address: '127.0.0.1', port: 1 },
  };
};

test('an open row says what was seen, how often it was tried and how long the slowest took', () => {
  const { verdict, evidence } = judge(flow, [
    probe('open', 'OPTIONS → 200 OK', 2),
    probe('open', 'x', 7.6),
  ]);
  assert.equal(verdict, 'open');
  assert.equal(evidence, 'OPTIONS → 200 OK (2 of 2 probes, slowest 8 ms)');
});

test('the first probe that is not open speaks for the row, with both its ends', () => {
  const probes = [
    probe('open', 'x'),
    probe('dropped', 'no answer'),
    probe('noListener', 'refused'),
  ];
  const { verdict, evidence } = judge(flow, probes);
  assert.equal(verdict, 'dropped');
  assert.equal(evidence, 'a → b (127.0.0.1:1): no answer (2 of 3 probes failed)');
});

test('a row with a single probe does not count it', () => {
  assert.equal(judge(flow, [probe('rejected', 'no')]).evidence, 'a → b (127.0.0.1:1): no');
});

test('a row whose source is nowhere in the deployment is open, and says so', () => {
  const { verdict, evidence } = judge(flow, []);
  assert.equal(verdict, 'open');
  assert.match(evidence, /no source of this row/u);
});
