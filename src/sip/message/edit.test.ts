import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  SipRequest,
  SipResponse,
  SipSyntaxError,
  buildRequest,
  buildResponse,
  edit,
  parseMessage,
  validate,
} from './index.ts';

const head =
  'INVITE sip:bob@contoso.com SIP/2.0\r\n' +
  'v :  SIP/2.0/TLS a;branch=1 ,\r\n  SIP/2.0/TLS b;branch=2\r\n' +
  'Max-Forwards:70\r\n' +
  'Route: <sip:r1;lr>,<sip:r2,x;lr>\r\n' +
  'route: <sip:r3;lr>\r\n' +
  'f: <sip:a@h>;tag=1\r\nTo:\r\n <sip:b@h>\r\ni: 1\r\ncseq:  1   INVITE\r\n' +
  'X-Odd:   kept \t as it is  \r\n' +
  'l: 4\r\n\r\n';

function message(): SipRequest {
  const request = parseMessage(Buffer.from(`${head}\0\xff\r\n`, 'latin1'));
  assert.ok(request instanceof SipRequest);
  return request;
}

describe('editing a message', () => {
  test('changes what is named and leaves every other byte', () => {
    const edited = edit(message(), [
      { op: 'prepend', name: 'Via', value: 'SIP/2.0/TLS me;branch=3' },
      { op: 'set', name: 'Max-Forwards', value: '69' },
      { op: 'removeFirstValue', name: 'Route' },
      { op: 'requestUri', value: 'sip:bob@10.0.0.1' },
      { op: 'append', name: 'P-Asserted-Identity', value: '<sip:a@h>' },
    ]);
    assert.equal(
      edited.head,
      head
        .replace('sip:bob@contoso.com', 'sip:bob@10.0.0.1')
        .replace('v :', 'Via: SIP/2.0/TLS me;branch=3\r\nv :')
        .replace('Max-Forwards:70', 'Max-Forwards: 69')
        .replace('<sip:r1;lr>,', '')
        .replace('l: 4\r\n', 'l: 4\r\nP-Asserted-Identity: <sip:a@h>\r\n'),
    );
    assert.equal(edited.requestUri, 'sip:bob@10.0.0.1');
    assert.deepEqual(
      edited.vias.map((via) => via.host),
      ['me', 'a', 'b'],
    );
    assert.deepEqual([...edited.body], [0, 255, 13, 10]);
    assert.equal(edited.toBytes().toString('latin1'), `${edited.head}\0\xff\r\n`);
  });

  test('with no edits gives the message itself', () => {
    const untouched = message();
    assert.equal(edit(untouched, []), untouched);
  });

  test('drops values, not lines, and lines when nothing is left', () => {
    const drop = { op: 'removeFirstValue', name: 'Route' } as const;
    assert.deepEqual(edit(message(), [drop]).headers('Route'), ['<sip:r2,x;lr>', '<sip:r3;lr>']);
    assert.deepEqual(edit(message(), [drop, drop]).headers('Route'), ['<sip:r3;lr>']);
    assert.deepEqual(edit(message(), [drop, drop, drop]).headers('Route'), []);
    assert.deepEqual(edit(message(), [drop, drop, drop, drop]).headers('Route'), []);
    const via = { op: 'removeFirstValue', name: 'Via' } as const;
    assert.equal(edit(message(), [via]).topVia.host, 'b');
    assert.equal(edit(message(), [via, via]).count('Via'), 0);
  });

  test('replaces the topmost Via value, be it new, joined or alone', () => {
    const replace = {
      op: 'replaceFirstVia',
      value: 'SIP/2.0/TLS a;branch=1;received=9.9.9.9',
    } as const;
    const once = edit(message(), [replace]);
    assert.equal(once.topVia.params.get('received'), '9.9.9.9');
    assert.deepEqual(
      once.vias.map((via) => via.host),
      ['a', 'b'],
    );
    const pushed = edit(message(), [
      { op: 'prepend', name: 'Via', value: 'SIP/2.0/TLS me' },
      replace,
    ]);
    assert.deepEqual(
      pushed.vias.map((via) => via.host),
      ['a', 'a', 'b'],
    );
    const alone = edit(once, [{ op: 'removeFirstValue', name: 'Via' }, replace]);
    assert.deepEqual(
      alone.vias.map((via) => via.host),
      ['a'],
    );
    assert.equal(validate(alone), undefined);
  });

  test('sets in place, once, or appends', () => {
    const set = edit(message(), [{ op: 'set', name: 'Route', value: '<sip:z;lr>' }]);
    assert.deepEqual(set.headers('Route'), ['<sip:z;lr>']);
    assert.ok(set.head.indexOf('Route: <sip:z;lr>') < set.head.indexOf('\r\nf: '));
    const added = edit(message(), [{ op: 'set', name: 'Expires', value: '60' }]);
    assert.equal(added.entries().at(-1)?.[0], 'Expires');
  });

  test('keeps lines apart when a value is empty or the last comma has nothing behind it', () => {
    const odd = parseMessage(
      Buffer.from('OPTIONS sip:h SIP/2.0\r\nVia:\r\nRoute: <sip:r>,\r\nl: 0\r\n\r\n'),
    );
    const edited = edit(odd, [
      { op: 'removeFirstValue', name: 'Route' },
      { op: 'replaceFirstVia', value: 'SIP/2.0/TLS a' },
    ]);
    assert.equal(edited.head, 'OPTIONS sip:h SIP/2.0\r\nVia:SIP/2.0/TLS a\r\nl: 0\r\n\r\n');
  });

  test('puts a first header after the start line, even when there is no other', () => {
    const bare = parseMessage(Buffer.from('OPTIONS sip:h SIP/2.0\r\n\r\n'));
    const edited = edit(bare, [{ op: 'prepend', name: 'Via', value: 'SIP/2.0/TLS a' }]);
    assert.equal(edited.head, 'OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/TLS a\r\n\r\n');
  });

  test('sets a header appended before where it stands', () => {
    const edited = edit(message(), [
      { op: 'append', name: 'X-One', value: '1' },
      { op: 'append', name: 'X-Two', value: '2' },
      { op: 'set', name: 'X-One', value: '3' },
    ]);
    assert.ok(edited.head.endsWith('X-One: 3\r\nX-Two: 2\r\n\r\n'));
  });

  test('sees the effect of the edits before it', () => {
    const edited = edit(message(), [
      { op: 'append', name: 'X', value: '1' },
      { op: 'prepend', name: 'x', value: '2' },
      { op: 'set', name: 'X', value: '3' },
      { op: 'append', name: 'Y', value: 'a, b' },
      { op: 'removeFirstValue', name: 'y' },
      { op: 'remove', name: 'x-odd' },
    ]);
    assert.deepEqual(edited.headers('X'), ['3']);
    assert.deepEqual(edited.headers('Y'), ['b']);
    assert.equal(edited.count('X-Odd'), 0);
  });

  test('never lets a value become a header, or touches Content-Length', () => {
    for (const value of ['a\r\nEvil: 1', 'a\nb', 'a\rb', 'a\0', '☎']) {
      assert.throws(() => edit(message(), [{ op: 'set', name: 'X', value }]), SipSyntaxError);
      assert.throws(() => edit(message(), [{ op: 'replaceFirstVia', value }]), SipSyntaxError);
      assert.throws(
        () => edit(message(), [{ op: 'requestUri', value: `${value} x` }]),
        SipSyntaxError,
      );
    }
    assert.throws(
      () => edit(message(), [{ op: 'append', name: 'a: b', value: 'c' }]),
      SipSyntaxError,
    );
    for (const name of ['Content-Length', 'l']) {
      assert.throws(() => edit(message(), [{ op: 'set', name, value: '0' }]), TypeError);
      assert.throws(() => edit(message(), [{ op: 'remove', name }]), TypeError);
    }
  });

  test('works on responses: forwarding one drops the first Via', () => {
    const response = buildResponse(message(), 180);
    const forwarded = edit(response, [{ op: 'removeFirstValue', name: 'Via' }]);
    assert.ok(forwarded instanceof SipResponse);
    assert.equal(forwarded.status, 180);
    assert.equal(forwarded.topVia.host, 'b');
  });
});

