import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

/** Runs `usher --version` with a directory of caches of its own; `prepare` makes what is there before. */
function launched(t: TestContext, prepare: (cache: string) => void): string {
  const caches = mkdtempSync(join(tmpdir(), 'usher-caches-'));
  t.after(() => rmSync(caches, { recursive: true, force: true }));
  const cache = join(caches, 'usher');
  prepare(cache);
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  execFileSync(process.execPath, ['bin/usher.js', '--version'], {
    env: { ...env, XDG_CACHE_HOME: caches },
  });
  return cache;
}

test('compiled code is kept where only its owner can write', (t) => {
  const cache = launched(t, () => {});
  assert.equal(statSync(cache).mode & 0o777, 0o700);
  assert.notEqual(readdirSync(cache).length, 0);
});

test('a cache others can write to is left alone, and the start goes on without', (t) => {
  const cache = launched(t, (directory) => {
    mkdirSync(directory);
    chmodSync(directory, 0o777);
  });
  assert.deepEqual(readdirSync(cache), []);
});
