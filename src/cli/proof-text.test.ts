import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { languages } from '#base';
import { loadPlan } from '#ports';
import type { Proof, RowProof } from '#proof';
import { cut, fold } from './paint.ts';
import { conversationLines, proofSummary, rowLines } from './proof-text.ts';

const file = 'examples/contoso.yaml';
const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
assert.ok(loaded.ok);
const { flows } = loaded.plan;

const style = { language: 'en', colour: false, columns: 100 } as const;
const open = (evidence: string): Omit<RowProof, 'flow'> => ({
  verdict: 'open',
  evidence: `${evidence} (2 of 2 probes, slowest 3 ms)`,
  probes: [],
});
const failed: Omit<RowProof, 'flow'> = {
  verdict: 'noListener',
  evidence:
    'edge01.contoso.net → dirpool01.contoso.net: connection refused: nobody listens there (1 of 2 probes failed)',
  probes: [],
};
const width = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('a proven row', () => {
  for (const columns of [60, 76, 80, 100, 140]) {
    test(`fits into ${columns} columns in both languages, proven or not`, () => {
      for (const language of languages) {
        for (const flow of flows) {
          for (const found of [
            open('OPTIONS → 200 OK'),
            open('GET /a/very/long/path → 200'),
            failed,
          ]) {
            const text = rowLines({ flow, ...found }, { ...style, language, columns });
            assert.ok(width(text) <= columns, `${width(text)} columns:\n${text}`);
            assert.doesNotMatch(text, / $/mu);
          }
        }
      }
    });
  }

  test('says what was seen, the answer whole and the question cut where it is long', () => {
    const [flow] = flows;
    assert.ok(flow);
    const path = '/autodiscover/autodiscoverservice.svc/root';
    const line = rowLines({ flow, ...open(`GET ${path} → 200`) }, style);
    assert.match(line, /open {2}GET \/auto\S*… → 200$/u);
    const wide = rowLines({ flow, ...open(`GET ${path} → 200`) }, { ...style, columns: 150 });
    assert.ok(wide.endsWith(`GET ${path} → 200`));
  });

  test('that failed has its verdict and its evidence below it, on any terminal', () => {
    const flow = flows.find(({ id }) => id === 'DH-06');
    assert.ok(flow);
    for (const columns of [60, 100]) {
      const text = rowLines({ flow, ...failed }, { ...style, columns });
      assert.match(text, /^✘ DH-06/u);
      assert.match(text.replaceAll(/\s+/gu, ' '), /no listener.*nobody listens there/u);
    }
  });

  test('has colours only when asked for', () => {
    const [flow] = flows;
    assert.ok(flow);
    assert.ok(rowLines({ flow, ...failed }, { ...style, colour: true }).includes('\u001B[31m'));
    assert.ok(!rowLines({ flow, ...failed }, style).includes('\u001B'));
  });
});

test('the summary names admitted strangers and sockets too many, within the columns', () => {
  const [flow] = flows;
  assert.ok(flow);
  const proof: Proof = {
    rows: [{ flow, ...failed }],
    refusals: [
      {
        rows: ['DH-06'],
        to: 'dir01.contoso.net (127.10.1.11:1)',
        presented: 'foreign CA',
        refused: false,
        evidence: 'admitted: 200 OK',
      },
    ],
    closed: {
      probed: 3,
      unexpectedlyOpen: [{ protocol: 'tcp', address: '127.10.1.11', port: 9, evidence: 'pid 7' }],
      remarks: [{ en: 'a remark', de: 'eine Bemerkung' }],
    },
  };
  for (const language of languages) {
    const text = proofSummary(proof, { ...style, language, columns: 60 });
    assert.ok(width(text) <= 60, text);
    assert.match(text, /foreign CA/u);
    assert.match(text, /tcp 127\.10\.1\.11:9/u);
    assert.ok(text.includes(language === 'de' ? 'eine Bemerkung' : 'a remark'));
    assert.doesNotMatch(text, /✔/u);
  }
});

test('a conversation that broke off is marked, with the steps it came to', () => {
  const conversation = {
    ok: false,
    from: 'a@x',
    to: 'b@x',
    callId: 'c',
    steps: ['REGISTER → 403'],
  };
  assert.match(conversationLines(conversation, style), /^✘ a@x.*\n {4}REGISTER → 403$/u);
});

test('text is folded at spaces, and longer words hard', () => {
  assert.deepEqual(fold('one two three', 7), ['one two', 'three']);
  assert.deepEqual(fold('abcdefgh i', 3), ['abc', 'def', 'gh', 'i']);
  assert.equal(cut('abcdef', 4), 'abc…');
  assert.equal(cut('abc', 4), 'abc');
});
