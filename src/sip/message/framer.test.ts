import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FrameEvent, StreamFramer, buildResponse, defaultLimits } from './index.ts';

function options(length: number | string, more = ''): string {
  return (
    'OPTIONS sip:contoso.com SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.1;branch=z9hG4bK1\r\n' +
    'From: <sip:a@contoso.com>;tag=1\r\nTo: <sip:contoso.com>\r\nCall-ID: 1\r\n' +
    `CSeq: 1 OPTIONS\r\n${more}Content-Length: ${length}\r\n\r\n`
  );
}

function filler(bytes: number): string {
  return `X: ${'a'.repeat(bytes)}\r\n`;
}

function push(text: string, limits = {}): readonly FrameEvent[] {
  return new StreamFramer({ ...defaultLimits, ...limits }).push(Buffer.from(text, 'latin1'));
}

function kinds(events: readonly FrameEvent[]): string[] {
  return events.map((event) => (event.kind === 'fault' ? event.fault.code : event.kind));
}

describe('a stream of messages', () => {
  test('is cut where Content-Length says, body as bytes', () => {
    const events = push(`${options(4)}\0\xff\r\n${options(0)}`);
    assert.deepEqual(kinds(events), ['message', 'message']);
    const first = events[0];
    assert.equal(first?.kind, 'message');
    assert.deepEqual([...first.message.body], [0, 255, 13, 10]);
  });

  test('fed byte by byte gives what it gives whole', () => {
    const text = `\r\n\r\n${options(3)}abc\r\n${options(0)}\r\n\r\n${options(1)}x${options(0).slice(0, 50)}`;
    const framer = new StreamFramer();
    const events = [...Buffer.from(text)].flatMap((byte) => framer.push(Buffer.from([byte])));
    assert.deepEqual(kinds(events), ['ping', 'message', 'message', 'ping', 'message']);
    assert.deepEqual(kinds(events), kinds(push(text)));
    assert.equal(framer.waiting, 50);
  });

  test('keeps a body that came in pieces', () => {
    const framer = new StreamFramer();
    assert.deepEqual(framer.push(Buffer.from(options(10))), []);
    assert.deepEqual(framer.push(Buffer.from('01234')), []);
    const events = framer.push(Buffer.from(`56789${options(0)}`));
    assert.deepEqual(kinds(events), ['message', 'message']);
    assert.equal(
      events[0]?.kind === 'message' && Buffer.from(events[0].message.body).toString(),
      '0123456789',
    );
    assert.equal(framer.waiting, 0);
  });

  test('does not see its chunk change under a message already handed out', () => {
    const framer = new StreamFramer();
    framer.push(Buffer.from(options(4)));
    const [event] = framer.push(Buffer.from('bodyOPT'));
    framer.push(Buffer.from('IONS sip:x SIP/2.0\r\n'));
    assert.equal(event?.kind === 'message' && Buffer.from(event.message.body).toString(), 'body');
  });

  test('reads Content-Length in its compact form, in any case, with blanks around the colon', () => {
    for (const name of ['l', 'L', 'CONTENT-LENGTH', 'content-length \t']) {
      const text = options(0).replace('Content-Length: 0', `${name}: 2 `);
      assert.deepEqual(kinds(push(`${text}ab${options(0)}`)), ['message', 'message'], name);
    }
  });

  test('does not take other headers that begin with l for Content-Length', () => {
    assert.deepEqual(kinds(push(options(0, 'lx: 5\r\nLanguage: 7\r\n'))), ['message']);
  });
});

describe('keep-alives', () => {
  test('CRLF CRLF between messages is a ping wherever it stands', () => {
    const text = `\r\n\r\n${options(0)}\r\n\r\n\r\n\r\n${options(0)}\r\n\r\n`;
    assert.deepEqual(kinds(push(text)), ['ping', 'message', 'ping', 'ping', 'message', 'ping']);
  });

  test('one CRLF before a message is tolerated and half a ping is none', () => {
    assert.deepEqual(kinds(push(`\r\n${options(0)}\r\n${options(0)}`)), ['message', 'message']);
  });

  test('on a dialled connection every CRLF is a pong', () => {
    const framer = new StreamFramer(defaultLimits, 'dialled');
    assert.deepEqual(kinds(framer.push(Buffer.from('\r\n'))), ['pong']);
    assert.deepEqual(kinds(framer.push(Buffer.from('\r\n\r\n'))), ['pong', 'pong']);
  });
});

