import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildResponse, edit, type SipResponse } from '#sip';
import { requestOf } from '../edge.fixture.ts';
import { fromClient, towardsClient } from './response-filter.ts';

const request = requestOf([
  'INVITE sip:bob@contoso.com SIP/2.0',
  'Via: SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK1',
  'From: <sip:alice@contoso.com>;tag=1',
  'To: <sip:bob@contoso.com>',
  'Call-ID: 1@x',
  'CSeq: 1 INVITE',
]);

function answer(headers: readonly (readonly [string, string])[]): SipResponse {
  return buildResponse(request, 200, 'OK', { headers });
}

test('names of inside servers are taken off, what the dialog needs stays', () => {
  const response = answer([
    ['Server', 'Usher fe01'],
    ['Path', '<sip:T@edge01.contoso.net;lr>'],
    ['Record-Route', '<sip:T@fe01.contoso.net;lr>'],
    ['Contact', '<sip:bob@192.0.2.9>'],
  ]);
  const out = edit(response, towardsClient(response));
  assert.equal(out.header('Server'), undefined);
  assert.equal(out.header('Path'), undefined);
  assert.ok(out.header('Record-Route'));
  assert.ok(out.header('Contact'));
});

test('diagnostics keep their number and reason and lose their source, wherever it stands', () => {
  for (const value of [
    '1003;reason="User does not exist";source="dir01.contoso.net"',
    '1003;source="dir01.contoso.net";reason="User does not exist"',
    '1003 ; SOURCE = dir01.contoso.net ;reason="User does not exist"',
  ]) {
    const response = answer([['ms-diagnostics', value]]);
    const out = edit(response, towardsClient(response)).header('ms-diagnostics') ?? '';
    assert.match(out, /^1003\s*;reason="User does not exist"$/u);
  }
});

test('an asserted identity is told, unless it asked for privacy', () => {
  const identity = ['P-Asserted-Identity', '<sip:bob@contoso.com>'] as const;
  const open = answer([identity]);
  assert.deepEqual(towardsClient(open), []);
  const hidden = answer([identity, ['Privacy', 'header;id']]);
  assert.equal(edit(hidden, towardsClient(hidden)).header('P-Asserted-Identity'), undefined);
});

test('a response with nothing to hide leaves byte for byte as it came', () => {
  const response = answer([]);
  assert.equal(edit(response, towardsClient(response)), response);
  assert.deepEqual(fromClient(response), []);
});

test('a client asserts no identity in its answers either', () => {
  const response = answer([['P-Asserted-Identity', '<sip:boss@contoso.com>']]);
  assert.equal(edit(response, fromClient(response)).header('P-Asserted-Identity'), undefined);
});
