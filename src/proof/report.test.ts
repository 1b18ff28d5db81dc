import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadPlan, type Flow } from '#ports';
import { toJUnit, toReport } from './report.ts';
import { holds, judge, type ProbeResult, type Proof } from './verdict.ts';

const file = 'examples/contoso.yaml';
const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
assert.ok(loaded.ok);
const [flow] = loaded.plan.flows;
assert.ok(flow !== undefined);

const probe = (verdict: ProbeResult['verdict'], evidence: string): ProbeResult => ({
  from: 'rp01.contoso.net',
  to: 'dirpool01.contoso.net (127.10.1.10:1)',
  verdict,
  evidence,
  took: 3,
  goal: { address: '127.10.1.10', port: 1 },
});

const proofOf = (row: Flow, ...probes: ProbeResult[]): Proof => ({
  rows: [judge(row, probes)],
  refusals: [],
  closed: { probed: 1, unexpectedlyOpen: [], remarks: [] },
});

test('a row is open only when every probe of it is', () => {
  assert.ok(holds(proofOf(flow, probe('open', 'answered'), probe('open', 'answered'))));
  const half = proofOf(flow, probe('open', 'answered'), probe('noListener', 'refused'));
  assert.ok(!holds(half));
  assert.match(half.rows[0]?.evidence ?? '', /refused \(1 of 2 probes failed\)/u);
});

test('a proof with one admitted stranger does not hold', () => {
  const stranger = {
    rows: ['DH-06'],
    to: 'x',
    presented: 'foreign CA' as const,
    refused: false,
    evidence: 'admitted: 200 OK',
  };
  assert.ok(!holds({ ...proofOf(flow, probe('open', 'answered')), refusals: [stranger] }));
});

test('a proof with one socket too many does not hold', () => {
  const closed = {
    probed: 2,
    unexpectedlyOpen: [{ protocol: 'tcp' as const, address: '127.0.0.1', port: 9, evidence: 'x' }],
    remarks: [],
  };
  assert.ok(!holds({ ...proofOf(flow, probe('open', 'answered')), closed }));
});

test('the report carries the fields the command line promises', () => {
  const report = toReport(proofOf(flow, probe('open', 'GET / → 200')), undefined);
  assert.equal(report.ok, true);
  assert.deepEqual(Object.keys(report.rows[0] ?? {}), [
    'id',
    'from',
    'to',
    'port',
    'verdict',
    'evidence',
  ]);
  assert.deepEqual(report.closed.unexpectedlyOpen, []);
});

test('JUnit output counts failures and escapes what peers may have sent', () => {
  const xml = toJUnit(proofOf(flow, probe('wrongAnswer', '<script>&\u0001"')), undefined);
  assert.match(xml, /tests="2" failures="1"/u);
  assert.match(xml, /&lt;script&gt;&amp;\u{FFFD}&quot;/u);
  assert.doesNotMatch(xml, /<script>/u);
});

test('a message that did not arrive fails report and JUnit as it fails the command', () => {
  const conversation = { ok: false, from: 'a@x', to: 'b@x', callId: 'c', steps: ['no answer'] };
  const proof = proofOf(flow, probe('open', 'answered'));
  assert.equal(toReport(proof, conversation).ok, false);
  assert.equal(toReport(proof, { ...conversation, ok: true }).ok, true);
  assert.match(toJUnit(proof, conversation), /failures="1".*a@x and b@x meet.*no answer/su);
  assert.match(toJUnit(proof, { ...conversation, inside: true }), /a@x and b@x meet inside/u);
});
