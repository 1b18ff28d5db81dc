import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command } from './command.ts';

test('a program is given its input, and what it prints comes back', async () => {
  assert.equal(
    await command(process.execPath, ['-e', 'process.stdin.pipe(process.stdout)'], 'a\n'),
    'a\n',
  );
});

test('a program that fails is quoted', async () => {
  const failing = ['-e', "console.error('no such device'); process.exitCode = 3"];
  await assert.rejects(command(process.execPath, failing), {
    code: 'USHER_LAB_COMMAND',
    message: /no such device/u,
  });
});

test('a program that is not there is named', async () => {
  await assert.rejects(command('usher-no-such-program', []), {
    code: 'USHER_LAB_TOOL',
    message: 'usher-no-such-program is not installed',
  });
});
