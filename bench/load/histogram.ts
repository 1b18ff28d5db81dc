/** Sub-buckets of every power of two: values are kept to about 3 %. */
const fine = 32;
const buckets = (32 - 5) * fine;

/** A histogram of latencies in whole microseconds, up to half an hour, in constant memory. */
export class Histogram {
  readonly counts: Float64Array;
  #total = 0;
  #highest = 0;

  /** `counts` of another histogram, to go on from there. */
  constructor(counts: ArrayLike<number> = new Float64Array(buckets)) {
    this.counts = Float64Array.from(counts);
    for (const [index, count] of this.counts.entries()) {
      this.#total += count;
      if (count > 0) this.#highest = valueOf(index);
    }
  }

  get total(): number {
    return this.#total;
  }

  /** The highest value recorded, to 3 % once it has been merged. */
  get highest(): number {
    return this.#highest;
  }

  record(microseconds: number): void {
    const value = microseconds < 0 ? 0 : Math.trunc(microseconds) | 0;
    const index = indexOf(value);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.#total += 1;
    if (value > this.#highest) this.#highest = value;
  }

  merge(other: Histogram): void {
    for (const [index, count] of other.counts.entries()) {
      this.counts[index] = (this.counts[index] ?? 0) + count;
    }
    this.#total += other.total;
    this.#highest = Math.max(this.#highest, other.highest);
  }

  /** The value this share (0 to 1) of all values does not exceed, in microseconds; 0 when empty. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.#total * share));
    let seen = 0;
    for (const [index, count] of this.counts.entries()) {
      seen += count;
      if (seen >= wanted) return Math.min(valueOf(index), this.#highest);
    }
    return this.#highest;
  }
}

function indexOf(value: number): number {
  if (value < fine) return value;
  const exponent = 31 - Math.clz32(value);
  const index = (exponent - 4) * fine + ((value >>> (exponent - 5)) & (fine - 1));
  return Math.min(index, buckets - 1);
}

/** The lowest value of a bucket. */
function valueOf(index: number): number {
  if (index < fine) return index;
  const exponent = Math.trunc(index / fine) + 4;
  return (fine + (index % fine)) * 2 ** (exponent - 5);
}
