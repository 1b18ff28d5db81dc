import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { toSql } from './criteria-sql.ts';
import type { SearchCriteria } from './criteria.ts';
import { levelRank, levels } from './level.ts';
import { hostPart, recordKinds, type LogRecord } from './record.ts';

/* One file of the store: written by one process, sealed once, read by anybody, deleted whole. */

/**
 * What is the same for every record of a connection stands there once. `record` is what people and searches
 * ask; the join is to the left so that a search without an address goes through the entries in order.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS connection (
    id INTEGER PRIMARY KEY,
    local TEXT NOT NULL,
    local_ip TEXT NOT NULL,
    remote TEXT NOT NULL,
    remote_ip TEXT NOT NULL,
    peer TEXT NOT NULL,
    label TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    sequence INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    level INTEGER NOT NULL,
    direction TEXT NOT NULL,
    connection INTEGER NOT NULL,
    method TEXT NOT NULL,
    status INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    cseq INTEGER NOT NULL,
    sender TEXT NOT NULL,
    receiver TEXT NOT NULL,
    branch TEXT NOT NULL,
    size INTEGER NOT NULL,
    body_length INTEGER NOT NULL,
    head BLOB NOT NULL,
    body BLOB
  ) STRICT;
  CREATE VIEW IF NOT EXISTS record AS
    SELECT entry.id AS id, at, sequence, kind, level, direction, local, local_ip, remote, remote_ip, peer,
      label, method, status, call_id, cseq, sender, receiver, branch, size, body_length, head, body
    FROM entry LEFT JOIN connection ON connection.id = entry.connection;`;

/**
 * Made when a segment is sealed: in one go over some ten thousand records they cost a tenth of keeping
 * them up to date record by record, and the one open segment is small enough to be read through.
 */
const indexes = `
  CREATE INDEX IF NOT EXISTS entry_call_id ON entry (call_id);
  CREATE INDEX IF NOT EXISTS entry_sender ON entry (sender);
  CREATE INDEX IF NOT EXISTS entry_receiver ON entry (receiver);
  CREATE INDEX IF NOT EXISTS entry_connection ON entry (connection);
  CREATE INDEX IF NOT EXISTS connection_remote_ip ON connection (remote_ip);
  CREATE INDEX IF NOT EXISTS connection_local_ip ON connection (local_ip);
  CREATE INDEX IF NOT EXISTS entry_at ON entry (at);`;

const marks = (count: number): string => Array.from({ length: count }, () => '?').join(',');
/** SQLite ends text at a NUL when it is read back; a byte no SIP grammar has stands in. */
const withoutNul = (value: string): string => value.replaceAll('\0', '\u001a');
const asItIs = (value: string): string => value;

/** The segment being written. */
export class SegmentWriter {
  readonly path: string;
  readonly startedAt: number;
  #database: DatabaseSync;
  #insert: StatementSync;
  #insertConnection: StatementSync;
  /** Numbers of the connections that have a row, by all that is in it. */
  readonly #connections = new Map<string, number>();
  #bytes = 0;
  #records = 0;

  /** Creates the file with mode 0600. Throws the system's or SQLite's error when it cannot. */
  constructor(path: string, startedAt: number) {
    this.path = path;
    this.startedAt = startedAt;
    // SQLite gives its side files the mode of the database, so the database is made first.
    closeSync(openSync(path, 'ax', 0o600));
    chmodSync(path, 0o600);
    this.#database = new DatabaseSync(path, { timeout: 2000 });
    // Twice SQLite's page: cheaper to write, and a segment of a quiet hour stays small.
    this.#database.exec(
      'PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 2000;',
    );
    this.#database.exec(schema);
    this.#insert = this.#database.prepare(`INSERT INTO entry VALUES (${marks(18)})`);
    this.#insertConnection = this.#database.prepare(`INSERT INTO connection VALUES (${marks(7)})`);
  }

  /** Bytes of heads, bodies and columns so far; the file is a little larger. */
  get bytes(): number {
    return this.#bytes;
  }

  get records(): number {
    return this.#records;
  }

  /** Appends a batch: all of it or, when it throws, nothing. */
  append(records: readonly LogRecord[]): void {
    this.#database.exec('BEGIN');
    try {
      for (const record of records) this.#append(record);
      this.#database.exec('COMMIT');
    } catch (error) {
      // On a full disk SQLite has done it already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#connections.clear();
      throw error;
    }
    this.#records += records.length;
    for (const record of records) {
      this.#bytes += record.head.length + (record.body?.length ?? 0) + 200;
    }
  }

  #append(record: LogRecord): void {
    const text = record.head.includes('\0') ? withoutNul : asItIs;
    this.#insert.run(
      null,
      record.at,
      record.sequence,
      recordKinds.indexOf(record.kind),
      levelRank(record.level),
      record.direction,
      this.#connectionOf(record),
      text(record.method),
      record.status,
      text(record.callId),
      record.cseq,
      text(record.from),
      text(record.to),
      text(record.branch),
      record.size,
      record.bodyLength,
      Buffer.from(record.head, 'latin1'),
      record.body === null ? null : Buffer.from(record.body, 'latin1'),
    );
  }

  #connectionOf({ local, remote, peer, label }: LogRecord): number {
    const key = `${local}\n${remote}\n${peer}\n${label}`;
    const known = this.#connections.get(key);
    if (known !== undefined) return known;
    const id = Number(
      this.#insertConnection.run(
        null,
        local,
        hostPart(local),
        remote,
        hostPart(remote),
        peer,
        label,
      ).lastInsertRowid,
    );
    this.#connections.set(key, id);
    return id;
  }

  /** Writes what is in memory to the file. */
  flush(): void {
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  }

  /** Closes the file for good and indexes it. */
  seal(): void {
    sealDatabase(this.#database);
  }
}

