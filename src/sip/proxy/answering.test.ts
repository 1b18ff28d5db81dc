import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ProxyHarness, request, settle, toHops, toWire } from './memory.fixture.ts';
import { buildResponse } from '../message/index.ts';

suite('answering', () => {
  test('a decider answers; the answer returns on the arrival connection with received and rport', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.decide = () => ({ kind: 'respond', status: 301, headers: [['Contact', '<sip:pool>']] });
    proxy.receive(request('REGISTER'), caller);
    assert.equal(caller.answer.status, 301);
    assert.equal(caller.answer.header('Contact'), '<sip:pool>');
    assert.equal(caller.answer.topVia.params.get('received'), caller.remote.address);
    assert.equal(caller.answer.topVia.params.get('rport'), String(caller.remote.port));
    assert.ok(caller.answer.to.tag);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('what the client claims to be received from is replaced', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const via = 'SIP/2.0/TLS caller.invalid;received=9.9.9.9;branch=z9hG4bKq1';
    proxy.receive(request('OPTIONS', { via }), caller);
    assert.equal(
      caller.answer.header('Via'),
      `SIP/2.0/TLS caller.invalid;branch=z9hG4bKq1;received=${caller.remote.address}`,
    );
  });

  test('a request too many costs no transaction and no decision: 503 with Retry-After, and is counted', () => {
    const proxy = new ProxyHarness({ sourceRate: { burst: 1, perSecond: 1 } });
    const caller = proxy.wire();
    proxy.receive(request('MESSAGE'), caller);
    proxy.receive(request('MESSAGE'), caller);
    assert.deepEqual(caller.statuses, [200, 503]);
    assert.equal(caller.answer.header('Retry-After'), '5');
    assert.equal(proxy.contexts.length, 1);
    assert.equal(proxy.counts.faults['source-rate'], 1);
    assert.equal(proxy.counts.overload.bySource, 1);
    proxy.clock.advance(1000);
    proxy.receive(request('MESSAGE'), caller);
    assert.deepEqual(caller.statuses, [200, 503, 200]);
  });

  test('a promise lets a decider wait: an INVITE hears 100 after 0.2 s, others after 3.5 s', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { promise, resolve } = Promise.withResolvers<{ kind: 'respond'; status: number }>();
    proxy.decide = () => promise;
    proxy.receive(request('INVITE'), caller);
    proxy.clock.advance(199);
    assert.deepEqual(caller.statuses, []);
    proxy.clock.advance(1);
    assert.deepEqual(caller.statuses, [100]);
    proxy.receive(request('MESSAGE'), caller);
    proxy.clock.advance(3_499);
    assert.deepEqual(caller.statuses, [100]);
    proxy.clock.advance(1);
    assert.deepEqual(caller.statuses, [100, 100]);
    resolve({ kind: 'respond', status: 404 });
    await settle();
    assert.deepEqual(caller.statuses, [100, 100, 404, 404]);
  });

  test('a decider that throws costs its request a 500 and nobody else anything', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.decide = () => {
      throw new Error('broken');
    };
    proxy.receive(request('MESSAGE'), caller);
    proxy.decide = () => Promise.reject(new Error('broken later'));
    proxy.receive(request('MESSAGE'), caller);
    await settle();
    proxy.decide = () => ({ kind: 'respond', status: 200 });
    proxy.receive(request('MESSAGE'), caller);
    assert.deepEqual(caller.statuses, [500, 500, 200]);
    assert.equal(proxy.counts.faults['decider-threw'], 2);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('headers that are none cost a 500, not the server', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.decide = () => ({ kind: 'respond', status: 200, headers: [['X', 'a\r\nEvil: b']] });
    proxy.receive(request('MESSAGE'), caller);
    proxy.forward({
      groups: [[toWire(proxy.wire())]],
      edits: [{ op: 'set', name: 'X', value: 'a\r\nb' }],
    });
    proxy.receive(request('MESSAGE'), caller);
    assert.deepEqual(caller.statuses, [500, 500]);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('nobody decides: 404; no targets: 480; drop: nothing, and nothing is left', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.decide = () => ({ kind: 'continue' });
    proxy.receive(request('MESSAGE'), caller);
    proxy.forward({ groups: [[]] });
    proxy.receive(request('MESSAGE'), caller);
    proxy.decide = () => ({ kind: 'drop', reason: 'test' });
    proxy.receive(request('MESSAGE'), caller);
    assert.deepEqual(caller.statuses, [404, 480]);
    assert.equal(proxy.counts.faults['dropped'], 1);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('faulty requests are refused before any decider sees them', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.receive(request('MESSAGE', { uri: 'soap:bob' }), caller);
    proxy.receive(request('MESSAGE', { more: [['Proxy-Require', 'foo, bar']] }), caller);
    proxy.receive(request('MESSAGE', { more: [['Call-ID', 'again']] }), caller);
    proxy.receive(request('ACK', { more: [['Call-ID', 'again']] }), caller);
    assert.deepEqual(caller.statuses, [416, 420, 400]);
    assert.equal(caller.responses[1]?.header('Unsupported'), 'foo, bar');
    assert.equal(proxy.contexts.length, 0);
  });

  test('a request that comes twice is decided once', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(1);
    proxy.forward(plan);
    const invite = request('INVITE');
    proxy.receive(invite, caller);
    proxy.receive(invite, caller);
    assert.deepEqual(caller.statuses, [100, 100]);
    assert.equal(wires[0]?.requests.length, 1);
  });

  test('two clients with the same branch and sent-by do not share a transaction', () => {
    const proxy = new ProxyHarness();
    const { wires, plan } = proxy.callees(1);
    proxy.forward(plan);
    proxy.receive(request('MESSAGE', { branch: 'z9hG4bKsame' }), proxy.wire());
    proxy.receive(request('MESSAGE', { branch: 'z9hG4bKsame' }), proxy.wire());
    assert.equal(wires[0]?.requests.length, 2);
  });

  test('an RFC 2543 client, whose branch proves nothing, is served too', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const via = 'SIP/2.0/TLS old.invalid';
    proxy.decide = () => ({ kind: 'respond', status: 486 });
    const invite = request('INVITE', { via, callId: 'old' });
    proxy.receive(invite, caller);
    proxy.receive(invite, caller);
    assert.deepEqual(caller.statuses, [486, 486]);
    assert.equal(proxy.contexts.length, 1);
    proxy.receive(
      request('ACK', { via, callId: 'old', toTag: caller.answer.to.tag ?? '' }),
      caller,
    );
    assert.equal(proxy.contexts.length, 1);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('over its share of transactions a client gets 503 with Retry-After', () => {
    const proxy = new ProxyHarness({ transactionsPerClient: 2 });
    const caller = proxy.wire();
    proxy.forward(proxy.callees(1).plan);
    for (let i = 0; i < 3; i++) proxy.receive(request('MESSAGE'), caller);
    assert.deepEqual(caller.statuses, [503]);
    assert.equal(caller.answer.header('Retry-After'), '5');
    proxy.receive(request('MESSAGE'), proxy.wire());
    assert.equal(proxy.counts.serverTransactions, 3);
  });

  test('draining: new requests get 503, those of a dialog pass, and it ends with the last answer', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(1);
    const [callee] = wires;
    assert.ok(callee);
    proxy.forward(plan);
    proxy.receive(request('MESSAGE'), caller);
    let drained = false;
    const drain = proxy.core.drain().then(() => (drained = true));
    proxy.receive(request('MESSAGE'), caller);
    proxy.receive(request('BYE', { toTag: 'b1' }), caller);
    assert.deepEqual(caller.statuses, [503]);
    proxy.reply(callee, callee.last('MESSAGE'), 200);
    await settle();
    assert.equal(drained, false);
    proxy.reply(callee, callee.last('BYE'), 200);
    await drain;
    assert.deepEqual(caller.statuses, [503, 200, 200]);
  });
});

