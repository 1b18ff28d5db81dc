import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SipRequest, SipResponse, SipSyntaxError, parseMessage, validate } from './index.ts';

function request(...lines: string[]): SipRequest {
  const text = ['INVITE sip:bob@contoso.com SIP/2.0', ...lines, '', ''].join('\r\n');
  const message = parseMessage(Buffer.from(text, 'latin1'));
  assert.ok(message instanceof SipRequest);
  return message;
}

const basic = [
  'Via: SIP/2.0/TLS edge01.contoso.net:4070;branch=z9hG4bKa, SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKb',
  'v: SIP/2.0/UDP [2001:db8::1]:99;branch=z9hG4bKc;received=192.0.2.9',
  'f: "Bell, A. \\"Al\\" <x>" <sip:al@contoso.com>;tag=abc',
  't: sip:bob@contoso.com;tag=q',
  'i: 1@host',
  'CSeq: 7 INVITE',
  'MAX-FORWARDS: 70',
];

function refused(code: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof SipSyntaxError && error.layer === 'header' && error.code === code;
}

describe('the typed views of a message', () => {
  test('read compact names in any case', () => {
    const message = request(...basic);
    assert.equal(message.callId, '1@host');
    assert.deepEqual(message.cseq, { number: 7, method: 'INVITE' });
    assert.equal(message.maxForwards, 70);
    assert.equal(message.from.display, 'Bell, A. "Al" <x>');
    assert.equal(message.from.uri, 'sip:al@contoso.com');
    assert.equal(message.from.tag, 'abc');
    assert.equal(message.to.tag, 'q');
    assert.equal(message.to.uri, 'sip:bob@contoso.com');
    assert.equal(message.header('Call-ID'), message.header('I'));
  });

  test('take comma-joined and separate Vias alike', () => {
    const message = request(...basic);
    assert.equal(message.topVia.sentBy, 'edge01.contoso.net:4070');
    assert.deepEqual(
      message.vias.map((via) => [via.transport, via.host, via.port, via.branch]),
      [
        ['TLS', 'edge01.contoso.net', 4070, 'z9hG4bKa'],
        ['TCP', '10.0.0.1', undefined, 'z9hG4bKb'],
        ['UDP', '[2001:db8::1]', 99, 'z9hG4bKc'],
      ],
    );
    assert.equal(message.vias[2]?.params.get('received'), '192.0.2.9');
  });

  test('are the same object when asked twice', () => {
    const message = request(...basic);
    assert.equal(message.from, message.from);
    assert.equal(message.topVia, message.topVia);
  });

  test('keep commas in quotes and brackets inside one value', () => {
    const message = request(
      ...basic,
      'Route: <sip:a;x=1,2@h;lr>, "b, \\"c" <sip:b@h>;p="1,2"',
      'Route: <sip:c@h>',
      'm: <sip:x@h?a=b,c>;q=0.5, sip:y@h;q=0.1',
    );
    assert.deepEqual(
      message.routes.map((route) => route.uri),
      ['sip:a;x=1,2@h;lr', 'sip:b@h', 'sip:c@h'],
    );
    assert.equal(message.routes[1]?.params.get('p'), '1,2');
    const contacts = message.contacts;
    assert.notEqual(contacts, '*');
    assert.deepEqual(
      contacts === '*' ? [] : contacts.map((contact) => [contact.uri, contact.params.get('q')]),
      [
        ['sip:x@h?a=b,c', '0.5'],
        ['sip:y@h', '0.1'],
      ],
    );
  });

  test('know the Contact of "*" and that it stands alone', () => {
    assert.equal(request(...basic, 'Contact: *').contacts, '*');
    assert.deepEqual(request(...basic).contacts, []);
    assert.throws(
      () => request(...basic, 'Contact: *', 'm: <sip:a@h>').contacts,
      refused('contact-star'),
    );
  });

  test('find headers the code has no number for', () => {
    const message = request(...basic, 'X-Odd: 1', 'x-odd: 2', 'X-Odder: 3');
    assert.deepEqual(message.headers('X-ODD'), ['1', '2']);
    assert.equal(message.header('nothing'), undefined);
    assert.equal(message.count('x-odd'), 2);
    assert.deepEqual(message.entries().at(-1), ['X-Odder', '3']);
  });

  test('unfold values and leave the bytes alone', () => {
    const message = request(...basic, 'Subject: one \r\n  two\r\n\tthree', 'Supported:\r\n path');
    assert.equal(message.header('s'), 'one two three');
    assert.equal(message.header('k'), 'path');
    assert.ok(message.head.includes('one \r\n  two\r\n\tthree'));
  });

  test('name the layer and the rule when a header is missing or malformed', () => {
    const none = request('Max-Forwards: 256', 'CSeq: 1', 'To: "open <sip:a@h>', 'i: a b');
    assert.throws(() => none.topVia, refused('header-missing'));
    assert.throws(() => none.maxForwards, refused('max-forwards'));
    assert.throws(() => none.cseq, refused('cseq-syntax'));
    assert.throws(() => none.to, refused('unbalanced-quote'));
    assert.throws(() => none.callId, refused('call-id-syntax'));
    assert.throws(() => request('Route: <sip:a@h>,,<sip:b@h>').routes, refused('empty-element'));
    assert.throws(() => request('Route: <sip:a@h').routes, refused('unbalanced-bracket'));
  });

  test('refuse a parameter that stands twice', () => {
    assert.throws(
      () => request('v: SIP/2.0/TLS h;branch=1;Branch=2').topVia,
      refused('parameter-twice'),
    );
    assert.throws(() => request('f: <sip:a@h>;tag=1;tag=2').from, refused('parameter-twice'));
    assert.throws(() => request('f: <sip:a@h>;x=1;X').from.params, refused('parameter-twice'));
  });

  test('refuse more Via values than a stream may bring, however they are joined', () => {
    const joined = Array.from({ length: 161 }, () => 'SIP/2.0/TLS h').join(', ');
    assert.throws(() => request(`Via: ${joined}`).vias, refused('too-many-vias'));
  });
});

