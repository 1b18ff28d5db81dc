import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { aorKey, hostPart, readHead, startLineOf, toRecord, type Observation } from './record.ts';

const invite = [
  'INVITE sip:bob@contoso.com SIP/2.0',
  'v: SIP/2.0/TLS edge01.contoso.net;branch=z9hG4bKabc ;rport, SIP/2.0/TLS x;branch=other',
  'f: "Alice; <x>" <sip:Alice@Contoso.COM:5070;user=phone>;tag=1',
  't: sip:bob@contoso.com',
  'i: a84b4c76e66710',
  'CSeq: 314159',
  '  INVITE',
  'c: application/sdp',
  '',
  '',
].join('\r\n');

const seen: Observation = {
  kind: 'message',
  level: 'Info',
  at: 1000,
  sequence: 7,
  direction: 'in',
  local: '127.10.1.11:5061',
  remote: '127.10.8.11:40000',
  peer: 'edge01.contoso.net',
  label: 'sip',
  head: invite,
  bodyLength: 3,
  body: Buffer.from('v=0'),
};
const origin = { host: 'dir01.contoso.net', writer: '1' };

test('Compact and folded header fields are read', () => {
  assert.deepEqual(readHead(invite), {
    method: 'INVITE',
    status: 0,
    callId: 'a84b4c76e66710',
    cseq: 314159,
    from: 'alice@contoso.com',
    to: 'bob@contoso.com',
    branch: 'z9hG4bKabc',
    contentType: 'application/sdp',
  });
});

test('A response carries its status and the method it answers', () => {
  const fields = readHead('SIP/2.0 180 Ringing\r\nCSeq: 1 INVITE\r\nCall-ID:  x \r\n\r\n');
  assert.equal(fields.status, 180);
  assert.equal(fields.method, 'INVITE');
  assert.equal(fields.callId, 'x');
});

test('Call-IDs with odd bytes come through', () => {
  const callId = '"w\u00fc\\"<>()/?[]{}%~!*_+`\'@\u00ff:1';
  assert.equal(readHead(`ACK sip:x SIP/2.0\r\nCall-ID: ${callId}\r\n\r\n`).callId, callId);
});

test('Any text at all is read without an error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (head, value) => {
      readHead(head);
      readHead(`X\r\nTo: ${value}\r\nVia: ${head}\r\nCSeq:${value}\r\n`);
    }),
  );
});

test('A body is kept only when asked for; its length always is', () => {
  const without = toRecord(seen, origin, () => false);
  assert.equal(without.body, null);
  assert.equal(without.bodyLength, 3);
  assert.equal(without.size, invite.length + 3);
  assert.equal(toRecord(seen, origin, () => true).body, 'v=0');
});

test('A line of text is not read as SIP', () => {
  const record = toRecord({ ...seen, kind: 'refusal', head: 'Call-ID: x' }, origin, () => true);
  assert.equal(record.callId, '');
  assert.equal(startLineOf(record), 'Call-ID: x');
});

test('People may type an address in any of its forms', () => {
  for (const typed of [
    'alice@contoso.com',
    'sip:Alice@contoso.com',
    '"A" <sips:alice:pw@CONTOSO.com:5061;transport=tls>;tag=1',
    ' im:alice@contoso.com ',
  ]) {
    assert.equal(aorKey(typed), 'alice@contoso.com');
  }
});

test('The address of an endpoint is found with and without port and brackets', () => {
  assert.equal(hostPart('127.0.0.1:5061'), '127.0.0.1');
  assert.equal(hostPart('[2001:db8::1]:5061'), '2001:db8::1');
  assert.equal(hostPart('2001:db8::1'), '2001:db8::1');
  assert.equal(hostPart(''), '');
});
