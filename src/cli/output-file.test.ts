import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsherError } from '#base';
import { writeOutput } from './output-file.ts';
import { terminal } from './terminal.ts';
import { fakeWorld } from './world.fixture.ts';

test('a file an option names is written, or the error names it and the way out', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'usher-output-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const context = terminal({ language: 'de', state: undefined, rest: [] }, fakeWorld());
  context.release();
  const file = join(directory, 'proof.xml');
  writeOutput(context, file, '<x/>');
  assert.equal(readFileSync(file, 'utf8'), '<x/>');
  assert.throws(
    () => writeOutput(context, join(directory, 'no', 'proof.xml'), '<x/>'),
    (error) =>
      error instanceof UsherError &&
      error.code === 'USHER_FILE' &&
      /lässt sich nicht schreiben.*ENOENT/u.test(error.message),
  );
});