function sealDatabase(database: DatabaseSync): void {
  try {
    database.exec(indexes);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA optimize;');
  } finally {
    database.close();
  }
}

/** Seals a segment whose writer died before it could. */
export function sealAbandoned(path: string): void {
  const database = new DatabaseSync(path, { timeout: 2000 });
  try {
    database.exec(schema);
  } catch (error) {
    database.close();
    throw error;
  }
  sealDatabase(database);
}

/** Where a reader stands in a segment: records up to this id have been seen. */
export type SegmentPosition = number;

/** A search in one segment, record by record, oldest first. */
export class SegmentReader {
  #database: DatabaseSync;
  #rows: Iterator<Record<string, SQLOutputValue>>;
  #origin: { readonly host: string; readonly writer: string };
  #next: { record: LogRecord; id: SegmentPosition } | undefined;

  constructor(
    path: string,
    origin: { readonly host: string; readonly writer: string },
    criteria: SearchCriteria,
    after: SegmentPosition = 0,
  ) {
    this.#origin = origin;
    this.#database = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
    try {
      const { sql, values } = selection(criteria, after);
      this.#rows = this.#database.prepare(sql).iterate(...values);
      this.#advance();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** How SQLite would search: the names of the indexes it uses. For tests. */
  static explain(path: string, criteria: SearchCriteria): string {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const { sql, values } = selection(criteria, 0);
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
      return plan.map((row) => String(row['detail'])).join('\n');
    } finally {
      database.close();
    }
  }

  /** The record `take` would return. */
  get next(): LogRecord | undefined {
    return this.#next?.record;
  }

  take(): { record: LogRecord; id: SegmentPosition } | undefined {
    const taken = this.#next;
    this.#advance();
    return taken;
  }

  close(): void {
    this.#next = undefined;
    if (this.#database.isOpen) this.#database.close();
  }

  #advance(): void {
    const row = this.#rows.next();
    this.#next =
      row.done === true
        ? undefined
        : { record: fromRow(row.value, this.#origin), id: Number(row.value['id']) };
  }
}

/** One writer appends in its own order, so ids are that order. */
function selection(
  criteria: SearchCriteria,
  after: SegmentPosition,
): { sql: string; values: (string | number)[] } {
  const { sql, values } = toSql(criteria);
  const from = after > 0 ? { sql: ' AND id > ?', values: [after] } : { sql: '', values: [] };
  return {
    sql: `SELECT * FROM record WHERE ${sql}${from.sql} ORDER BY id LIMIT ?`,
    values: [...values, ...from.values, criteria.limit + 1],
  };
}

/** The id of the newest record of a segment; 0 when it is empty. */
export function lastPosition(path: string): SegmentPosition {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 2000 });
  try {
    return Number(database.prepare('SELECT max(id) AS last FROM record').get()?.['last'] ?? 0);
  } finally {
    database.close();
  }
}

function fromRow(
  row: Record<string, SQLOutputValue>,
  origin: { readonly host: string; readonly writer: string },
): LogRecord {
  const word = (column: string): string => {
    const value = row[column];
    return typeof value === 'string' ? value : '';
  };
  const blob = (column: string): string | null => {
    const value = row[column];
    return value instanceof Uint8Array
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
      : null;
  };
  return {
    kind: recordKinds[Number(row['kind'])] ?? 'fault',
    level: levels[Number(row['level'])] ?? 'Info',
    at: Number(row['at']),
    sequence: Number(row['sequence']),
    host: origin.host,
    writer: origin.writer,
    direction: row['direction'] === 'out' ? 'out' : 'in',
    local: word('local'),
    remote: word('remote'),
    peer: word('peer'),
    label: word('label'),
    method: word('method'),
    status: Number(row['status']),
    callId: word('call_id'),
    cseq: Number(row['cseq']),
    from: word('sender'),
    to: word('receiver'),
    branch: word('branch'),
    size: Number(row['size']),
    bodyLength: Number(row['body_length']),
    head: blob('head') ?? '',
    body: blob('body'),
  };
}
