import { width } from './space.ts';
import type { Boxes, Root } from './space.ts';

/** A region all of whose packets one match of each list decides; -1 where a list decides nothing. */
export type Leaf = (low: Int32Array, high: Int32Array, first: number, second: number) => void;

/** Boxes looked at to choose a cut; more cost more than they find. */
const sampled = 48;

interface Cut {
  readonly field: number;
  readonly at: number;
}

const all = (boxes: Boxes): Int32Array => Int32Array.from({ length: boxes.count }, (_, n) => n);

/**
 * Cuts the roots into disjoint regions that together are all of them, each decided by one match
 * of either list: the first in the list that takes its packets. Regions are halved where the fewest
 * boxes are cut in two; a box that covers a region hides all later ones there, so lists shrink fast.
 * Exact, whatever the lists are.
 */
export function partition(roots: readonly Root[], first: Boxes, second: Boxes, leaf: Leaf): void {
  for (const { low, high } of roots) {
    const start = [within(first, all(first), low, high), within(second, all(second), low, high)];
    divide(low, high, start[0] ?? new Int32Array(0), start[1] ?? new Int32Array(0));
  }

  function divide(low: Int32Array, high: Int32Array, a: Int32Array, b: Int32Array): void {
    const openA = isOpen(first, a, low, high);
    const openB = isOpen(second, b, low, high);
    if (!openA && !openB) {
      leaf(low, high, first.owner[a[0] ?? -1] ?? -1, second.owner[b[0] ?? -1] ?? -1);
      return;
    }
    const { field, at } = bestCut(low, high, openA ? a : undefined, openB ? b : undefined);
    const middleHigh = high.slice();
    middleHigh[field] = at;
    divide(low, middleHigh, within(first, a, low, middleHigh), within(second, b, low, middleHigh));
    const middleLow = low.slice();
    middleLow[field] = at;
    divide(middleLow, high, within(first, a, middleLow, high), within(second, b, middleLow, high));
  }

  /** The cut that leaves the least: every edge of a few boxes' median, and the first box's edges. */
  function bestCut(
    low: Int32Array,
    high: Int32Array,
    a: Int32Array | undefined,
    b: Int32Array | undefined,
  ): Cut {
    const samples = [
      ...(a === undefined ? [] : sample(first, a)),
      ...(b === undefined ? [] : sample(second, b)),
    ];
    let best: Cut = { field: 0, at: 0 };
    let least = Infinity;
    for (let field = 0; field < width; field += 1) {
      const from = low[field] ?? 0;
      const until = high[field] ?? 0;
      if (until - from < 2) continue;
      const edges: number[] = [];
      for (const { boxes, box } of samples) {
        for (const edge of [
          boxes.low[box * width + field] ?? 0,
          boxes.high[box * width + field] ?? 0,
        ]) {
          if (from < edge && edge < until) edges.push(edge);
        }
      }
      if (edges.length === 0) continue;
      edges.sort((x, y) => x - y);
      const at = edges[edges.length >> 1] ?? 0;
      let left = 0;
      let right = 0;
      for (const { boxes, box } of samples) {
        if ((boxes.low[box * width + field] ?? 0) < at) left += 1;
        if ((boxes.high[box * width + field] ?? 0) > at) right += 1;
      }
      const cost = left * left + right * right;
      if (cost < least) {
        least = cost;
        best = { field, at };
      }
    }
    return best;
  }
}

function sample(boxes: Boxes, list: Int32Array): { boxes: Boxes; box: number }[] {
  const step = Math.max(1, Math.floor(list.length / sampled));
  const chosen: { boxes: Boxes; box: number }[] = [];
  for (let index = 0; index < list.length; index += step) {
    chosen.push({ boxes, box: list[index] ?? 0 });
  }
  return chosen;
}

/** True when the first box that is there does not cover the region: somebody has to cut. */
function isOpen(boxes: Boxes, list: Int32Array, low: Int32Array, high: Int32Array): boolean {
  const box = list[0];
  return box !== undefined && !covers(boxes, box, low, high);
}

function covers(boxes: Boxes, box: number, low: Int32Array, high: Int32Array): boolean {
  const base = box * width;
  for (let field = 0; field < width; field += 1) {
    if ((boxes.low[base + field] ?? 0) > (low[field] ?? 0)) return false;
    if ((boxes.high[base + field] ?? 0) < (high[field] ?? 0)) return false;
  }
  return true;
}

/** The boxes of the list that meet the region, up to the first that covers it. */
function within(boxes: Boxes, list: Int32Array, low: Int32Array, high: Int32Array): Int32Array {
  const kept = new Int32Array(list.length);
  let count = 0;
  outer: for (const box of list) {
    const base = box * width;
    let covering = true;
    for (let field = 0; field < width; field += 1) {
      const from = boxes.low[base + field] ?? 0;
      const until = boxes.high[base + field] ?? 0;
      const start = low[field] ?? 0;
      const end = high[field] ?? 0;
      if (from >= end || until <= start) continue outer;
      if (from > start || until < end) covering = false;
    }
    kept[count] = box;
    count += 1;
    if (covering) break;
  }
  return kept.slice(0, count);
}
