import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { requestHeaders, responseHeaders, type Forwarding } from './headers.ts';

const forwarding: Forwarding = {
  host: 'webdirext.contoso.com',
  client: '203.0.113.7',
  secure: true,
  via: 'rp01.contoso.net',
  body: undefined,
};

test('the pool is told the Host as sent and the client as seen, whatever the client says of itself', () => {
  const headers = requestHeaders(
    [
      'Host',
      'x',
      'X-Forwarded-For',
      '10.0.0.1',
      'Forwarded',
      'for=10.0.0.1',
      'X-Real-IP',
      '1',
      'Accept',
      'a',
    ],
    forwarding,
  );
  assert.deepEqual(headers, {
    Host: 'webdirext.contoso.com',
    accept: ['a'],
    'X-Forwarded-For': '203.0.113.7',
    'X-Forwarded-Proto': 'https',
    Via: '1.1 rp01.contoso.net',
  });
});

test('fields the Connection field names go no further, but not those that decide the answer', () => {
  const headers = requestHeaders(
    [
      'Connection',
      'close, X-Secret, Authorization',
      'X-Secret',
      '1',
      'Authorization',
      'a',
      'TE',
      'trailers',
    ],
    forwarding,
  );
  assert.equal(headers['x-secret'], undefined);
  assert.equal(headers['te'], undefined);
  assert.deepEqual(headers['authorization'], ['a']);
});

test('a body is framed once, by us', () => {
  const raw = ['Content-Length', '3', 'Transfer-Encoding', 'chunked'];
  const chunked = requestHeaders(raw, { ...forwarding, body: 'chunked' });
  assert.equal(chunked['Transfer-Encoding'], 'chunked');
  const counted = requestHeaders(raw, { ...forwarding, body: { length: '3' } });
  assert.equal(counted['Content-Length'], '3');
  assert.equal(counted['content-length'], undefined);
});

test('several fields of one name stay several', () => {
  assert.deepEqual(responseHeaders(['Set-Cookie', 'a', 'Keep-Alive', '1', 'Set-Cookie', 'b']), [
    'Set-Cookie',
    'a',
    'Set-Cookie',
    'b',
  ]);
});

test('no hop-by-hop field ever passes, in whatever case', () => {
  const names = fc.constantFrom('connection', 'Keep-Alive', 'UPGRADE', 'te', 'Trailer', 'X-Other');
  fc.assert(
    fc.property(fc.array(fc.tuple(names, fc.constant('v'))), (fields) => {
      const out = responseHeaders(fields.flat());
      assert.ok(out.every((text) => text === 'X-Other' || text === 'v'));
    }),
  );
});
