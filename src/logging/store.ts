import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '#base';
import type { SearchCriteria } from './criteria.ts';
import { compareRecords, type LogRecord } from './record.ts';
import {
  lastPosition,
  sealAbandoned,
  SegmentReader,
  SegmentWriter,
  type SegmentPosition,
} from './segment.ts';

/** How large the store may grow and how it is cut. */
export interface StoreLimits {
  /** Bytes of all segments of a host together. */
  readonly totalBytes: number;
  /** Milliseconds a sealed segment is kept. */
  readonly age: number;
  /** Bytes after which a segment is sealed and the next begun. */
  readonly segmentBytes: number;
  /** Milliseconds after which a segment is sealed. */
  readonly segmentAge: number;
}

/** 1 GiB and 14 days a host, as the reference's 14 days; segments of 32 MiB or one hour. */
export const defaultStoreLimits: StoreLimits = {
  totalBytes: 1024 ** 3,
  age: 14 * 24 * 60 * 60 * 1000,
  segmentBytes: 32 * 1024 ** 2,
  segmentAge: 60 * 60 * 1000,
};

/** One segment file, known by its name `<start>-<pid>.sqlite`. */
export interface SegmentFile {
  readonly name: string;
  readonly startedAt: number;
  readonly writer: string;
  /** Bytes with its side files. */
  readonly bytes: number;
}

/** What the status page says about a store. */
export interface StoreStatus {
  readonly segments: number;
  readonly bytes: number;
  /** Milliseconds since the epoch; null when the store is empty. */
  readonly oldest: number | null;
}

/** Per segment name, how far a follower has read. */
export type Positions = Readonly<Record<string, SegmentPosition>>;

const segmentName = /^(\d{13,16})-(\d{1,10})\.sqlite$/;