describe('building', () => {
  test('a request carries its headers in order and the length of its body', () => {
    const request = buildRequest({
      method: 'MESSAGE',
      uri: 'sip:bob@h',
      headers: [
        ['Via', 'SIP/2.0/TLS me;branch=z9hG4bK1'],
        ['To', '<sip:bob@h>'],
      ],
      body: Buffer.from('ü'),
    });
    assert.equal(request.method, 'MESSAGE');
    assert.equal(
      request.toBytes().toString(),
      'MESSAGE sip:bob@h SIP/2.0\r\nVia: SIP/2.0/TLS me;branch=z9hG4bK1\r\nTo: <sip:bob@h>\r\nContent-Length: 2\r\n\r\nü',
    );
    assert.throws(() => buildRequest({ method: 'A B', uri: 'sip:h', headers: [] }), SipSyntaxError);
    assert.throws(() => buildRequest({ method: 'A', uri: 'sip:h x', headers: [] }), SipSyntaxError);
    assert.throws(
      () => buildRequest({ method: 'A', uri: 'sip:h', headers: [['X', 'a\r\nb: c']] }),
      SipSyntaxError,
    );
    assert.throws(
      () => buildRequest({ method: 'A', uri: 'sip:h', headers: [['l', '1']] }),
      TypeError,
    );
  });

  test('a response copies Via, From, To, Call-ID and CSeq as received and tags To', () => {
    const response = buildResponse(message(), 404, undefined, {
      toTag: 'me',
      headers: [['Server', 'x']],
    });
    assert.equal(
      response.head,
      'SIP/2.0 404 Not Found\r\nv :  SIP/2.0/TLS a;branch=1 ,\r\n  SIP/2.0/TLS b;branch=2\r\n' +
        'f: <sip:a@h>;tag=1\r\nTo:\r\n <sip:b@h>;tag=me\r\ni: 1\r\ncseq:  1   INVITE\r\n' +
        'Server: x\r\nContent-Length: 0\r\n\r\n',
    );
    assert.equal(validate(response), undefined);
  });

  test('a response has no new tag when there is one, or when it is 100', () => {
    assert.equal(buildResponse(message(), 100).to.tag, undefined);
    const tagged = buildResponse(buildResponse(message(), 180, 'x', { toTag: 'one' }), 200);
    assert.equal(tagged.to.tag, 'one');
  });

  test('the tag of a stateless answer is the same for a retransmission and differs between calls', () => {
    const tag = buildResponse(message(), 301).to.tag;
    assert.equal(buildResponse(message(), 301).to.tag, tag);
    const other = edit(message(), [{ op: 'set', name: 'Call-ID', value: '2' }]);
    assert.notEqual(buildResponse(other, 301).to.tag, tag);
  });

  test('a request with broken or missing headers can still be answered', () => {
    const broken = parseMessage(
      Buffer.from('INVITE sip:a@h SIP/2.0\r\nt: "x <sip:a@h>\r\nCSeq: 0 x\r\n\r\n'),
    );
    const response = buildResponse(broken, 400);
    assert.equal(
      response.head,
      'SIP/2.0 400 Bad Request\r\nt: "x <sip:a@h>\r\nCSeq: 0 x\r\nContent-Length: 0\r\n\r\n',
    );
  });
});
