import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needVersion, olderThan, run } from './program.ts';

const node = { name: process.execPath, debian: 'nodejs' };

test('versions are compared number by number', () => {
  assert.equal(olderThan('1.0.10', '1.0.6'), false);
  assert.equal(olderThan('1.0.6', '1.0.6'), false);
  assert.equal(olderThan('1.0', '1.0.6'), true);
  assert.equal(olderThan('0.9.8', '1.0.6'), true);
  assert.equal(olderThan('2.6.12-1', '2.6'), false);
});

test('a program that is missing or too old is named, with the package that brings it', async () => {
  await assert.rejects(run({ name: 'usher-has-no-such-program', debian: 'no-package' }, []), {
    code: 'USHER_ENGINE_PROGRAM',
    remedy: /apt install no-package/u,
  });
  await assert.rejects(needVersion(node, '--version', '999.1'), {
    code: 'USHER_ENGINE_PROGRAM',
    message: /999\.1 or newer; here is \d+\./u,
  });
});

test('what a program says on both ways is told with how it ended', async () => {
  const script =
    'process.stdin.resume(); console.log("out"); console.error("err"); process.exitCode = 3;';
  assert.deepEqual(await run(node, ['-e', script], 'input'), {
    status: 3,
    output: 'out\n',
    complaint: 'err',
  });
});
