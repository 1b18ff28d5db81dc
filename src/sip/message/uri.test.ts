import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  SipSyntaxError,
  aorOf,
  decodeText,
  detach,
  encodeText,
  escapeUser,
  formatNameAddr,
  formatUri,
  parseAuth,
  formatAuth,
  parseNameAddr,
  parseUri,
  parseVia,
  quote,
  sameUri,
  schemeOf,
  splitList,
  unquote,
} from './index.ts';

function throwsSyntax(run: () => unknown, what: string): void {
  assert.throws(run, SipSyntaxError, what);
}

describe('a SIP URI', () => {
  test('is taken apart and put together again', () => {
    const text =
      'sips:alice:secret@Example.COM:6061;Transport=tls;lr;maddr=[::1]?subject=a%20b&x=y';
    const uri = parseUri(text);
    assert.deepEqual(
      [uri.scheme, uri.user, uri.password, uri.host, uri.port, uri.headers],
      ['sips', 'alice', 'secret', 'example.com', 6061, 'subject=a%20b&x=y'],
    );
    assert.deepEqual(
      [...uri.params],
      [
        ['transport', 'tls'],
        ['lr', true],
        ['maddr', '[::1]'],
      ],
    );
    assert.equal(
      formatUri(uri),
      text.replace('Example.COM', 'example.com').replace('Transport', 'transport'),
    );
  });

  test('may have a user part full of separators', () => {
    assert.equal(
      parseUri('sip:user;par=u%40example.net@example.com').user,
      'user;par=u%40example.net',
    );
    assert.equal(parseUri("sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@h").host, 'h');
    assert.equal(parseUri('sip:[2001:db8::10]:70;x').host, '[2001:db8::10]');
    assert.equal(parseUri('sip:host').user, undefined);
  });

  test('is refused when it breaks the grammar', () => {
    for (const text of [
      '',
      'sip:',
      'sip:@h',
      'sip:a@',
      'sip:a@b@c',
      'sip:a@h:0',
      'sip:a@h:65536',
      'sip:a@h:',
      'sip:a@h:5x',
      'sip:a b@h',
      'sip:a%4@h',
      'sip:a%zz@h',
      'sip:a@[::1',
      'sip:a@[zz]',
      'sip:a@h;',
      'sip:a@h;=1',
      'sip:a@h;x;x=2',
      'sip:"a"@h',
      'tel:+4930',
      'a@h',
      ':a@h',
    ]) {
      throwsSyntax(() => parseUri(text), text);
    }
    assert.equal(schemeOf('soap.beep://x'), 'soap.beep');
  });

  test('gives its address-of-record: escapes resolved once, host in lower case, nothing else', () => {
    assert.equal(aorOf('sip:%61lice@Contoso.COM:6061;transport=tls?x=y'), 'alice@contoso.com');
    assert.equal(aorOf('sip:Alice@contoso.com.'), 'Alice@contoso.com');
    assert.equal(aorOf('sip:value%2541@h'), 'value%41@h');
    assert.equal(aorOf('sip:null-%00-null@h'), 'null-\0-null@h');
    assert.equal(aorOf(`sip:${escapeUser('müller')}@h`), 'müller@h');
    assert.equal(aorOf('sip:m%FCller@h'), 'müller@h');
    assert.equal(aorOf('sip:contoso.com'), 'contoso.com');
  });

  test('compares as RFC 3261 19.1.4 shows', () => {
    const equal: [string, string][] = [
      ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
      ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
      ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
      [
        'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
        'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
      ],
      [
        'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
        'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
      ],
    ];
    const different: [string, string][] = [
      ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
      ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
      ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
      ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
      ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
      ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
      ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
      ['sip:a@h', 'sips:a@h'],
    ];
    for (const [a, b] of equal) assert.ok(sameUri(a, b) && sameUri(b, a), `${a} ${b}`);
    for (const [a, b] of different) assert.ok(!sameUri(a, b) && !sameUri(b, a), `${a} ${b}`);
  });
});

