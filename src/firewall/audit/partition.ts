import { width } from './space.ts';
import type { Boxes, Root } from './space.ts';

/** Part of the boxes of a list, in order: the elements `from` up to, not including, `until` of `boxes`. */
export interface Part {
  readonly boxes: Int32Array;
  readonly from: number;
  readonly until: number;
}

/** What a partition is made for. */
export interface Search {
  /**
   * How much of a list still matters in a region: the new end of the part. A box behind it decides
   * nothing that is looked for. Default: all of it.
   */
  readonly trim?: (part: Part) => number;
  /** True when a region these parts decide holds nothing that is looked for. */
  readonly idle: (parts: readonly Part[]) => boolean;
  /** Told of every cut, before either side is: first what is below this rank of the field, then the rest. */
  readonly cut?: (field: number, rank: number) => void;
  /**
   * A region all of whose packets one box of each list decides, -1 where a list decides nothing. The
   * arrays are changed after the call.
   */
  readonly leaf: (low: Int32Array, high: Int32Array, deciders: Int32Array) => void;
}

/** Boxes of each list looked at to choose a cut; more cost more than they find. */
const sampled = 16;

/** The boxes of one list that matter on the way down, one stretch behind the other. */
class Stack implements Part {
  readonly list: Boxes;
  boxes: Int32Array;
  from = 0;
  until = 0;

  constructor(list: Boxes) {
    this.list = list;
    this.boxes = new Int32Array(Math.max(64, list.count * 2));
  }

  /** Puts a box on top. */
  push(box: number): void {
    if (this.until === this.boxes.length) {
      const larger = new Int32Array(this.until * 2);
      larger.set(this.boxes);
      this.boxes = larger;
    }
    this.boxes[this.until] = box;
    this.until += 1;
  }

  /** The boxes below that meet the region, up to the first that covers it, become the part on top. */
  narrow(from: number, until: number, low: Int32Array, high: Int32Array): void {
    const { low: lows, high: highs } = this.list;
    this.from = this.until = until;
    outer: for (let index = from; index < until; index += 1) {
      const box = this.boxes[index] ?? 0;
      let covering = true;
      for (let field = 0, at = box * width; field < width; field += 1, at += 1) {
        const start = low[field] ?? 0;
        const end = high[field] ?? 0;
        const first = lows[at] ?? 0;
        const last = highs[at] ?? 0;
        if (first >= end || last <= start) continue outer;
        if (first > start || last < end) covering = false;
      }
      this.push(box);
      if (covering) return;
    }
  }

  /** True when the first box that is there does not cover the region: somebody has to cut. */
  isOpen(low: Int32Array, high: Int32Array): boolean {
    if (this.from === this.until) return false;
    const { low: lows, high: highs } = this.list;
    const base = (this.boxes[this.from] ?? 0) * width;
    for (let field = 0; field < width; field += 1) {
      if ((lows[base + field] ?? 0) > (low[field] ?? 0)) return true;
      if ((highs[base + field] ?? 0) < (high[field] ?? 0)) return true;
    }
    return false;
  }
}

/**
 * Cuts the roots into disjoint regions that together are all of them, each decided by one box of
 * every list: the first in the list that takes its packets. Regions are halved where the fewest
 * boxes are cut in two; a box that covers a region hides all later ones there, so lists shrink fast.
 * Regions `idle` names are left as they are. Exact, whatever the lists are.
 */
export function partition(roots: readonly Root[], lists: readonly Boxes[], search: Search): void {
  const stacks = lists.map((list) => new Stack(list));
  const deciders = new Int32Array(lists.length);
  const cutter = new Cutter();
  for (const root of roots) {
    const [low, high] = [root.low.slice(), root.high.slice()];
    for (const stack of stacks) {
      stack.from = stack.until = 0;
      for (let box = 0; box < stack.list.count; box += 1) stack.push(box);
      stack.narrow(0, stack.until, low, high);
    }
    divide(low, high);
  }

  /** Divides the region whose boxes are the parts on top of the stacks. */
  function divide(low: Int32Array, high: Int32Array): void {
    if (search.trim !== undefined) for (const stack of stacks) stack.until = search.trim(stack);
    if (search.idle(stacks)) return;
    const open = stacks.filter((stack) => stack.isOpen(low, high));
    if (open.length === 0) {
      for (const [index, { boxes, from, until }] of stacks.entries()) {
        deciders[index] = from === until ? -1 : (boxes[from] ?? -1);
      }
      search.leaf(low, high, deciders);
      return;
    }
    const { field, at } = cutter.best(low, high, open);
    search.cut?.(field, at);
    const [start, end] = [low[field] ?? 0, high[field] ?? 0];
    const parts = stacks.map(({ from, until }) => ({ from, until }));
    for (const half of [0, 1]) {
      if (half === 0) high[field] = at;
      else low[field] = at;
      for (const [index, { from, until }] of parts.entries()) {
        stacks[index]?.narrow(from, until, low, high);
      }
      divide(low, high);
      low[field] = start;
      high[field] = end;
    }
  }
}

/** Chooses where a region is cut: across the field, at the edge of a box, that leaves the least. */
class Cutter {
  readonly #edges: number[] = [];
  field = 0;
  at = 0;

  /** Tries of every field the edge in the middle of a few boxes; the first box is always one of them. */
  best(low: Int32Array, high: Int32Array, open: readonly Stack[]): Cutter {
    let least = Infinity;
    for (let field = 0; field < width; field += 1) {
      const [from, until] = [low[field] ?? 0, high[field] ?? 0];
      if (until - from < 2) continue;
      this.#edges.length = 0;
      for (const stack of open) this.#collect(stack, field, from, until);
      const edge = this.#edges[this.#edges.length >> 1];
      if (edge === undefined) continue;
      let cost = 0;
      for (const stack of open) cost += costOf(stack, field, edge);
      if (cost >= least) continue;
      least = cost;
      this.field = field;
      this.at = edge;
    }
    return this;
  }

  /** Edges inside the region, kept in order. */
  #collect({ list, boxes, from, until }: Stack, field: number, start: number, end: number): void {
    const step = Math.ceil((until - from) / sampled);
    for (let index = from; index < until; index += step) {
      const at = (boxes[index] ?? 0) * width + field;
      this.#insert(list.low[at] ?? 0, start, end);
      this.#insert(list.high[at] ?? 0, start, end);
    }
  }

  #insert(edge: number, start: number, end: number): void {
    if (edge <= start || edge >= end) return;
    const edges = this.#edges;
    let place = edges.length;
    edges.push(edge);
    for (; place > 0 && (edges[place - 1] ?? 0) > edge; place -= 1)
      edges[place] = edges[place - 1] ?? 0;
    edges[place] = edge;
  }
}

/** What is left to do on both sides of a cut, by the boxes looked at: each side pairs its boxes. */
function costOf({ list, boxes, from, until }: Stack, field: number, edge: number): number {
  const step = Math.ceil((until - from) / sampled);
  let [left, right] = [0, 0];
  for (let index = from; index < until; index += step) {
    const at = (boxes[index] ?? 0) * width + field;
    if ((list.low[at] ?? 0) < edge) left += 1;
    if ((list.high[at] ?? 0) > edge) right += 1;
  }
  return left * left + right * right;
}
