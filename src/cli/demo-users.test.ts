import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { UsherError } from '#base';
import { usersFile } from '#host';
import { SqliteUserDirectory, verifiersOf } from '#identity';
import { loadPlan } from '#ports';
import { demoUsers, readDemoUsers } from './demo-users.ts';

const file = 'examples/contoso.yaml';
const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
assert.ok(loaded.ok);
const { plan } = loaded;

function stateOf(t: TestContext): string {
  const state = mkdtempSync(join(tmpdir(), 'usher-demo-'));
  t.after(() => rmSync(state, { recursive: true, force: true }));
  return state;
}

describe('demo users', () => {
  test('are made once, homed in different pools, with passwords nobody else can read', (t) => {
    const state = stateOf(t);
    assert.equal(readDemoUsers(state), undefined);
    const made = demoUsers(state, plan);
    assert.equal(statSync(made.file).mode & 0o777, 0o600);
    assert.deepEqual(demoUsers(state, plan), made);
    assert.deepEqual(readDemoUsers(state), made);
    const users = new SqliteUserDirectory(usersFile(state));
    const homes = made.accounts.map(({ aor }) => users.find(aor)?.homePool);
    users.close();
    assert.equal(new Set(homes).size, 2);
    const store = readFileSync(usersFile(state), 'latin1');
    for (const { password } of made.accounts) assert.ok(!store.includes(password));
  });

  test('leave users of the same name alone', (t) => {
    const state = stateOf(t);
    const aor = 'alice@contoso.com';
    const own = verifiersOf(aor, 'her own password');
    const users = new SqliteUserDirectory(usersFile(state), { mode: 'write' });
    const homePool = 'fepool01.contoso.net';
    users.put([{ aor, displayName: 'Alice', homePool, enabled: true, verifiers: own }]);
    const { accounts } = demoUsers(state, plan);
    assert.ok(accounts.every((account) => account.aor !== aor));
    assert.equal(users.find(aor)?.displayName, 'Alice');
    users.close();
  });

  test('whose file is damaged are an error that says which file', (t) => {
    const state = stateOf(t);
    for (const text of ['{', '[]', '[{"aor":"a@x","password":"p"}]', '[1,2]']) {
      writeFileSync(join(state, 'demo-users.json'), text);
      assert.throws(
        () => readDemoUsers(state),
        (error) => error instanceof UsherError && error.remedy.includes('demo-users.json'),
        text,
      );
    }
  });
});
