import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { UsherError, messageOf, systemErrorCode } from '#base';
import { UserCache } from './cache.ts';
import { openSchema } from './schema.ts';
import type { User, UserDirectory, UserRecord, Verifiers } from './user.ts';
import type { DigestAlgorithm, UsernameForm } from './verifier.ts';

type Row = Record<string, SQLOutputValue>;

/** One user with everything a sign-in needs. */
interface KnownUser {
  readonly user: User;
  readonly verifiers: Verifiers;
}

/** Milliseconds a writer waits for another one, e.g. two administrators at once. */
const busyTimeout = 3000;

/**
 * The embedded user store: one SQLite file (mode 0600, write-ahead log), one row a user. Many processes
 * read it while one writes; every look-up sees what was committed before it, by whatever process, or up to
 * `staleness` milliseconds earlier.
 *
 * Servers open it to read; only `mode: 'write'` can change it. A file that does not exist is created
 * empty, so that a server may start before the first user is added.
 *
 * Throws `UsherError`: `USHER_USER_STORE` when the file cannot be opened, is no user store, or was
 * written by a newer Usher.
 */
export class SqliteUserDirectory implements UserDirectory {
  readonly #database: DatabaseSync;
  readonly #find: StatementSync;
  readonly #next: StatementSync;
  readonly #cache: UserCache;
  /** How far `warmUp` has come, and since which emptying of the cache. */
  #warmth = { emptied: -1, last: '' };

  /** `staleness` in milliseconds; default 0, 50 suits a server. */
  constructor(file: string, options: { mode?: 'read' | 'write'; staleness?: number } = {}) {
    try {
      createEmpty(file);
      // Whoever opens it first may have to create or upgrade the schema.
      openSchema(file, busyTimeout);
      this.#database = new DatabaseSync(file, {
        readOnly: options.mode !== 'write',
        timeout: busyTimeout,
      });
    } catch (error) {
      if (error instanceof UsherError) throw error;
      throw new UsherError('USHER_USER_STORE', `Cannot open ${file}: ${messageOf(error)}`, {
        remedy: 'Check the state directory (--state) and that this user may read and write it.',
        cause: error,
      });
    }
    const database = this.#database;
    this.#find = database.prepare('SELECT * FROM users WHERE aor = ?');
    this.#next = database.prepare('SELECT * FROM users WHERE aor > ? ORDER BY aor LIMIT ?');
    // Changes with every commit of another connection, and is cheaper than a look-up.
    const version = database.prepare('PRAGMA data_version');
    this.#cache = new UserCache(
      () => version.get()?.['data_version'],
      options.staleness ?? 0,
      () => performance.now(),
    );
  }

  find(aor: string): User | undefined {
    const name = aor.toLowerCase();
    return this.#cache.get(name) ?? this.#load(name)?.user;
  }

  verifier(
    aor: string,
    algorithm: DigestAlgorithm,
    form: UsernameForm = 'local',
  ): string | undefined {
    const name = aor.toLowerCase();
    const cached = this.#cache.get(name);
    return cached === undefined
      ? this.#load(name)?.verifiers[algorithm]?.[form]
      : cached.verifier(algorithm, form);
  }

  /**
   * Reads the next users into memory, `most` at most, so that nobody's first sign-in has to wait for it;
   * begins anew when the store has changed. True while there are more, and room for them.
   */
  warmUp(most: number): boolean {
    this.#cache.refresh();
    if (this.#warmth.emptied !== this.#cache.emptied) {
      this.#warmth = { emptied: this.#cache.emptied, last: '' };
    }
    if (!this.#cache.hasRoom) return false;
    const rows = this.#next.all(this.#warmth.last, most);
    for (const row of rows) this.#keep(row);
    this.#warmth.last = String(rows.at(-1)?.['aor'] ?? this.#warmth.last);
    return rows.length === most;
  }

  #load(aor: string): KnownUser | undefined {
    const row = this.#find.get(aor);
    return row === undefined ? undefined : this.#keep(row);
  }

  #keep(row: Row): KnownUser {
    const known = { user: userOf(row), verifiers: verifiersOf(row) };
    this.#cache.add(known.user, known.verifiers);
    return known;
  }

  /** Users in order of their address; of one pool when it is named. */
  list(options: { homePool?: string | undefined } = {}): User[] {
    const rows = this.#database
      .prepare(
        'SELECT aor, display_name, home_pool, enabled FROM users WHERE ?1 IS NULL OR home_pool = ?1 ORDER BY aor',
      )
      .all(options.homePool?.toLowerCase() ?? null);
    return rows.map(userOf);
  }

  /** How many users there are. */
  count(): number {
    const row = this.#database.prepare('SELECT count(*) AS users FROM users').get();
    return Number(row?.['users'] ?? 0);
  }

  /**
   * Adds or replaces users, all or none. A record without verifiers keeps the stored ones.
   *
   * Throws what SQLite throws, having changed nothing.
   */
  put(records: readonly UserRecord[]): void {
    const database = this.#database;
    const statement = database.prepare(
      `INSERT INTO users (aor, display_name, home_pool, enabled,
         sha256_local, sha256_aor, md5_local, md5_aor)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
       ON CONFLICT (aor) DO UPDATE SET
         display_name = ?2, home_pool = ?3, enabled = ?4,
         sha256_local = CASE WHEN ?9 THEN ?5 ELSE sha256_local END,
         sha256_aor = CASE WHEN ?9 THEN ?6 ELSE sha256_aor END,
         md5_local = CASE WHEN ?9 THEN ?7 ELSE md5_local END,
         md5_aor = CASE WHEN ?9 THEN ?8 ELSE md5_aor END`,
    );
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const { aor, displayName, homePool, enabled, verifiers } of records) {
        statement.run(
          aor.toLowerCase(),
          displayName,
          homePool.toLowerCase(),
          enabled ? 1 : 0,
          verifiers?.['SHA-256']?.local ?? null,
          verifiers?.['SHA-256']?.aor ?? null,
          verifiers?.MD5?.local ?? null,
          verifiers?.MD5?.aor ?? null,
          verifiers === undefined ? 0 : 1,
        );
      }
      database.exec('COMMIT');
    } catch (error) {
      // On a full disk SQLite has done it already.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    } finally {
      this.#cache.clear();
    }
  }

  /** Removes users, all or none; returns how many there were. */
  remove(aors: readonly string[]): number {
    const database = this.#database;
    const statement = database.prepare('DELETE FROM users WHERE aor = ?');
    let removed = 0;
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const aor of aors) removed += Number(statement.run(aor.toLowerCase()).changes);
      database.exec('COMMIT');
    } catch (error) {
      // On a full disk SQLite has done it already.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    } finally {
      this.#cache.clear();
    }
    return removed;
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

function userOf(row: Row): User {
  return {
    aor: String(row['aor']),
    displayName: String(row['display_name']),
    homePool: String(row['home_pool']),
    enabled: row['enabled'] === 1,
  };
}

function verifiersOf(row: Row): Verifiers {
  return {
    'SHA-256': pairOf(row['sha256_local'], row['sha256_aor']),
    MD5: pairOf(row['md5_local'], row['md5_aor']),
  };
}

function pairOf(
  local: SQLOutputValue | undefined,
  aor: SQLOutputValue | undefined,
): Partial<Record<UsernameForm, string>> {
  return {
    ...(typeof local === 'string' ? { local } : {}),
    ...(typeof aor === 'string' ? { aor } : {}),
  };
}

/** SQLite gives its log files the mode of the database, so the mode has to be right from the start. */
function createEmpty(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}
