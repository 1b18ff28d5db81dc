import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { exercise } from './exercise.fixture.ts';
import {
  type FrameEvent,
  type SipMessage,
  SipSyntaxError,
  StreamFramer,
  edit,
  parseAuth,
  parseMessage,
  parseNameAddr,
  parseUri,
  parseVia,
  quote,
  splitList,
  unquote,
} from './index.ts';

const invite =
  'INVITE sip:bob@contoso.com SIP/2.0\r\n' +
  'Via: SIP/2.0/TLS a:99;branch=z9hG4bK1;rport, SIP/2.0/TCP [::1];branch=z9hG4bK2\r\n' +
  'Max-Forwards: 70\r\nFrom: "A, \\"B\\"" <sip:a@contoso.com>;tag=1\r\nTo:\r\n <sip:bob@contoso.com>\r\n' +
  'i: 1@a\r\nCSeq: 1 INVITE\r\nm: <sip:a@h;ob>;q=0.5, sip:b@h\r\nRoute: <sip:r;lr>\r\n' +
  'Proxy-Authorization: Digest username="a", realm="b", nc=00000001\r\nContent-Length: 5\r\n\r\nhello';
const ok =
  'SIP/2.0 200 OK\r\nv: SIP/2.0/TLS a;branch=z9hG4bK1\r\nf: <sip:a@h>;tag=1\r\nt: <sip:b@h>;tag=2\r\n' +
  'i: 1@a\r\nCSeq: 1 INVITE\r\nl: 0\r\n\r\n';

function pushAll(chunks: readonly Buffer[]): string[] {
  const framer = new StreamFramer();
  return chunks.flatMap((chunk) => framer.push(chunk)).map(describeEvent);
}

function describeEvent(event: FrameEvent): string {
  if (event.kind === 'message') return event.message.toBytes().toString('latin1');
  return event.kind === 'fault' ? `fault ${event.fault.code}` : event.kind;
}

/** Bytes of real messages with a few places overwritten, removed or repeated. */
const mutated = fc
  .record({
    seed: fc.constantFrom(invite, ok, `\r\n\r\n${invite}${ok}`, ok + invite),
    changes: fc.array(
      fc.record({
        at: fc.nat(900),
        remove: fc.integer({ min: 0, max: 12 }),
        insert: fc.oneof(
          fc.constantFrom(
            '\r\n',
            '\r',
            '\n',
            ',',
            ';',
            '"',
            '<',
            '>',
            '\\',
            ' ',
            ':',
            '=',
            '\0',
            '%',
            '@',
            '\r\n ',
            '\r\n\r\n',
            '99999999999',
          ),
          fc.string({ maxLength: 6, unit: 'binary' }),
        ),
      }),
      { maxLength: 6 },
    ),
  })
  .map(({ seed, changes }) => {
    let text = seed;
    for (const { at, remove, insert } of changes) {
      const start = at % (text.length + 1);
      text = text.slice(0, start) + insert + text.slice(start + remove);
    }
    return Buffer.from(text, 'latin1');
  });

describe('whatever comes', () => {
  test('the framer and every view throw nothing but SipSyntaxError', () => {
    fc.assert(
      fc.property(mutated, (bytes) => {
        for (const event of new StreamFramer().push(bytes)) {
          if (event.kind === 'message') exercise(event.message);
          if (event.kind === 'fault' && event.fault.head) exercise(event.fault.head);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('the value parsers throw nothing but SipSyntaxError', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.stringMatching(/^[sip:@<>;=," \\a%4\][]{0,40}$/u),
    );
    fc.assert(
      fc.property(text, (value) => {
        for (const parse of [parseUri, parseNameAddr, parseVia, parseAuth, splitList]) {
          try {
            parse(value);
          } catch (error) {
            assert.ok(error instanceof SipSyntaxError, String(error));
          }
        }
      }),
      { numRuns: 5000 },
    );
  });

  test('the split into chunks changes nothing', () => {
    fc.assert(
      fc.property(
        mutated,
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 12 }),
        (bytes, sizes) => {
          const chunks: Buffer[] = [];
          let at = 0;
          for (const size of sizes) {
            chunks.push(bytes.subarray(at, at + size));
            at += size;
          }
          chunks.push(bytes.subarray(at));
          assert.deepEqual(pushAll(chunks), pushAll([bytes]));
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('what is not edited leaves as it came', () => {
    fc.assert(
      fc.property(mutated, (bytes) => {
        const framer = new StreamFramer();
        const events = framer.push(bytes);
        const messages = events.filter((event) => event.kind === 'message');
        const text = bytes.toString('latin1');
        let from = 0;
        for (const { message } of messages) {
          const at = text.indexOf(message.toBytes().toString('latin1'), from);
          assert.ok(at >= from);
          from = at + message.head.length + message.body.length;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('edits', () => {
  const name = fc.constantFrom(
    'Via',
    'v',
    'Route',
    'Record-Route',
    'X-New',
    'Max-Forwards',
    'm',
    'To',
  );
  const value = fc.stringMatching(/^[a-z0-9;=<>]{1,12}$/u);
  const change = fc.oneof(
    fc.record({ op: fc.constant('prepend' as const), name, value }),
    fc.record({ op: fc.constant('append' as const), name, value }),
    fc.record({ op: fc.constant('set' as const), name, value }),
    fc.record({ op: fc.constant('remove' as const), name }),
  );

  test('applied together equal edits applied one by one', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const message = parseMessage(Buffer.from(invite, 'latin1'));
        const together = edit(message, changes);
        let oneByOne: SipMessage = message;
        for (const single of changes) oneByOne = edit(oneByOne, [single]);
        for (const wanted of ['Via', 'Route', 'Record-Route', 'X-New', 'Max-Forwards', 'm', 'To']) {
          assert.deepEqual(together.headers(wanted), oneByOne.headers(wanted));
        }
        assert.equal(together.entries().length, oneByOne.entries().length);
        assert.equal(parseMessage(together.toBytes()).head, together.head);
      }),
      { numRuns: 500 },
    );
  });

  test('quote and unquote are inverse', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        fc.pre(!/[\r\n]/u.test(text));
        assert.equal(unquote(quote(text)), text);
      }),
    );
  });
});
