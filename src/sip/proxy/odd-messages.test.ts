import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { SipRequest, parseMessage } from '../message/index.ts';
import type { MemoryWire } from './memory.fixture.ts';
import { ProxyHarness, request, toWire } from './memory.fixture.ts';

const usual: Readonly<Record<string, string>> = {
  line: 'INVITE sip:bob@example.net SIP/2.0',
  via: 'Via: SIP/2.0/TLS caller.invalid;branch=z9hG4bKodd;rport',
  hops: 'Max-Forwards: 70',
  from: 'From: <sip:alice@example.net>;tag=a1',
  to: 'To: <sip:bob@example.net>',
  call: 'Call-ID: odd',
  cseq: 'CSeq: 1 INVITE',
};

function written(changes: Readonly<Record<string, string>>): SipRequest {
  const lines = Object.values({ ...usual, ...changes }).filter((line) => line !== '');
  const message = parseMessage(
    Buffer.from([...lines, 'Content-Length: 0', '', ''].join('\r\n'), 'latin1'),
  );
  assert.ok(message instanceof SipRequest);
  return message;
}

/** Sends it through a proxy to a callee who says 200; what the caller hears. */
function heard(message: SipRequest): { statuses: number[]; caller: MemoryWire; faults: object } {
  const proxy = new ProxyHarness();
  const caller = proxy.wire();
  const callee = proxy.wire();
  proxy.forward({ groups: [[toWire(callee)]] });
  proxy.receive(message, caller);
  const [asked] = callee.requests;
  if (asked !== undefined) proxy.reply(callee, asked, 200);
  return { statuses: caller.statuses, caller, faults: proxy.counts.faults };
}

suite('what is odd but legal passes', () => {
  const odd: Record<string, Readonly<Record<string, string>>> = {
    'folded headers': {
      via: 'Via:\r\n SIP/2.0/TLS\r\n\tcaller.invalid ;branch=z9hG4bKodd\r\n ;rport',
      to: 'To:\r\n <sip:bob@example.net>',
      cseq: 'CSeq: 1\r\n INVITE',
    },
    'compact forms': {
      via: 'v: SIP/2.0/TLS caller.invalid;branch=z9hG4bKodd;rport',
      from: 'f: <sip:alice@example.net>;tag=a1',
      to: 't: <sip:bob@example.net>',
      call: 'i: odd',
    },
    'several Vias on one line': {
      via: 'Via: SIP/2.0/TLS caller.invalid;branch=z9hG4bKodd;rport , SIP/2.0/UDP other;branch=1',
    },
    'a caller without a tag': { from: 'From: sip:alice@example.net' },
    'the largest CSeq': { cseq: 'CSeq: 4294967295 INVITE' },
    'no Max-Forwards': { hops: '' },
    'sips, and a contact with headers': {
      line: 'INVITE sips:bob@example.net SIP/2.0',
      to: 'To: <sips:bob@example.net>',
      contact: 'Contact: "A, \\"B\\"" <sip:a@192.0.2.1?Subject=x>;expires=1, <sip:b@192.0.2.1>',
    },
    'a branch in quotes with a comma': {
      via: 'Via: SIP/2.0/TLS caller.invalid;x="a,b;c";branch=z9hG4bKodd',
    },
  };
  for (const [name, changes] of Object.entries(odd)) {
    test(name, () => {
      const { statuses, faults } = heard(written(changes));
      assert.deepEqual(statuses, [100, 200]);
      assert.deepEqual(faults, {});
    });
  }

  test('of several Vias on one line the rest comes back as it was', () => {
    const via = 'SIP/2.0/TLS caller.invalid;branch=z9hG4bKodd;rport';
    const { caller } = heard(written({ via: `Via: ${via}, SIP/2.0/UDP other;branch=1;x="," ` }));
    const vias = caller.answer.values('Via');
    assert.equal(vias.length, 2);
    assert.equal(vias[1], 'SIP/2.0/UDP other;branch=1;x=","');
  });
});

suite('what is wrong is answered, or dropped, and disturbs nothing', () => {
  const wrong: Record<string, Readonly<Record<string, string>>> = {
    'a Via that ends in a comma': { via: `${usual['via']},` },
    'an empty Via between others': { via: `${usual['via']}, , SIP/2.0/UDP other;branch=1` },
    'a second Via that never closes its quote': {
      via: `${usual['via']}, SIP/2.0/UDP other;branch="1`,
    },
    'a CSeq beyond 32 bits': { cseq: 'CSeq: 4294967296 INVITE' },
    'two From tags': { from: 'From: <sip:alice@example.net>;tag=1;tag=2' },
    'a To that never closes': { to: 'To: "bob <sip:bob@example.net>' },
    'a Route that is none': { route: 'Route: <' },
  };
  for (const [name, changes] of Object.entries(wrong)) {
    test(name, () => {
      const { statuses, faults } = heard(written(changes));
      assert.deepEqual(statuses, [400], JSON.stringify(faults));
      assert.ok(!('internal' in faults), JSON.stringify(faults));
    });
  }

  test('an ACK of nothing, a CANCEL of nothing, a response to nothing', () => {
    const proxy = new ProxyHarness();
    const [caller, callee] = [proxy.wire(), proxy.wire()];
    proxy.decide = () => ({ kind: 'respond', status: 404 });
    proxy.receive(request('ACK', { toTag: 'x' }), caller);
    assert.deepEqual(caller.sent, []);
    proxy.receive(request('CANCEL'), caller);
    assert.deepEqual(caller.statuses, [481]);
    proxy.reply(callee, request('INVITE'), 200);
    assert.deepEqual(callee.sent, []);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('nobody cancels the INVITE of another connection, whatever they know of it', () => {
    const proxy = new ProxyHarness();
    const [caller, stranger, callee] = [proxy.wire(), proxy.wire(), proxy.wire()];
    proxy.forward({ groups: [[toWire(callee)]] });
    const invite = written({});
    proxy.receive(invite, caller);
    proxy.reply(callee, callee.last('INVITE'), 180);
    const cancel = written({
      line: 'CANCEL sip:bob@example.net SIP/2.0',
      cseq: 'CSeq: 1 CANCEL',
    });
    proxy.receive(cancel, stranger);
    assert.deepEqual(stranger.statuses, [481]);
    assert.deepEqual(callee.methods, ['INVITE']);
    proxy.reply(stranger, callee.last('INVITE'), 200);
    assert.deepEqual(caller.statuses, [100, 180], 'and nobody answers for another');
  });
});