describe('a response', () => {
  test('has a status and a reason that may be empty or UTF-8', () => {
    const message = parseMessage(Buffer.from('SIP/2.0 183 Läutet\r\nl: 0\r\n\r\n', 'utf8'));
    assert.ok(message instanceof SipResponse);
    assert.equal(message.status, 183);
    assert.equal(Buffer.from(message.reason, 'latin1').toString(), 'Läutet');
    const empty = parseMessage(Buffer.from('sip/2.0 200 \r\n\r\n'));
    assert.ok(empty instanceof SipResponse && empty.status === 200 && empty.reason === '');
  });

  test('with a start line that is none has status 0 and does not pass validation', () => {
    for (const line of [
      'SIP/2.0 99 x',
      'SIP/2.0 700 x',
      'SIP/2.0 2000 x',
      'SIP/2.0 200',
      'SIP/2.0  200 x',
    ]) {
      const message = parseMessage(Buffer.from(`${line}\r\n\r\n`));
      assert.ok(message instanceof SipResponse && message.status === 0, line);
      assert.equal(validate(message)?.layer, 'startline', line);
    }
  });
});

describe('validation', () => {
  const sound = [
    'v: SIP/2.0/TLS h;branch=z9hG4bK1',
    'f: <sip:a@h>;tag=1',
    't: <sip:b@h>',
    'i: 1',
    'CSeq: 1 INVITE',
  ];

  test('passes a sound request and finds the header that is missing', () => {
    assert.equal(validate(request(...sound)), undefined);
    for (const [at, name] of ['Via', 'From', 'To', 'Call-ID', 'CSeq'].entries()) {
      const fault = validate(request(...sound.filter((_, i) => i !== at)));
      assert.equal(fault?.reason, `Missing ${name}`);
      assert.equal(fault.status, 400);
    }
  });

  test('objects to a line that is no header', () => {
    for (const line of ['no colon here', ': no name', 'two words: x']) {
      assert.equal(validate(request(...sound, line))?.code, 'broken-line', line);
    }
  });

  test('never asks for an extension of ACK and CANCEL, and knows the ones it is told', () => {
    const tagged = request(...sound, 'Proxy-Require: foo, Bar');
    assert.deepEqual(validate(tagged)?.headers, [['Unsupported', 'foo, Bar']]);
    assert.equal(validate(tagged, new Set(['foo', 'bar'])), undefined);
    const ack = parseMessage(Buffer.from(tagged.head.replaceAll('INVITE', 'ACK'), 'latin1'));
    assert.equal(validate(ack), undefined);
  });

  test('leaves Max-Forwards 0 to the proxy', () => {
    assert.equal(validate(request(...sound, 'Max-Forwards: 0')), undefined);
    assert.equal(validate(request(...sound, 'Max-Forwards: x'))?.layer, 'header');
  });
});
