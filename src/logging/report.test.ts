import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordLines } from './report.ts';
import { toRecord } from './record.ts';

const evil = '\u001b]0;x\u0007\u009b1A';
const record = toRecord(
  {
    kind: 'message',
    level: 'Info',
    at: Date.UTC(2026, 10, 22, 13),
    sequence: 0,
    direction: 'in',
    local: '127.0.0.1:1',
    remote: '127.0.0.2:2',
    peer: 'client',
    label: 'sip',
    head: `MESSAGE sip:bob@x SIP/2.0\r\nSubject: ${evil}\r\n\r\n`,
    bodyLength: 4,
    body: Buffer.from(`a${evil}\nb`),
  },
  { host: 'dir01.contoso.net', writer: '1' },
  () => true,
);

test('A record is one line that says when, where, from whom and what', () => {
  assert.deepEqual(recordLines(record, { full: false, colour: false, columns: 120 }), [
    '2026-11-22T13:00:00.000Z dir01.contoso.net ◀ 127.0.0.2:2  MESSAGE sip:bob@x',
  ]);
  const [cut] = recordLines(record, { full: false, colour: false, columns: 60 });
  assert.equal(cut?.length, 60);
});

test('Heads and bodies are written below it, with escape sequences shown', () => {
  const lines = recordLines(record, { full: true, colour: false, columns: 120 });
  assert.deepEqual(lines.slice(1), [
    '    MESSAGE sip:bob@x SIP/2.0',
    String.raw`    Subject: \x1b]0;x\x07\x9b1A`,
    '',
    String.raw`    a\x1b]0;x\x07\x9b1A`,
    '    b',
    '',
  ]);
});