/** The segments of a host's directory, oldest first; an absent directory has none. */
export function listSegments(directory: string): SegmentFile[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory);
  const found: SegmentFile[] = [];
  for (const name of names) {
    const parts = segmentName.exec(name);
    if (parts === null) continue;
    const bytes = [name, `${name}-wal`, `${name}-shm`].reduce(
      (sum, file) => sum + (statSync(join(directory, file), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
    found.push({ name, startedAt: Number(parts[1]), writer: parts[2] ?? '', bytes });
  }
  return found.toSorted((a, b) => a.startedAt - b.startedAt || (a.name < b.name ? -1 : 1));
}

function isRunning(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * The records of one host on disk: `<directory>/<start>-<pid>.sqlite`, appended by several processes,
 * each to its own file, sealed by size or age and deleted whole. Synchronous; lives in a thread of
 * its own (`StoreThread`). Failures are thrown as they come from the system or SQLite.
 */
export class Store {
  readonly #directory: string;
  readonly #host: string;
  readonly #limits: StoreLimits;
  readonly #now: () => number;
  readonly writer = String(process.pid);
  /** Where segments end that nobody writes any more: followers ask four times a second. */
  readonly #ends = new Map<string, SegmentPosition>();
  #open: SegmentWriter | undefined;

  constructor(options: {
    readonly directory: string;
    readonly host: string;
    readonly limits: StoreLimits;
    readonly now: () => number;
  }) {
    this.#directory = options.directory;
    this.#host = options.host;
    this.#limits = options.limits;
    this.#now = options.now;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    chmodSync(this.#directory, 0o700);
    this.#sealAbandoned();
    this.retain();
  }

  /** Appends a batch, all or nothing, and rolls and retires segments when it is time. */
  append(records: readonly LogRecord[]): void {
    if (records.length === 0) return;
    const now = this.#now();
    const open = this.#open;
    if (
      open !== undefined &&
      (open.bytes >= this.#limits.segmentBytes || now - open.startedAt >= this.#limits.segmentAge)
    ) {
      this.#seal();
      this.retain();
    }
    this.#open ??= this.#begin(Math.min(now, records[0]?.at ?? now));
    this.#open.append(records);
  }

  /** Starts a search; read it with `next`, end it with `close`. */
  search(criteria: SearchCriteria, after: Positions = {}): StoreSearch {
    const files = listSegments(this.#directory).filter(
      ({ name, startedAt }) =>
        // A segment holds nothing from before its start, and nothing new once it is sealed.
        (criteria.until === undefined || startedAt < criteria.until) &&
        (after[name] ?? -1) < (this.#ends.get(name) ?? Infinity),
    );
    return new StoreSearch(this.#directory, this.#host, files, criteria, after);
  }

  /** Where every segment ends now: what a follower starts from. */
  positions(): Positions {
    const files = listSegments(this.#directory);
    const names = new Set(files.map(({ name }) => name));
    for (const name of this.#ends.keys()) if (!names.has(name)) this.#ends.delete(name);
    return Object.fromEntries(files.map((file) => [file.name, this.#endOf(file, files)]));
  }

  flush(): void {
    this.#open?.flush();
  }

  status(): StoreStatus {
    const files = listSegments(this.#directory);
    return {
      segments: files.length,
      bytes: files.reduce((sum, file) => sum + file.bytes, 0),
      oldest: files[0]?.startedAt ?? null,
    };
  }

  /** Deletes whole segments, oldest first, that are too old or too much; never one being written. */
  retain(): void {
    const files = listSegments(this.#directory);
    let total = files.reduce((sum, file) => sum + file.bytes, 0);
    const oldestKept = this.#now() - this.#limits.age;
    for (const [index, file] of files.entries()) {
      const endedAt = files
        .slice(index + 1)
        .find((other) => other.writer === file.writer)?.startedAt;
      const tooOld = (endedAt ?? file.startedAt) < oldestKept;
      if (!tooOld && total <= this.#limits.totalBytes) continue;
      if (this.#isBeingWritten(file, files)) continue;
      for (const suffix of ['', '-wal', '-shm']) {
        rmSync(join(this.#directory, file.name + suffix), { force: true });
      }
      total -= file.bytes;
    }
  }

  close(): void {
    this.#seal();
  }

  #begin(startedAt: number): SegmentWriter {
    let start = Math.floor(startedAt);
    while (existsSync(join(this.#directory, `${start}-${this.writer}.sqlite`))) start += 1;
    return new SegmentWriter(join(this.#directory, `${start}-${this.writer}.sqlite`), start);
  }

  #seal(): void {
    const open = this.#open;
    this.#open = undefined;
    open?.seal();
  }

  #endOf(file: SegmentFile, files: readonly SegmentFile[]): SegmentPosition {
    const known = this.#ends.get(file.name);
    if (known !== undefined) return known;
    // Asked first: what is sealed meanwhile may have grown meanwhile.
    const sealed = !this.#isBeingWritten(file, files);
    const end = endOfSegment(join(this.#directory, file.name));
    if (sealed) this.#ends.set(file.name, end);
    return end;
  }

  /** The newest segment of a process that still runs may be open. */
  #isBeingWritten(file: SegmentFile, files: readonly SegmentFile[]): boolean {
    const newest = files.findLast((other) => other.writer === file.writer);
    if (newest?.name !== file.name) return false;
    if (file.writer === this.writer) return this.#open?.path.endsWith(file.name) === true;
    return isRunning(file.writer);
  }

  /** Seals what dead processes left open: a log file left behind shows it. */
  #sealAbandoned(): void {
    const files = listSegments(this.#directory);
    for (const file of files) {
      const path = join(this.#directory, file.name);
      if (this.#isBeingWritten(file, files) || !existsSync(`${path}-wal`)) continue;
      try {
        sealAbandoned(path);
      } catch {
        // Damaged by the crash that left it: searches name it, retention removes it.
      }
    }
  }
}

/** What cannot be read has no end to wait for: searches name it. */
function endOfSegment(path: string): SegmentPosition {
  try {
    return lastPosition(path);
  } catch {
    return 0;
  }
}

/** One search over all segments of a host, oldest record first. */
export class StoreSearch {
  readonly #directory: string;
  readonly #host: string;
  readonly #limit: number;
  readonly #criteria: SearchCriteria;
  readonly #after: Positions;
  readonly #waiting: SegmentFile[];
  readonly #reading: { file: SegmentFile; reader: SegmentReader }[] = [];
  readonly #positions: Record<string, SegmentPosition>;
  readonly #damaged: string[] = [];
  #found = 0;
  #truncated = false;

  constructor(
    directory: string,
    host: string,
    files: readonly SegmentFile[],
    criteria: SearchCriteria,
    after: Positions,
  ) {
    this.#directory = directory;
    this.#host = host;
    this.#criteria = criteria;
    this.#limit = criteria.limit;
    this.#after = after;
    this.#positions = { ...after };
    this.#waiting = [...files];
  }

  /** Segments that could not be read, with the reason. */
  get damaged(): readonly string[] {
    return this.#damaged;
  }

  /** True when the limit ended the search. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** How far this search has read; a later search starts after it. */
  get positions(): Positions {
    return this.#positions;
  }

  /** Up to `count` further records, fewer after `milliseconds`; `done` when there are no more. */
  next(count: number, milliseconds: number): { records: LogRecord[]; done: boolean } {
    const records: LogRecord[] = [];
    const deadline = performance.now() + milliseconds;
    while (records.length < count && performance.now() < deadline) {
      if (!this.#openDue(deadline)) break;
      const record = this.#take();
      if (record === undefined) return { records, done: true };
      if (this.#found === this.#limit) {
        this.#truncated = true;
        this.close();
        return { records, done: true };
      }
      this.#found += 1;
      records.push(record);
    }
    return { records, done: false };
  }

  close(): void {
    for (const { reader } of this.#reading.splice(0)) reader.close();
    this.#waiting.length = 0;
  }

  /**
   * Opens the segments whose time has come, so that a search holds few files; false when the
   * deadline came first. Opening one reads it up to its first match: all of it where there is none.
   */
  #openDue(deadline: number): boolean {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const first = this.#first()?.reader.next;
      if (first !== undefined && next.startedAt > first.at) break;
      if (performance.now() >= deadline) return false;
      this.#waiting.shift();
      this.#begin(next);
    }
    return true;
  }

  #take(): LogRecord | undefined {
    const first = this.#first();
    const taken = first?.reader.take();
    if (first === undefined || taken === undefined) return undefined;
    this.#positions[first.file.name] = Math.max(taken.id, this.#positions[first.file.name] ?? 0);
    if (first.reader.next === undefined) {
      first.reader.close();
      this.#reading.splice(this.#reading.indexOf(first), 1);
    }
    return taken.record;
  }

  #first(): { file: SegmentFile; reader: SegmentReader } | undefined {
    let first: { file: SegmentFile; reader: SegmentReader } | undefined;
    for (const candidate of this.#reading) {
      const { next } = candidate.reader;
      if (next === undefined) continue;
      const best = first?.reader.next;
      if (best === undefined || compareRecords(next, best) < 0) first = candidate;
    }
    return first;
  }

  #begin(file: SegmentFile): void {
    try {
      const reader = new SegmentReader(
        join(this.#directory, file.name),
        { host: this.#host, writer: file.writer },
        this.#criteria,
        this.#after[file.name],
      );
      if (reader.next === undefined) reader.close();
      else this.#reading.push({ file, reader });
    } catch (error) {
      // Retired between listing and opening is no damage.
      if (existsSync(join(this.#directory, file.name))) {
        this.#damaged.push(`${file.name}: ${messageOf(error)}`);
      }
    }
  }
}
