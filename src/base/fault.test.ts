import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFault } from './fault.ts';

test('a fault is one line, whatever stood in the file', () => {
  const found = '"\u001b]0;owned\u0007\u009b2J\u202e\r\n" is no address';
  const place = { file: 'users.csv', line: 2, column: 1, path: '', code: 'address' };
  const line = describeFault({ ...place, found, allowed: 'user@domain', remedy: 'Correct it.' });
  assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
  assert.match(line, /^users\.csv:2:1: "\\u\{1b\}\]0;owned/u);
});
