import type { SearchCriteria } from './criteria.ts';
import { levelRank } from './level.ts';
import { aorKey, asciiLower } from './record.ts';

type Value = string | number;
interface Clause {
  readonly sql: string;
  readonly values: readonly Value[];
}

/** Columns of text keep one character a byte (latin1); what people type is Unicode. */
function stored(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Either of two columns, each by its own index: SQLite would read everything for a plain OR. */
function either(columns: readonly [string, string], test: string, values: Value[]): Clause {
  const [one, other] = columns.map(
    (column) => `SELECT id FROM record WHERE ${test.replaceAll('column', column)}`,
  );
  return { sql: `id IN (${one} UNION ${other})`, values: [...values, ...values] };
}

function uriClause(uri: string): Clause {
  const key = aorKey(stored(uri));
  if (key.includes('@')) return either(['sender', 'receiver'], 'column = ?', [key]);
  // A user part alone: everything from `user@` up to the character after `@`; an index can do that.
  return either(['sender', 'receiver'], 'column >= ? AND column < ?', [`${key}@`, `${key}A`]);
}

function statusClause(status: string): Clause {
  const first = Number(status[0]) * 100;
  return status.endsWith('xx')
    ? { sql: 'status BETWEEN ? AND ?', values: [first, first + 99] }
    : { sql: 'status = ?', values: [Number(status)] };
}

function clauses(criteria: SearchCriteria): Clause[] {
  const found: Clause[] = [];
  if (criteria.callIds.length > 0) {
    const marks = criteria.callIds.map(() => '?').join(',');
    found.push({ sql: `call_id IN (${marks})`, values: criteria.callIds.map(stored) });
  }
  if (criteria.uri !== undefined) found.push(uriClause(criteria.uri));
  if (criteria.ip !== undefined) {
    found.push(either(['remote_ip', 'local_ip'], 'column = ?', [criteria.ip]));
  }
  if (criteria.text !== undefined) {
    // Heads are blobs of UTF-8; SQLite's lower() knows ASCII alone.
    const text = asciiLower(criteria.text);
    found.push({
      sql: "(instr(lower(CAST(head AS TEXT)), ?) > 0 OR instr(lower(CAST(coalesce(body, '') AS TEXT)), ?) > 0)",
      values: [text, text],
    });
  }
  if (criteria.method !== undefined) {
    found.push({ sql: 'method = ?', values: [stored(criteria.method).toUpperCase()] });
  }
  if (criteria.status !== undefined) found.push(statusClause(criteria.status));
  return found;
}

/** The condition of a search in SQL, and the values of its question marks. */
export function toSql(criteria: SearchCriteria): { sql: string; values: Value[] } {
  const wished = clauses(criteria);
  const parts: Clause[] = [];
  if (criteria.since !== undefined) parts.push({ sql: 'at >= ?', values: [criteria.since] });
  if (criteria.until !== undefined) parts.push({ sql: 'at < ?', values: [criteria.until] });
  if (criteria.level !== undefined) {
    parts.push({ sql: 'level <= ?', values: [levelRank(criteria.level)] });
  }
  if (wished.length > 0) {
    const glue = criteria.match === 'all' ? ' AND ' : ' OR ';
    parts.push({
      sql: `(${wished.map((clause) => clause.sql).join(glue)})`,
      values: wished.flatMap((clause) => clause.values),
    });
  }
  return {
    sql: parts.length === 0 ? '1' : parts.map((part) => part.sql).join(' AND '),
    values: parts.flatMap((part) => part.values),
  };
}
