import { levelRank, levels } from './level.ts';
import { recordKinds, type Observation } from './record.ts';

/*
 * Observations on their way to the store's thread: written one after the other into blocks of bytes
 * that change hands whole. Nothing of a message stays on the heap of the process that serves SIP, and
 * nothing is copied object by object.
 */

/** Some observations as bytes, in order. */
export interface Batch {
  readonly count: number;
  /** Each an allocation of its own, so that it can be transferred. */
  readonly blocks: readonly Uint8Array<ArrayBuffer>[];
}

/** Bytes of a block; an observation that is longer has one of its own. */
const blockSize = 64 * 1024;

/*
 * An entry: time (f64), sequence (f64), length of the body on the wire (f64), kind, level, direction,
 * whether a body follows (u8 each), lengths of the four names (u16 each), of head and of the kept body
 * (u32 each); then all of these, a byte a character.
 */
const fixedSize = 8 * 3 + 4 + 2 * 4 + 4 * 2;
const longestName = 0xffff;

/** Collects observations until they are taken. */
export class BatchWriter {
  #full: Uint8Array<ArrayBuffer>[] = [];
  #block: Buffer<ArrayBuffer> | undefined;
  #used = 0;
  #count = 0;
  #bytes = 0;

  /** Observations collected. */
  get count(): number {
    return this.#count;
  }

  /** Bytes they take up. */
  get bytes(): number {
    return this.#bytes;
  }

  add(seen: Observation): void {
    const body = seen.body?.length ?? 0;
    const names = [seen.local, seen.remote, seen.peer, seen.label];
    let size = fixedSize + seen.head.length + body;
    for (const name of names) size += Math.min(name.length, longestName);
    const block = this.#room(size);
    let at = this.#used;
    at = block.writeDoubleLE(seen.at, at);
    at = block.writeDoubleLE(seen.sequence, at);
    at = block.writeDoubleLE(seen.bodyLength, at);
    block[at] = recordKinds.indexOf(seen.kind);
    block[at + 1] = levelRank(seen.level);
    block[at + 2] = seen.direction === 'out' ? 1 : 0;
    block[at + 3] = seen.body === undefined ? 0 : 1;
    at += 4;
    for (const name of names) at = block.writeUInt16LE(Math.min(name.length, longestName), at);
    at = block.writeUInt32LE(seen.head.length, at);
    at = block.writeUInt32LE(body, at);
    for (const name of names)
      at += block.write(name, at, Math.min(name.length, longestName), 'latin1');
    at += block.write(seen.head, at, seen.head.length, 'latin1');
    if (seen.body !== undefined) block.set(seen.body, at);
    this.#used += size;
    this.#bytes += size;
    this.#count += 1;
  }

  /** Everything collected; the writer begins anew. */
  take(): Batch {
    this.#close();
    const batch = { count: this.#count, blocks: this.#full };
    this.#full = [];
    this.#count = 0;
    this.#bytes = 0;
    return batch;
  }

  #room(size: number): Buffer<ArrayBuffer> {
    const block = this.#block;
    if (block !== undefined && this.#used + size <= block.length) return block;
    this.#close();
    // Never from the pool: a block must be alone in its memory to be given away.
    this.#block = Buffer.allocUnsafeSlow(Math.max(blockSize, size));
    return this.#block;
  }

  #close(): void {
    if (this.#block !== undefined) this.#full.push(this.#block.subarray(0, this.#used));
    this.#block = undefined;
    this.#used = 0;
  }
}

/** The observations of a batch, in order. */
export function readBatch({ blocks }: Batch): Observation[] {
  const found: Observation[] = [];
  for (const { buffer, byteOffset, byteLength } of blocks) {
    const block = Buffer.from(buffer, byteOffset, byteLength);
    for (let at = 0; at < block.length;) at = readEntry(block, at, found);
  }
  return found;
}

/** Appends the observation that begins at `start`; returns where it ends. */
function readEntry(block: Buffer, start: number, found: Observation[]): number {
  const flags = start + 24;
  const lengths = flags + 4;
  let at = start + fixedSize;
  const text = (length: number): string => {
    const value = block.toString('latin1', at, at + length);
    at += length;
    return value;
  };
  const local = text(block.readUInt16LE(lengths));
  const remote = text(block.readUInt16LE(lengths + 2));
  const peer = text(block.readUInt16LE(lengths + 4));
  const label = text(block.readUInt16LE(lengths + 6));
  const head = text(block.readUInt32LE(lengths + 8));
  const end = at + block.readUInt32LE(lengths + 12);
  found.push({
    kind: recordKinds[block[flags] ?? 0] ?? 'fault',
    level: levels[block[flags + 1] ?? 0] ?? 'Info',
    at: block.readDoubleLE(start),
    sequence: block.readDoubleLE(start + 8),
    direction: block[flags + 2] === 1 ? 'out' : 'in',
    local,
    remote,
    peer,
    label,
    head,
    bodyLength: block.readDoubleLE(start + 16),
    body: block[flags + 3] === 1 ? block.subarray(at, end) : undefined,
  });
  return end;
}
