import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, parseTime } from './time.ts';

const now = Date.UTC(2026, 10, 22, 13);

test('Durations have a unit', () => {
  assert.equal(parseDuration('90s'), 90_000);
  assert.equal(parseDuration('1h30m'), 5_400_000);
  assert.equal(parseDuration('250ms'), 250);
  for (const text of ['90', '', 'h', '-1h', '1 h', '1y']) {
    assert.throws(() => parseDuration(text), { code: 'USHER_USAGE' }, text);
  }
});

test('Times are relative to now or ISO, and UTC unless they name a zone', () => {
  assert.equal(parseTime('15m', now), now - 900_000);
  assert.equal(parseTime('now', now), now);
  assert.equal(parseTime('2026-11-22T13:00', now), now);
  assert.equal(parseTime('2026-11-22 13:00:00', now), now);
  assert.equal(parseTime('2026-11-22T14:00:00+01:00', now), now);
  assert.equal(parseTime('2026-11-22', now), Date.UTC(2026, 10, 22));
  for (const text of ['yesterday', '2026-13-01', '13:00', '1700000000']) {
    assert.throws(() => parseTime(text, now), { code: 'USHER_USAGE' }, text);
  }
});
