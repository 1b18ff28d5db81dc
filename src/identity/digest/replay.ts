/** How far behind the highest count a late one may come: parallel requests overtake each other. */
const window = 32;

interface Counts {
  highest: number;
  /** Bit i: count `highest - i` was used. */
  used: number;
}

/**
 * Which nonce counts were used (RFC 7616 3.4.5). Bounded: above `capacity` nonces the oldest are
 * forgotten — and only nonces that came with a right password get in, so a stranger cannot flush it.
 * Each host keeps its own (`NonceCounts`): a request replayed to another member of the pool is stopped by
 * the transaction it belongs to and by TLS, which no replay survives.
 */
export class ReplayGuard {
  readonly #capacity: number;
  /** Two halves: when the young one is full the old one is forgotten as a whole. */
  #young = new Map<string, Counts>();
  #old = new Map<string, Counts>();

  constructor(capacity = 50_000) {
    this.#capacity = capacity;
  }

  /** True the first time this count comes with this nonce; false again, or when it is too far behind. */
  accept(nonce: string, count: number): boolean {
    const known = this.#young.get(nonce) ?? this.#old.get(nonce);
    if (known === undefined) {
      if (this.#young.size >= Math.max(1, Math.floor(this.#capacity / 2))) {
        this.#old = this.#young;
        this.#young = new Map();
      }
      this.#young.set(nonce, { highest: count, used: 1 });
      return true;
    }
    const ahead = count - known.highest;
    if (ahead > 0) {
      known.used = ahead >= window ? 1 : ((known.used << ahead) | 1) >>> 0;
      known.highest = count;
      return true;
    }
    if (-ahead >= window) return false;
    const bit = (1 << -ahead) >>> 0;
    if ((known.used & bit) !== 0) return false;
    known.used = (known.used | bit) >>> 0;
    return true;
  }

  /** Nonces remembered. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
