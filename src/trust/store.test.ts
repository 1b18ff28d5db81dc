import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from './trust.fixture.ts';
import { writeAtomically } from './store.ts';

test('a file that cannot be put in place leaves no part of a key behind', async (t) => {
  const directory = await temporaryDirectory(t);
  await mkdir(join(directory, 'taken', 'by-a-directory'), { recursive: true });
  await assert.rejects(writeAtomically(join(directory, 'taken'), 'a key', 0o600));
  assert.deepEqual(await readdir(directory), ['taken']);
});
