import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalHost, parametersOf } from './request.ts';

test('a Host value loses its port, its case and its final dot', () => {
  assert.equal(normalHost('Meet.Contoso.COM:8443'), 'meet.contoso.com');
  assert.equal(normalHost('meet.contoso.com.'), 'meet.contoso.com');
  assert.equal(normalHost('[2001:DB8::1]:8443'), '2001:db8::1');
  assert.equal(normalHost('127.0.0.1'), '127.0.0.1');
});

test('a Host value that is no host is none', () => {
  for (const value of ['', 'a b', 'a/b', 'user@host', 'a\u00e4', '-a', 'a:b', 'a'.repeat(300)]) {
    assert.equal(normalHost(value), undefined, value);
  }
});

test('query parameters are found whatever the case of their names, and the first counts', () => {
  const parameters = parametersOf('?SipUri=sip%3Aalice%40contoso.com&sipuri=other');
  assert.equal(parameters.get('sipuri'), 'sip:alice@contoso.com');
});
