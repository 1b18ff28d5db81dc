import type { DigestAlgorithm, UsernameForm } from './verifier.ts';
import type { User, Verifiers } from './user.ts';

/** The texts of a record, in their order: 16 bits of length each at its beginning. */
const textCount = 6;
/** Bytes ahead of the texts: the lengths, 16 bits of the pool's number, one byte whether enabled. */
const headBytes = 2 * textCount + 3;
const longestText = 0xffff;
/** Pools that can be told apart; no deployment has as many. */
const mostPools = 0x1_0000;

const firstSlots = 1024;
const firstBytes = 65_536;

/** Which text a verifier is; 0 is the address, 5 the display name. */
const textOf = {
  'SHA-256': { local: 1, aor: 2 },
  MD5: { local: 3, aor: 4 },
} as const satisfies Record<DigestAlgorithm, Record<UsernameForm, number>>;
const displayText = 5;

/**
 * Users in memory, found by their address. A hundred thousand as objects are a million objects: every
 * look-up waits for half a dozen of them to come from main memory, and every collection goes through them
 * all. Here a user is a few lines of one buffer, found by one line of another, and a collection passes it by.
 */
export class UserTable {
  /** By hash, open addressing: the hash, and where the record begins plus 1 (0: free). At most half full. */
  #slots = new Int32Array(2 * firstSlots);
  #records = Buffer.allocUnsafeSlow(firstBytes);
  #end = 0;
  #size = 0;
  #pools: string[] = [];
  readonly #poolNumbers = new Map<string, number>();

  get size(): number {
    return this.#size;
  }

  /** The user of this very address; undefined when none is kept. */
  find(aor: string): StoredUser | undefined {
    const at = (this.#slots[this.#slotOf(aor, hashOf(aor)) + 1] ?? 0) - 1;
    if (at < 0) return undefined;
    return new StoredUser(this.#records, at, this.#pools[poolAt(this.#records, at)] ?? '');
  }

  /**
   * Keeps a user who is not kept yet. False, and nothing is changed, when the record has no place for it: an
   * address beyond Latin-1, a text of more than 65,535 bytes.
   */
  add(user: User, verifiers: Verifiers): boolean {
    const pool = this.#numberOf(user.homePool);
    const hash = hashOf(user.aor);
    const slot = this.#slotOf(user.aor, hash);
    if (pool === undefined || this.#slots[slot + 1] !== 0) return false;
    const texts = [
      Buffer.from(user.aor, 'latin1'),
      ...(['SHA-256', 'MD5'] as const).flatMap((algorithm) =>
        (['local', 'aor'] as const).map((form) =>
          Buffer.from(verifiers[algorithm]?.[form] ?? '', 'latin1'),
        ),
      ),
      Buffer.from(user.displayName, 'utf8'),
    ];
    const sound = texts[0]?.toString('latin1') === user.aor;
    if (!sound || texts.some(({ length }) => length > longestText)) return false;
    this.#slots[slot] = hash;
    this.#slots[slot + 1] = this.#append(texts, pool, user.enabled) + 1;
    this.#size += 1;
    if (4 * this.#size > this.#slots.length) this.#widen();
    return true;
  }

  /** Forgets everybody; users handed out before stay as they were. */
  clear(): void {
    this.#slots = new Int32Array(2 * firstSlots);
    this.#records = Buffer.allocUnsafeSlow(firstBytes);
    this.#end = 0;
    this.#size = 0;
    this.#pools = [];
    this.#poolNumbers.clear();
  }

  /** Index of the slot of this address, or of the free one where it belongs. */
  #slotOf(aor: string, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = (2 * hash) & mask; ; slot = (slot + 2) & mask) {
      const at = (slots[slot + 1] ?? 0) - 1;
      if (at < 0 || (slots[slot] === hash && spells(this.#records, at, aor))) return slot;
    }
  }

  #append(texts: readonly Buffer[], pool: number, enabled: boolean): number {
    const at = this.#end;
    const end = texts.reduce((sum, { length }) => sum + length, at + headBytes);
    if (end > this.#records.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.#records.length));
      this.#records.copy(larger, 0, 0, at);
      this.#records = larger;
    }
    const records = this.#records;
    let next = at + headBytes;
    for (const [index, text] of texts.entries()) {
      records.writeUInt16LE(text.length, at + 2 * index);
      next += text.copy(records, next);
    }
    records.writeUInt16LE(pool, at + 2 * textCount);
    records[at + headBytes - 1] = enabled ? 1 : 0;
    this.#end = end;
    return at;
  }

  #widen(): void {
    const old = this.#slots;
    const slots = new Int32Array(2 * old.length);
    const mask = slots.length - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      const hash = old[from] ?? 0;
      let slot = (2 * hash) & mask;
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
      slots[slot] = hash;
      slots[slot + 1] = old[from + 1] ?? 0;
    }
    this.#slots = slots;
  }

  #numberOf(pool: string): number | undefined {
    const known = this.#poolNumbers.get(pool);
    if (known !== undefined || this.#pools.length >= mostPools) return known;
    this.#poolNumbers.set(pool, this.#pools.length);
    return this.#pools.push(pool) - 1;
  }
}

/** A user of the table; texts are made when they are asked for. */
export class StoredUser implements User {
  readonly homePool: string;
  readonly enabled: boolean;
  readonly #records: Buffer;
  readonly #at: number;

  /** For `UserTable` only. */
  constructor(records: Buffer, at: number, homePool: string) {
    this.homePool = homePool;
    this.enabled = records[at + headBytes - 1] === 1;
    this.#records = records;
    this.#at = at;
  }

  get aor(): string {
    return this.#text(0, 'latin1') ?? '';
  }

  get displayName(): string {
    return this.#text(displayText, 'utf8') ?? '';
  }

  /** The HA1 for this algorithm and form; undefined when there is none. */
  verifier(algorithm: DigestAlgorithm, form: UsernameForm): string | undefined {
    return this.#text(textOf[algorithm][form], 'latin1');
  }

  #text(index: number, encoding: 'latin1' | 'utf8'): string | undefined {
    let start = this.#at + headBytes;
    for (let before = 0; before < index; before += 1)
      start += lengthAt(this.#records, this.#at, before);
    const length = lengthAt(this.#records, this.#at, index);
    return length === 0 ? undefined : this.#records.toString(encoding, start, start + length);
  }
}

function lengthAt(records: Buffer, at: number, index: number): number {
  return (records[at + 2 * index] ?? 0) | ((records[at + 2 * index + 1] ?? 0) << 8);
}

function poolAt(records: Buffer, at: number): number {
  return lengthAt(records, at, textCount);
}

/** Whether the address of the record is this one. */
function spells(records: Buffer, at: number, aor: string): boolean {
  if (lengthAt(records, at, 0) !== aor.length) return false;
  const start = at + headBytes;
  for (let i = 0; i < aor.length; i++) {
    if (records[start + i] !== aor.charCodeAt(i)) return false;
  }
  return true;
}

/**
 * FNV-1a, its high bits folded in. Strangers may choose what is looked up, but not what is kept: nobody can
 * make others' ways longer.
 */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return hash ^ (hash >>> 15);
}
