/** Two nodes as one number; there are never 2^26 of them. */
const pair = (a: number, b: number): number => a * 2 ** 26 + b;

/**
 * Reduced ordered binary decision diagrams (Bryant 1986): equal sets are the same number. Slow and
 * plain; the audit is held against it. Node 0 is false, node 1 is true.
 */
export class Diagrams {
  /** Bits of an assignment; bit 0 is asked first. */
  readonly bits: number;
  readonly #bit: number[];
  readonly #no: number[] = [0, 1];
  readonly #yes: number[] = [0, 1];
  /** Of every bit the nodes that ask it, by what they lead to. */
  readonly #nodes: readonly Map<number, number>[];
  readonly #ands = new Map<number, number>();
  readonly #nots = new Map<number, number>();

  constructor(bits: number) {
    this.bits = bits;
    this.#bit = [bits, bits];
    this.#nodes = Array.from({ length: bits }, () => new Map<number, number>());
  }

  #node(bit: number, no: number, yes: number): number {
    if (no === yes) return no;
    const key = pair(no, yes);
    const known = this.#nodes[bit]?.get(key);
    if (known !== undefined) return known;
    const node = this.#bit.push(bit) - 1;
    this.#no.push(no);
    this.#yes.push(yes);
    this.#nodes[bit]?.set(key, node);
    return node;
  }

  and(a: number, b: number): number {
    if (a === 0 || b === 0) return 0;
    if (a === 1 || a === b) return b;
    if (b === 1) return a;
    const [one, other] = a < b ? [a, b] : [b, a];
    const key = pair(one, other);
    const known = this.#ands.get(key);
    if (known !== undefined) return known;
    const bit = Math.min(this.#bit[one] ?? 0, this.#bit[other] ?? 0);
    const side = (node: number, sides: readonly number[]): number =>
      this.#bit[node] === bit ? (sides[node] ?? 0) : node;
    const result = this.#node(
      bit,
      this.and(side(one, this.#no), side(other, this.#no)),
      this.and(side(one, this.#yes), side(other, this.#yes)),
    );
    this.#ands.set(key, result);
    return result;
  }

  not(a: number): number {
    if (a < 2) return 1 - a;
    const known = this.#nots.get(a);
    if (known !== undefined) return known;
    const result = this.#node(
      this.#bit[a] ?? 0,
      this.not(this.#no[a] ?? 0),
      this.not(this.#yes[a] ?? 0),
    );
    this.#nots.set(a, result);
    return result;
  }

  or(a: number, b: number): number {
    return this.not(this.and(this.not(a), this.not(b)));
  }

  /** The assignments whose bits from `first` on, `length` of them, are a number below `end`. */
  below(end: bigint, first: number, length: number): number {
    if (end <= 0n) return 0;
    if (end >= 1n << BigInt(length)) return 1;
    const half = 1n << BigInt(length - 1);
    return end <= half
      ? this.#node(first, this.below(end, first + 1, length - 1), 0)
      : this.#node(first, 1, this.below(end - half, first + 1, length - 1));
  }
}
