/** Something found by its key, at most one a key. */
export interface Keyed {
  readonly key: string;
  /** The next one of its bucket; owned by the table. */
  tableNext: Keyed | undefined;
}

/** Buckets of a new table; a power of two. */
const initialBuckets = 256;

/**
 * Transactions by key. They come and go by the hundred thousand while few are there at a time, which a
 * `Map` is bad at: each time its table fills up with removed entries it makes a new one that the old one
 * points to, so that whatever was there at that moment lives until the next full collection (under relayed
 * load a third of the bytes allocated grew old that way). Here a transaction is linked into its bucket itself.
 *
 * Not ordered. The hash is seeded, since peers choose their branches.
 */
export class KeyedTable<Item extends Keyed & { tableNext: Item | undefined }> {
  readonly #seed: number;
  #buckets: (Item | undefined)[] = emptyBuckets<Item>(initialBuckets);
  #size = 0;

  /** `seed`: 32 random bits. */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): Item | undefined {
    let item = this.#buckets[this.#bucketOf(key)];
    while (item !== undefined && item.key !== key) item = item.tableNext;
    return item;
  }

  /** The caller has looked that there is none with this key. */
  add(item: Item): void {
    if (this.#size >= this.#buckets.length) this.#grow();
    this.#link(item);
    this.#size += 1;
  }

  /** False when it is not there. */
  delete(item: Item): boolean {
    const bucket = this.#bucketOf(item.key);
    let previous: Item | undefined;
    let at = this.#buckets[bucket];
    while (at !== undefined && at !== item) {
      previous = at;
      at = at.tableNext;
    }
    if (at === undefined) return false;
    if (previous === undefined) this.#buckets[bucket] = item.tableNext;
    else previous.tableNext = item.tableNext;
    item.tableNext = undefined;
    this.#size -= 1;
    return true;
  }

  /** All of them, as they are now. */
  values(): Item[] {
    const items: Item[] = [];
    for (const first of this.#buckets) {
      for (let item = first; item !== undefined; item = item.tableNext) items.push(item);
    }
    return items;
  }

  #link(item: Item): void {
    const bucket = this.#bucketOf(item.key);
    item.tableNext = this.#buckets[bucket];
    this.#buckets[bucket] = item;
  }

  #grow(): void {
    const items = this.values();
    this.#buckets = emptyBuckets<Item>(this.#buckets.length * 4);
    for (const item of items) this.#link(item);
  }

  /** FNV-1a, finished so that every bit counts. */
  #bucketOf(key: string): number {
    let hash = this.#seed;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return (hash ^ (hash >>> 13)) & (this.#buckets.length - 1);
  }
}

function emptyBuckets<Item>(count: number): (Item | undefined)[] {
  return Array.from<Item | undefined>({ length: count });
}