describe('names, Vias and lists', () => {
  test('a bare address keeps its parameters outside the URI', () => {
    const bare = parseNameAddr('sip:a@h;tag=1');
    assert.equal(bare.uri, 'sip:a@h');
    assert.equal(bare.tag, '1');
    const inside = parseNameAddr('<sip:a@h;tag=1>');
    assert.equal(inside.uri, 'sip:a@h;tag=1');
    assert.equal(inside.tag, undefined);
  });

  test('display names may be tokens, quoted, glued to the bracket, or UTF-8', () => {
    assert.equal(parseNameAddr('A. G. Bell <sip:a@h>').display, 'A. G. Bell');
    assert.equal(parseNameAddr('caller<sip:a@h>').display, 'caller');
    assert.equal(parseNameAddr('"" <sip:a@h>').display, '');
    assert.equal(parseNameAddr(encodeText('Jörg <sip:a@h>')).displayText, 'Jörg');
    const written = formatNameAddr({
      display: 'J "ö" \\',
      uri: 'sip:a@h',
      params: new Map<string, string | true>([
        ['q', '0.5'],
        ['ob', true],
        ['x', 'a b'],
      ]),
    });
    const read = parseNameAddr(written);
    assert.equal(read.displayText, 'J "ö" \\');
    assert.deepEqual(
      [...read.params],
      [
        ['q', '0.5'],
        ['ob', true],
        ['x', 'a b'],
      ],
    );
  });

  test('malformed addresses are refused', () => {
    for (const text of [
      '',
      '<>',
      '<sip:a@h',
      'sip:a@h>',
      '< sip:a@h>',
      '<sip:a@h >',
      '<sip:a<b@h>',
      '"a" sip:a@h',
      '"a',
      'Bell, A <sip:a@h>',
      'sip:a@h?x=y',
      'sip:a@h b',
      '<sip:a@h>x',
      '<sip:a@h>;',
      '<sip:a@h>;=1',
      '<sip:a@h>;x=',
      '<sip:a@h>;x="',
    ]) {
      throwsSyntax(() => parseNameAddr(text), text);
    }
    throwsSyntax(() => formatNameAddr({ uri: 'sip:a@h>\r\nX: y' }), 'injected');
    throwsSyntax(() => formatNameAddr({ uri: 'sip:a@h', display: 'a\r\nb' }), 'injected');
  });

  test('a Via allows blanks around its separators and nothing else', () => {
    const via = parseVia('SIP / 2.0 / UNKNOWN  Host.Example : 99 ; branch = z9hG4bK ; rport');
    assert.deepEqual(
      [via.transport, via.host, via.port, via.branch],
      ['UNKNOWN', 'host.example', 99, 'z9hG4bK'],
    );
    assert.equal(via.params.get('rport'), true);
    for (const text of [
      '',
      'SIP/2.0/TLS',
      'SIP/2.0TLS h',
      'SIP/3.0/TLS h',
      'HTTP/2.0/TLS h',
      'SIP/2.0/TLS h:',
      'SIP/2.0/TLS h:99999',
      'SIP/2.0/TLS h x',
      'SIP/2.0/TLS ;x',
      'SIP/2.0/TLSh',
    ]) {
      throwsSyntax(() => parseVia(text), text);
    }
  });

  test('commas in quotes and brackets do not split', () => {
    assert.deepEqual(splitList('a , "b,\\",c" ,<d,e>;f'), ['a', '"b,\\",c"', '<d,e>;f']);
    for (const text of ['', 'a,', ',a', 'a,,b', '"a', '<a'])
      throwsSyntax(() => splitList(text), text);
  });

  test('quoting is undone by unquoting', () => {
    for (const text of ['', 'a', '"', '\\', 'a"b\\c', '\\"\\'])
      assert.equal(unquote(quote(text)), text);
    assert.equal(unquote('plain'), 'plain');
    throwsSyntax(() => quote('a\nb'), 'line break');
  });

  test('detached text is the same text', () => {
    for (const text of [
      'short',
      'a much longer text than thirteen',
      'a longer text with ä ö ü ß',
      'and one with ☎ in it, too',
    ]) {
      assert.equal(detach(text), text);
    }
    assert.equal(decodeText(encodeText('Grüße ☎')), 'Grüße ☎');
    assert.equal(decodeText('Gr\xfc\xdfe'), 'Gr\xfc\xdfe');
  });
});

describe('authentication values', () => {
  test('are read with quotes, blanks and escapes', () => {
    const value = parseAuth('Digest username = "a\\"b" ,realm="x, y",nc=00000001, qop=auth');
    assert.equal(value.scheme, 'Digest');
    assert.deepEqual(
      [...value.params],
      [
        ['username', 'a"b'],
        ['realm', 'x, y'],
        ['nc', '00000001'],
        ['qop', 'auth'],
      ],
    );
    assert.deepEqual([...value.quoted], ['username', 'realm']);
  });

  test('are written as RFC 7616 quotes them', () => {
    assert.equal(
      formatAuth('Digest', [
        ['realm', 'a"b'],
        ['qop', 'auth'],
        ['algorithm', 'SHA-256'],
        ['stale', 'true'],
      ]),
      'Digest realm="a\\"b", qop="auth", algorithm=SHA-256, stale=true',
    );
    assert.equal(
      formatAuth('Digest', [
        ['response', 'ff'],
        ['qop', 'auth'],
        ['nc', '00000001'],
      ]),
      'Digest response="ff", qop=auth, nc=00000001',
    );
  });

  test('that are malformed or ambiguous are refused', () => {
    for (const text of [
      '',
      ' ',
      'Digest a',
      'Digest a=',
      'Digest =b',
      'Digest a="b',
      'Digest a=b c=d',
      'Digest a=b,',
      'Digest a=b, A=c',
      `Digest ${Array.from({ length: 40 }, (_, i) => `a${i}=b`).join(', ')}`,
    ]) {
      throwsSyntax(() => parseAuth(text), text);
    }
  });
});
