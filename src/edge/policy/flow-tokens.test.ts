import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FlowTokens } from './flow-tokens.ts';

const key = Buffer.alloc(32, 7);
const tokens = new FlowTokens(key);

test('a token leads back to the connection it was issued for', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\w-]{1,30}$/u), (connection) => {
      const token = tokens.issue(connection);
      assert.match(token, /^[\w-]+$/u, 'it needs no escaping in a SIP URI');
      assert.equal(tokens.read(token), connection);
    }),
  );
});

test('a token of another Edge is forged', () => {
  const other = new FlowTokens(Buffer.alloc(32, 8));
  assert.equal(other.read(tokens.issue('c1')), undefined);
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
        assert.equal(tokens.read(changed), undefined);
      },
    ),
  );
});

test('anything else is forged, and nothing throws', () => {
  for (const text of ['', 'a', '%41', 'alice', 'a'.repeat(129), `${tokens.issue('c1')}=`]) {
    assert.equal(tokens.read(text), undefined, text);
  }
  fc.assert(fc.property(fc.string(), (text) => tokens.read(text) === undefined));
});
