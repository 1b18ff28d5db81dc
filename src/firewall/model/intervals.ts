/** Values from `from` up to, not including, `until`. Only their order matters, so text works as well. */
export interface Interval<N extends bigint | number | string> {
  readonly from: N;
  readonly until: N;
}

/** Intervals in ascending order that neither overlap nor touch: equal sets are equal lists. */
export type IntervalSet<N extends bigint | number | string> = readonly Interval<N>[];

type Ordered = bigint | number | string;

const none: readonly never[] = [];

/** Puts intervals in order and joins what overlaps or touches; empty ones are left out. */
export function unionOf<N extends Ordered>(intervals: readonly Interval<N>[]): IntervalSet<N> {
  const sorted = intervals
    .filter(({ from, until }) => from < until)
    .toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const [first, ...rest] = sorted;
  if (first === undefined) return none;
  const joined: Interval<N>[] = [];
  let last = first;
  for (const next of rest) {
    if (next.from > last.until) {
      joined.push(last);
      last = next;
    } else if (next.until > last.until) last = { from: last.from, until: next.until };
  }
  joined.push(last);
  return joined;
}

/** What both sets have. */
export function intersectionOf<N extends Ordered>(
  a: IntervalSet<N>,
  b: IntervalSet<N>,
): IntervalSet<N> {
  if (a === b) return a;
  const common: Interval<N>[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const left = a[i];
    const right = b[j];
    if (left === undefined || right === undefined) return common;
    const from = left.from > right.from ? left.from : right.from;
    const until = left.until < right.until ? left.until : right.until;
    if (from < until) common.push({ from, until });
    if (left.until < right.until) i += 1;
    else j += 1;
  }
}

/** What the first set has and the second has not. */
export function differenceOf<N extends Ordered>(
  a: IntervalSet<N>,
  b: IntervalSet<N>,
): IntervalSet<N> {
  if (a === b) return none;
  const rest: Interval<N>[] = [];
  let j = 0;
  for (const { from, until } of a) {
    let start = from;
    for (let cut = b[j]; cut !== undefined && cut.from < until; cut = b[j]) {
      if (cut.from > start) rest.push({ from: start, until: cut.from });
      if (cut.until > start) start = cut.until;
      if (cut.until > until) break;
      j += 1;
    }
    if (start < until) rest.push({ from: start, until });
  }
  return rest;
}

/** True when every value of the first set is in the second. */
export function isWithin<N extends Ordered>(a: IntervalSet<N>, b: IntervalSet<N>): boolean {
  return a === b || differenceOf(a, b).length === 0;
}

/** True when both sets hold the same values. */
export function sameIntervals<N extends Ordered>(a: IntervalSet<N>, b: IntervalSet<N>): boolean {
  return (
    a === b ||
    (a.length === b.length &&
      a.every(({ from, until }, index) => from === b[index]?.from && until === b[index].until))
  );
}

/** True when the set holds the value. */
export function holds<N extends Ordered>(set: IntervalSet<N>, value: N): boolean {
  return set.some(({ from, until }) => from <= value && value < until);
}
