import { partition } from './partition.ts';
import { width } from './space.ts';
import type { Boxes } from './space.ts';

/**
 * Finds the earlier boxes that hide a box. They are looked up by the field that tells most: sorted by
 * their low ends, as a tree whose nodes know the highest end below them.
 */
export class Blockers {
  readonly #boxes: Boxes;
  readonly #field: number;
  /** The boxes by their low ends, and those ends. */
  readonly #sorted: Int32Array;
  readonly #lows: Int32Array;
  readonly #highs: Int32Array;
  readonly #highest: Int32Array;

  constructor(boxes: Boxes) {
    const { low, high, count } = boxes;
    this.#boxes = boxes;
    const field = tellingField(boxes);
    this.#field = field;
    const lowOf = (box: number): number => low[box * width + field] ?? 0;
    this.#sorted = Int32Array.from({ length: count }, (_, box) => box).toSorted(
      (a, b) => lowOf(a) - lowOf(b),
    );
    this.#lows = this.#sorted.map(lowOf);
    this.#highs = this.#sorted.map((box) => high[box * width + field] ?? 0);
    this.#highest = new Int32Array(count);
    this.#fill(0, count);
  }

  #fill(from: number, until: number): number {
    if (from >= until) return 0;
    const middle = (from + until) >> 1;
    const own = this.#highs[middle] ?? 0;
    const highest = Math.max(own, this.#fill(from, middle), this.#fill(middle + 1, until));
    this.#highest[middle] = highest;
    return highest;
  }

  /** The earlier boxes that meet this one; once one of them covers it, that one alone. */
  #meeting(box: number): readonly number[] {
    const { low, high } = this.#boxes;
    const at = box * width + this.#field;
    const [first, last] = [low[at] ?? 0, high[at] ?? 0];
    let found: number[] = [];
    let covered = false;
    const look = (other: number): void => {
      let covers = true;
      for (
        let field = 0, a = other * width, b = box * width;
        field < width;
        field += 1, a += 1, b += 1
      ) {
        const [from, until] = [low[a] ?? 0, high[a] ?? 0];
        const [begin, end] = [low[b] ?? 0, high[b] ?? 0];
        if (from >= end || until <= begin) return;
        if (from > begin || until < end) covers = false;
      }
      if (covers) found = [other];
      else found.push(other);
      covered = covers;
    };
    const visit = (from: number, until: number): void => {
      const middle = (from + until) >> 1;
      if (covered || from >= until || (this.#highest[middle] ?? 0) <= first) return;
      visit(from, middle);
      if (covered || (this.#lows[middle] ?? 0) >= last) return;
      const other = this.#sorted[middle] ?? 0;
      if (other < box && (this.#highs[middle] ?? 0) > first) look(other);
      visit(middle + 1, until);
    };
    visit(0, this.#sorted.length);
    return found;
  }

  /**
   * Earlier boxes that together cover a hidden one: a single one where there is one, else few, the
   * large ones first, none of which is covered by the larger ones.
   */
  of(box: number): readonly number[] {
    const meeting = this.#meeting(box);
    const sizes = new Map(meeting.map((other) => [other, this.#common(other, box)]));
    const largest = meeting.toSorted((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0));
    const needed = new Set<number>();
    partition([chosen(this.#boxes, [box])], [chosen(this.#boxes, largest)], {
      idle: () => false,
      leaf: (_low, _high, [decider = -1]) => {
        const other = largest[decider];
        if (other !== undefined) needed.add(other);
      },
    });
    return [...needed];
  }

  /** How much of a box another one takes, in ranks. */
  #common(other: number, box: number): number {
    const { low, high } = this.#boxes;
    let size = 1;
    for (
      let field = 0, a = other * width, b = box * width;
      field < width;
      field += 1, a += 1, b += 1
    ) {
      const until = Math.min(high[a] ?? 0, high[b] ?? 0);
      size *= until - Math.max(low[a] ?? 0, low[b] ?? 0);
    }
    return size;
  }
}

/** Some of the boxes, in this order. */
function chosen({ low, high, owner }: Boxes, list: readonly number[]): Boxes {
  const take = (all: Int32Array): Int32Array => {
    const part = new Int32Array(list.length * width);
    for (const [index, box] of list.entries()) {
      part.set(all.subarray(box * width, (box + 1) * width), index * width);
    }
    return part;
  };
  const owners = Int32Array.from(list, (box) => owner[box] ?? -1);
  return { low: take(low), high: take(high), owner: owners, count: list.length };
}

/** The field in which boxes are narrowest: the fewest others meet them there. */
function tellingField({ low, high, count }: Boxes): number {
  const spans = Array.from({ length: width }, () => 0);
  const ends = Array.from({ length: width }, () => 1);
  for (let index = 0; index < count * width; index += 1) {
    const field = index % width;
    spans[field] = (spans[field] ?? 0) + ((high[index] ?? 0) - (low[index] ?? 0));
    ends[field] = Math.max(ends[field] ?? 1, high[index] ?? 0);
  }
  const shares = spans.map((span, field) => span / (ends[field] ?? 1));
  return shares.indexOf(Math.min(...shares));
}
