import { DatabaseSync } from 'node:sqlite';
import { UsherError } from '#base';

/** `USHR`, so that no other program's database is taken for a user store. */
const applicationId = 0x55534852;
/** Raised by every change of the schema; `upgrades[n]` leads from n to n + 1. */
const upgrades: readonly string[] = [
  `CREATE TABLE users (
     aor TEXT PRIMARY KEY NOT NULL,
     display_name TEXT NOT NULL,
     home_pool TEXT NOT NULL,
     enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
     sha256_local TEXT, sha256_aor TEXT, md5_local TEXT, md5_aor TEXT
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX users_by_pool ON users (home_pool);`,
];

/**
 * Brings the file to the schema of this version: nothing to do, an upgrade, or the first creation; safe
 * when several processes do it at once.
 *
 * Throws `UsherError` `USHER_USER_STORE` when the file is another program's or a newer Usher's.
 */
export function openSchema(file: string, timeout: number): void {
  const database = new DatabaseSync(file, { timeout });
  try {
    if (isCurrent(database, file)) return;
    // Readers must not wait for writers; the mode stays with the file.
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('BEGIN IMMEDIATE');
    try {
      // Another process may have been faster.
      if (!isCurrent(database, file)) {
        for (const upgrade of upgrades.slice(versionOf(database))) database.exec(upgrade);
        database.exec(`PRAGMA application_id = ${applicationId}`);
        database.exec(`PRAGMA user_version = ${upgrades.length}`);
      }
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  } finally {
    database.close();
  }
}

function isCurrent(database: DatabaseSync, file: string): boolean {
  const id = pragma(database, 'application_id');
  const version = versionOf(database);
  const tables = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get();
  if (id !== applicationId && (id !== 0 || version !== 0 || tables?.['tables'] !== 0)) {
    throw new UsherError('USHER_USER_STORE', `${file} is not a user store of Usher`, {
      remedy: 'Move the file away, or name another state directory with --state.',
    });
  }
  if (version > upgrades.length) {
    throw new UsherError('USHER_USER_STORE', `${file} was written by a newer Usher`, {
      remedy: 'Update Usher on this machine, or restore the copy made before the update.',
    });
  }
  return version === upgrades.length;
}

function versionOf(database: DatabaseSync): number {
  return pragma(database, 'user_version');
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}