describe('a stream that can no longer be cut', () => {
  const cases: readonly [what: string, text: string, code: string][] = [
    ['a bare line feed', options(0).replace('\r\nTo', '\nTo'), 'bare-lf'],
    ['a bare carriage return', options(0).replace('\r\nTo', '\rTo'), 'bare-cr'],
    ['a line feed between messages', `${options(0)}\n`, 'bare-lf'],
    ['Content-Length twice, even when equal', options(0, 'l: 0\r\n'), 'content-length'],
    ['a negative Content-Length', options('-1'), 'content-length'],
    ['a signed Content-Length', options('+1'), 'content-length'],
    ['two numbers in Content-Length', options('1, 1'), 'content-length'],
    ['a hexadecimal Content-Length', options('0x1'), 'content-length'],
    ['an empty Content-Length', options(''), 'content-length'],
    ['a Content-Length of eleven digits', options('00000000001'), 'content-length'],
    ['no Content-Length', options(0).replace('Content-Length', 'X'), 'content-length-missing'],
    ['a body above the limit', options(65537), 'body-too-large'],
    ['a first line that starts with a blank', ' OPTIONS', 'not-sip'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01', 'not-sip'],
    [
      'white space before the first header',
      'OPTIONS sip:a SIP/2.0\r\n x: y\r\n\r\n',
      'fold-without-header',
    ],
  ];
  for (const [what, text, code] of cases) {
    test(`ends with one fault: ${what}`, () => {
      const framer = new StreamFramer();
      const events = framer.push(Buffer.from(text, 'latin1'));
      assert.equal(kinds(events).at(-1), code);
      assert.deepEqual(framer.push(Buffer.from(options(0))), [], 'nothing after a fault');
      assert.equal(framer.waiting, 0);
    });
  }

  test('still hands over the head, so that the peer can be told', () => {
    const event = push(options('x'))[0];
    assert.equal(event?.kind, 'fault');
    assert.ok(event.fault.head?.isRequest);
    const answer = buildResponse(event.fault.head, event.fault.status);
    assert.equal(answer.status, 400);
    assert.equal(answer.callId, '1');
    assert.equal(push(options(65537))[0]?.kind === 'fault', true);
  });

  test('says 413 for a body above the limit', () => {
    const event = push(options(defaultLimits.body + 1))[0];
    assert.equal(event?.kind === 'fault' && event.fault.status, 413);
  });
});

describe('limits', () => {
  test('one header may have 8 kB and not more, also over folds', () => {
    assert.deepEqual(kinds(push(options(0, filler(8000)))), ['message']);
    assert.deepEqual(kinds(push(options(0, filler(8192)))), ['header-too-large']);
    const folded = `X: a${`\r\n ${'b'.repeat(1000)}`.repeat(9)}\r\n`;
    assert.deepEqual(kinds(push(options(0, folded))), ['header-too-large']);
  });

  test('two large headers in a row are measured each by itself', () => {
    assert.deepEqual(kinds(push(options(0, filler(8000) + filler(8000)))), ['message']);
  });

  test('a head may have 32 kB and not more', () => {
    assert.deepEqual(kinds(push(options(0, filler(7000).repeat(4)))), ['message']);
    assert.deepEqual(kinds(push(options(0, filler(7000).repeat(5)))), ['head-too-large']);
  });

  test('an endless head is refused before it is held', () => {
    const framer = new StreamFramer();
    framer.push(Buffer.from('OPTIONS sip:a SIP/2.0\r\n'));
    let events: readonly FrameEvent[] = [];
    for (let i = 0; i < 10_000 && events.length === 0; i++) {
      events = framer.push(Buffer.from(filler(90)));
      assert.ok(framer.waiting <= defaultLimits.head);
    }
    assert.notEqual(events.length, 0);
    assert.equal(framer.waiting, 0);
  });

  test('256 headers and 64 Vias are the most', () => {
    assert.deepEqual(kinds(push(options(0, 'a: b\r\n'.repeat(250)))), ['message']);
    assert.deepEqual(kinds(push(options(0, 'a: b\r\n'.repeat(251)))), ['too-many-headers']);
    const via = 'v: SIP/2.0/TLS h\r\n';
    assert.deepEqual(kinds(push(options(0, via.repeat(63)))), ['message']);
    assert.deepEqual(kinds(push(options(0, via.repeat(64)))), ['too-many-vias']);
  });

  test('can be set for one stream', () => {
    assert.deepEqual(kinds(push(options(11), { body: 10 })), ['body-too-large']);
    assert.deepEqual(kinds(push(options(0), { headers: 3 })), ['too-many-headers']);
  });
});
