import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseUri } from '#sip';
import { DialogTokens } from './dialog-token.ts';

const key = Buffer.alloc(32, 1);
const tokens = new DialogTokens(key);

test('a token gives back both flows for its own Call-ID', () => {
  const flows = { caller: 'c-12', callee: undefined };
  assert.deepEqual(tokens.read('call-1', tokens.make('call-1', flows)), flows);
});

test('a token of one call opens no other', () => {
  const token = tokens.make('call-1', { caller: undefined, callee: undefined });
  assert.equal(tokens.read('call-2', token), undefined);
});

test('every process of every member of the pool accepts the token', () => {
  const flows = { caller: 'c-12', callee: 'c-13' };
  const token = tokens.make('call-1', flows);
  assert.deepEqual(new DialogTokens(key).read('call-1', token), flows);
});

test('another deployment accepts nothing', () => {
  const token = tokens.make('call-1', { caller: 'c-12', callee: undefined });
  assert.equal(new DialogTokens(Buffer.alloc(32, 2)).read('call-1', token), undefined);
});

test('a flow cannot be put into a genuine token', () => {
  const [mac] = tokens.make('call-1', { caller: undefined, callee: undefined }).split('.');
  const flow = tokens.make('call-1', { caller: 'c-12', callee: undefined }).split('.')[1];
  assert.equal(tokens.read('call-1', `${mac}.${flow}.`), undefined);
});

test('a token stands in a URI as it is', () => {
  fc.assert(
    fc.property(fc.string(), fc.option(fc.string({ minLength: 1 })), (callId, caller) => {
      const flows = { caller: caller ?? undefined, callee: undefined };
      const token = tokens.make(callId, flows);
      assert.equal(parseUri(`sip:${token}@fe01.contoso.net;lr`).user, token);
      assert.deepEqual(tokens.read(callId, token), flows);
    }),
  );
});

test('arbitrary text is no token', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(tokens.read('call-1', text), undefined);
    }),
  );
});
