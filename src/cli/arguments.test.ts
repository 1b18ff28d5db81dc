import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsherError } from '#base';
import { readGlobalArguments } from './arguments.ts';

test('language and state may stand anywhere and leave the rest alone', () => {
  const read = readGlobalArguments(['ports', '--lang', 'de', '--all', '--state=/s', 'x'], {});
  assert.deepEqual(read, { language: 'de', state: '/s', rest: ['ports', '--all', 'x'] });
});

test('flags win over variables, variables over LANG', () => {
  const environment = { LANG: 'de_DE.UTF-8', USHER_LANG: 'en', USHER_STATE: '/from-variable' };
  assert.equal(readGlobalArguments([], environment).language, 'en');
  assert.equal(readGlobalArguments([], { LANG: 'de_DE.UTF-8' }).language, 'de');
  assert.equal(readGlobalArguments(['--state', '/flag'], environment).state, '/flag');
  assert.equal(readGlobalArguments([], environment).state, '/from-variable');
});

test('what follows -- belongs to the command', () => {
  assert.deepEqual(readGlobalArguments(['lab', '--', '--lang', 'xx'], {}).rest, [
    'lab',
    '--',
    '--lang',
    'xx',
  ]);
});

test('a missing value and an unknown language are bad usage', () => {
  for (const args of [['--state'], ['--lang', 'fr'], ['--lang=']]) {
    assert.throws(
      () => readGlobalArguments(args, {}),
      (error) => error instanceof UsherError && error.exitStatus === 2,
    );
  }
});
