import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FlowTokens } from './flow-tokens.ts';

const key = Buffer.alloc(32, 7);
const instance = Buffer.alloc(8, 1);
const tokens = new FlowTokens(key, instance);

test('a token leads back to the connection it was issued for', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\w-]{1,30}$/u), (connection) => {
      const token = tokens.issue(connection);
      assert.match(token, /^[\w-]+$/u, 'it needs no escaping in a SIP URI');
      assert.deepEqual(tokens.read(token), { kind: 'own', connection });
    }),
  );
});

test('a token of another process of this Edge is genuine, but leads nowhere', () => {
  const other = new FlowTokens(key, Buffer.alloc(8, 2));
  assert.deepEqual(other.read(tokens.issue('c1')), { kind: 'elsewhere' });
});

test('a token of another Edge is forged', () => {
  const other = new FlowTokens(Buffer.alloc(32, 8), instance);
  assert.deepEqual(other.read(tokens.issue('c1')), { kind: 'forged' });
});

test('no change of a token, however small, goes unnoticed', () => {
  const token = tokens.issue('connection-1');
  fc.assert(
    fc.property(
      fc.nat(token.length - 1),
      fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_'),
      (at, letter) => {
        const changed = token.slice(0, at) + letter + token.slice(at + 1);
        fc.pre(changed !== token);
        assert.deepEqual(tokens.read(changed), { kind: 'forged' });
      },
    ),
  );
});

test('anything else is forged, and nothing throws', () => {
  for (const text of ['', 'a', '%41', 'alice', 'a'.repeat(129), `${tokens.issue('c1')}=`]) {
    assert.deepEqual(tokens.read(text), { kind: 'forged' }, text);
  }
  fc.assert(fc.property(fc.string(), (text) => tokens.read(text).kind === 'forged'));
});

test('the instance has to be random in full', () => {
  assert.throws(() => new FlowTokens(key, Buffer.alloc(4)), RangeError);
});
