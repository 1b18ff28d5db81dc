import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { systemErrorCode, UsherError } from '#base';
import { usersFile } from '#host';
import { createDemoUsers, SqliteUserDirectory, verifiersOf, type DemoUser } from '#identity';
import type { Plan } from '#ports';
import type { Account } from '#proof';

/** Two users to try the deployment with, and the file their passwords stand in. */
export interface DemoUsers {
  readonly accounts: readonly [Account, Account];
  readonly file: string;
}

const account = z.strictObject({ aor: z.string(), password: z.string() });
const fileSchema = z.array(account).min(2);

/**
 * Reads the demo users of a state directory; undefined when none were made.
 *
 * @throws UsherError `USHER_DEMO_USERS` when the file is not what `demoUsers` wrote
 */
export function readDemoUsers(stateDirectory: string): DemoUsers | undefined {
  const file = join(stateDirectory, 'demo-users.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const [first, second] = fileSchema.parse(JSON.parse(text));
    if (first !== undefined && second !== undefined) return { accounts: [first, second], file };
  } catch (error) {
    throw damaged(file, error);
  }
  throw damaged(file, undefined);
}

const damaged = (file: string, cause: unknown): UsherError =>
  new UsherError('USHER_DEMO_USERS', `${file} is not a list of demo users`, {
    remedy: `Delete ${file}; the next usher up makes new ones.`,
    cause,
  });

/**
 * The demo users of a state directory, made on first use: random passwords, written with mode
 * 0600 beside the store, which holds only verifiers. Users somebody else added are left alone.
 */
export function demoUsers(stateDirectory: string, plan: Plan): DemoUsers {
  const known = readDemoUsers(stateDirectory);
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const directory = new SqliteUserDirectory(usersFile(stateDirectory), { mode: 'write' });
  try {
    if (known?.accounts.every(({ aor }) => directory.find(aor) !== undefined) === true)
      return known;
    const made = createDemoUsers(plan.topology).map((user) => free(user, directory));
    const [first, second] = made;
    if (first === undefined || second === undefined) {
      throw new UsherError('USHER_NO_HOME_POOL', 'the topology has no home pool for users', {
        remedy: 'Add a pool with role: frontEnd.',
      });
    }
    directory.put(made.map(({ record }) => record));
    const accounts = made.map(({ record, password }) => ({ aor: record.aor, password }));
    const file = join(stateDirectory, 'demo-users.json');
    writeFileSync(`${file}.new`, `${JSON.stringify(accounts, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return {
      accounts: [
        { aor: first.record.aor, password: first.password },
        { aor: second.record.aor, password: second.password },
      ],
      file,
    };
  } finally {
    directory.close();
  }
}

/** The same user under a name nobody has yet. */
function free(user: DemoUser, directory: SqliteUserDirectory): DemoUser {
  const { record, password } = user;
  const [local, domain] = record.aor.split('@');
  for (let number = 0; ; number++) {
    const aor = number === 0 ? record.aor : `${local}-demo${number}@${domain}`;
    if (directory.find(aor) !== undefined) continue;
    return { record: { ...record, aor, verifiers: verifiersOf(aor, password) }, password };
  }
}
