import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { ManualClock } from '#base';
import { connectionEvents } from '#sip';
import { logEvents } from './log-events.ts';

test('strangers who knock without end get twenty lines a second; the rest is counted in one', () => {
  const lines: string[] = [];
  const clock = new ManualClock(5_000);
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const knock = (): void =>
    connectionEvents.publish({
      at: clock.now(),
      kind: 'failed',
      label: 'rationing',
      local: undefined,
      remote: undefined,
      code: 'ECONNRESET',
      message: 'gone',
    });
  const stop = logEvents(log, clock);
  try {
    for (let count = 0; count < 25; count++) knock();
    assert.equal(lines.length, 20);
    clock.advance(1000);
    knock();
    assert.equal(lines.length, 22);
    assert.match(lines[20] ?? '', /"left":5/u);
    assert.match(lines[21] ?? '', /"label":"rationing"/u);
  } finally {
    stop();
  }
  knock();
  assert.equal(lines.length, 22);
});
