import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';
import { UsherError } from '#base';
import { SqliteUserDirectory } from './store.ts';
import type { UserRecord } from './user.ts';
import { verifiersOf } from './verifier.ts';

function stateOf(t: TestContext): string {
  const state = mkdtempSync(join(tmpdir(), 'usher-users-'));
  t.after(() => rmSync(state, { recursive: true, force: true }));
  return join(state, 'deep', 'users.db');
}

function open(t: TestContext, file: string, mode: 'read' | 'write' = 'read'): SqliteUserDirectory {
  const users = new SqliteUserDirectory(file, { mode });
  t.after(() => users.close());
  return users;
}

function refused(error: unknown): boolean {
  return error instanceof UsherError && error.code === 'USHER_USER_STORE';
}

const alice: UserRecord = {
  aor: 'alice@contoso.com',
  displayName: 'Alice',
  homePool: 'fepool01.contoso.net',
  enabled: true,
  verifiers: verifiersOf('alice@contoso.com', 'pass'),
};
const bob: UserRecord = { ...alice, aor: 'bob@contoso.com', homePool: 'fepool02.contoso.net' };

describe('the embedded user store', () => {
  test('serves from memory what another process may change at any moment', (t) => {
    const file = stateOf(t);
    const writer = open(t, file, 'write');
    writer.put([alice, bob]);
    const reader = open(t, file);
    assert.equal(reader.warmUp(1), true, 'the first of two');
    assert.equal(reader.warmUp(2), false, 'there is only one more');
    assert.equal(reader.find('alice@contoso.com')?.enabled, true);
    writer.put([{ ...alice, enabled: false }]);
    assert.equal(reader.find('alice@contoso.com')?.enabled, false);
    writer.remove(['bob@contoso.com']);
    assert.equal(reader.find('bob@contoso.com'), undefined);
    assert.equal(reader.warmUp(2), false, 'read anew');
    assert.equal(reader.find('alice@contoso.com')?.enabled, false);
  });

  test('a change may go unnoticed as long as its owner allows, and no longer', async (t) => {
    const file = stateOf(t);
    const writer = open(t, file, 'write');
    writer.put([alice]);
    const reader = new SqliteUserDirectory(file, { staleness: 20 });
    t.after(() => reader.close());
    assert.equal(reader.find('alice@contoso.com')?.enabled, true);
    writer.put([{ ...alice, enabled: false }]);
    while (reader.find('alice@contoso.com')?.enabled !== false) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test('keeps users and finds them whatever the case', (t) => {
    const users = open(t, stateOf(t), 'write');
    users.put([bob, alice]);
    const { verifiers, ...plain } = alice;
    assert.deepEqual(users.find('Alice@CONTOSO.com'), plain);
    assert.equal(users.verifier('ALICE@contoso.com', 'MD5'), verifiers?.MD5?.local);
    assert.equal(
      users.verifier('alice@contoso.com', 'SHA-256', 'aor'),
      verifiers?.['SHA-256']?.aor,
    );
    assert.equal(users.find('carol@contoso.com'), undefined);
    assert.equal(users.verifier('carol@contoso.com', 'MD5'), undefined);
    assert.deepEqual(
      users.list().map(({ aor }) => aor),
      ['alice@contoso.com', 'bob@contoso.com'],
    );
    assert.deepEqual(
      users.list({ homePool: 'FEPOOL02.contoso.net' }).map(({ aor }) => aor),
      ['bob@contoso.com'],
    );
    assert.equal(users.count(), 2);
  });

  test('shows every change at once to readers, in other threads too', async (t) => {
    const file = stateOf(t);
    const reader = open(t, file);
    assert.equal(reader.find(alice.aor), undefined);
    const writer = open(t, file, 'write');
    writer.put([alice]);
    assert.equal(reader.find(alice.aor)?.enabled, true);
    const store = new URL('store.ts', import.meta.url).href;
    const code = `
      const { SqliteUserDirectory } = await import(${JSON.stringify(store)});
      const users = new SqliteUserDirectory(${JSON.stringify(file)}, { mode: 'write' });
      users.put([{ ...users.find('alice@contoso.com'), enabled: false }]);
      users.close();`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
    const status = await new Promise((resolve, reject) => {
      worker.on('exit', resolve).on('error', reject);
    });
    assert.equal(status, 0);
    assert.equal(reader.find(alice.aor)?.enabled, false);
  });

  test('cannot be changed through a reader', (t) => {
    const reader = open(t, stateOf(t));
    assert.throws(() => reader.put([alice]), /readonly/u);
  });

  test('changes all or nothing', (t) => {
    const users = open(t, stateOf(t), 'write');
    // What a caller in plain JavaScript could pass.
    const wrong: UserRecord = JSON.parse(
      '{"aor":"x@contoso.com","displayName":{},"homePool":"p","enabled":true}',
    );
    assert.throws(() => users.put([alice, wrong]));
    assert.equal(users.count(), 0);
    users.put([alice]);
    assert.equal(users.count(), 1);
  });

  test('keeps the password when a change brings none, and replaces it when it brings one', (t) => {
    const users = open(t, stateOf(t), 'write');
    users.put([alice]);
    users.put([{ ...alice, verifiers: undefined, homePool: 'fepool02.contoso.net' }]);
    assert.equal(users.verifier(alice.aor, 'MD5'), alice.verifiers?.MD5?.local);
    assert.equal(users.find(alice.aor)?.homePool, 'fepool02.contoso.net');
    users.put([{ ...alice, verifiers: { MD5: { local: 'f'.repeat(32) } } }]);
    assert.equal(users.verifier(alice.aor, 'MD5'), 'f'.repeat(32));
    assert.equal(users.verifier(alice.aor, 'SHA-256'), undefined);
  });

  test('removes users', (t) => {
    const users = open(t, stateOf(t), 'write');
    users.put([alice, bob]);
    assert.equal(users.remove(['Alice@contoso.com', 'nobody@contoso.com']), 1);
    assert.equal(users.find(alice.aor), undefined);
  });

  test('is readable by its owner only, log files included', (t) => {
    const file = stateOf(t);
    open(t, file, 'write').put([alice]);
    for (const each of [file, `${file}-wal`, `${file}-shm`]) {
      assert.equal(statSync(each).mode & 0o777, 0o600, each);
    }
    assert.equal(statSync(join(file, '..')).mode & 0o777, 0o700);
  });

  test('holds no password in clear, anywhere in its files', (t) => {
    const file = stateOf(t);
    const users = open(t, file, 'write');
    users.put([{ ...alice, verifiers: verifiersOf(alice.aor, 'a-password-to-look-for') }]);
    assert.ok(users.find(alice.aor));
    const database = new DatabaseSync(file);
    const row = database.prepare('SELECT * FROM users').get();
    database.close();
    assert.ok(!JSON.stringify(row).includes('a-password-to-look-for'));
  });

  test('refuses files that are none of its own or newer than itself', (t) => {
    const file = stateOf(t);
    open(t, file).close();
    const raise = new DatabaseSync(file);
    raise.exec('PRAGMA user_version = 99');
    raise.close();
    assert.throws(() => new SqliteUserDirectory(file), refused);
    const other = join(file, '..', 'other.db');
    const foreign = new DatabaseSync(other);
    foreign.exec('CREATE TABLE things (a)');
    foreign.close();
    assert.throws(() => new SqliteUserDirectory(other), refused);
    const garbage = join(file, '..', 'garbage.db');
    writeFileSync(garbage, 'this is no database at all, '.repeat(50));
    assert.throws(() => new SqliteUserDirectory(garbage), refused);
    assert.throws(() => new SqliteUserDirectory('/dev/null/users.db'), refused);
  });

  test('may be closed twice', (t) => {
    const users = open(t, stateOf(t));
    users.close();
    users.close();
  });
});