test('the ACK of an INVITE that was turned away ends here; that of another goes on', async () => {
  const proxy = new ProxyHarness();
  const caller = proxy.wire();
  const { wires, plan } = proxy.callees(1);
  const via = 'SIP/2.0/TLS caller.invalid;branch=z9hG4bKaway';
  proxy.forward(plan);
  await proxy.core.drain();
  proxy.receive(request('INVITE', { via, callId: 'away' }), caller);
  assert.deepEqual(caller.statuses, [503]);
  const toTag = caller.answer.to.tag ?? '';
  proxy.receive(request('ACK', { via, callId: 'away', toTag }), caller);
  assert.deepEqual(wires[0]?.methods, []);
  proxy.receive(request('ACK', { via: `${via}2`, callId: 'away', toTag }), caller);
  assert.deepEqual(wires[0]?.methods, ['ACK'], 'not that INVITE, whatever its tag');
});

suite('requests of our own', () => {
  const options = { timeout: 5_000 };

  test('the final response arrives, with our Via as it went out', async () => {
    const proxy = new ProxyHarness();
    const message = request('OPTIONS', { via: 'SIP/2.0/TLS unused.invalid;branch=z9hG4bKx' });
    const answer = proxy.core.request(message, toHops('peer').via, options.timeout);
    await settle();
    const peer = proxy.dialler.wires.get('peer');
    assert.ok(peer);
    proxy.receive(buildResponse(peer.last('OPTIONS'), 200), peer);
    assert.equal((await answer).status, 200);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('nobody there, or nobody answers: the error says which', async () => {
    const proxy = new ProxyHarness({ redialDelays: [] });
    proxy.dialler.refusing.add('nobody');
    await assert.rejects(
      proxy.core.request(request('OPTIONS'), toHops('nobody').via, options.timeout),
      {
        code: 'USHER_SIP_UNREACHABLE',
      },
    );
    const late = proxy.core.request(request('OPTIONS'), toHops('silent').via, options.timeout);
    await settle();
    proxy.clock.advance(options.timeout);
    await assert.rejects(late, { code: 'USHER_SIP_TIMEOUT' });
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('closing ends what is under way', async () => {
    const proxy = new ProxyHarness();
    const answer = proxy.core.request(request('OPTIONS'), toHops('peer').via, options.timeout);
    await settle();
    proxy.core.close();
    await assert.rejects(answer, { code: 'USHER_SIP_UNREACHABLE' });
    assert.deepEqual(proxy.left, [0, 0, 0]);
    assert.equal(proxy.clock.pending, 0);
  });
});

test('a congested connection takes no new requests: 503 with Retry-After', () => {
  const proxy = new ProxyHarness();
  const caller = proxy.wire();
  const { wires, plan } = proxy.callees(1);
  const [callee] = wires;
  assert.ok(callee);
  callee.congestedNow = true;
  proxy.forward(plan);
  proxy.receive(request('MESSAGE'), caller);
  assert.deepEqual(caller.statuses, [503]);
  assert.equal(caller.answer.header('Retry-After'), '5');
});
