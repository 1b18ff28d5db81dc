import { UsherError } from '#base';

const units = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
]);

/** Reads `90s`, `15m`, `2h`, `1h30m`, `4d`; milliseconds, or undefined when it is none of these. */
function durationOf(text: string): number | undefined {
  if (!/^(?:\d{1,9}(?:ms|[smhdw]))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g)) {
    sum += Number(amount) * (units.get(unit ?? '') ?? Number.NaN);
  }
  return sum;
}

/** A duration in milliseconds. Throws `USHER_USAGE`: a number without a unit is never guessed at. */
export function parseDuration(text: string): number {
  const duration = durationOf(text);
  if (duration !== undefined) return duration;
  throw new UsherError('USHER_USAGE', `${text} is no duration.`, {
    remedy: 'Write a number and a unit: 90s, 15m, 2h, 1h30m, 4d.',
  });
}

const iso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)?(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * A point in time: `15m` means 15 minutes before `now`, `now` is now, anything else is ISO 8601. A
 * time without a zone is UTC, as every time in the records is. Milliseconds since the epoch; throws
 * `USHER_USAGE`.
 */
export function parseTime(text: string, now: number): number {
  if (text === 'now') return now;
  const ago = durationOf(text);
  if (ago !== undefined) return now - ago;
  const match = iso.exec(text);
  if (match !== null) {
    const dated = text.replace(' ', 'T');
    const time = Date.parse(match[1] === undefined && dated.includes('T') ? `${dated}Z` : dated);
    if (!Number.isNaN(time)) return time;
  }
  throw new UsherError('USHER_USAGE', `${text} is no time.`, {
    remedy: 'Write 15m or 2h (that long ago), or 2026-11-22T13:00:00Z; without a zone it is UTC.',
  });
}
