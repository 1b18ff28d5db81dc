import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { edit } from '../message/index.ts';
import { runChain } from './chain.ts';
import { loop, maxForwards } from './deciders.ts';
import { ProxyHarness, companion, request, settle, toHops, toWire } from './memory.fixture.ts';

suite('forwarding one request', () => {
  test('it leaves with our Via on top, one hop less, and the edits of plan and target', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const callee = proxy.wire();
    proxy.forward({
      groups: [
        [
          {
            ...toWire(callee),
            requestUri: 'sip:bob@127.0.0.9',
            edits: [{ op: 'append', name: 'X-Target', value: 'two' }],
          },
        ],
      ],
      edits: [{ op: 'prepend', name: 'Record-Route', value: '<sip:proxy.example.net;lr>' }],
      onResponse: ({ status }) => [{ op: 'set', name: 'X-Seen', value: String(status) }],
    });
    proxy.receive(request('MESSAGE', { body: 'hi' }), caller);
    const sent = callee.last('MESSAGE');
    assert.equal(sent.requestUri, 'sip:bob@127.0.0.9');
    assert.equal(sent.maxForwards, 69);
    assert.equal(sent.header('Record-Route'), '<sip:proxy.example.net;lr>');
    assert.equal(sent.header('X-Target'), 'two');
    assert.equal(sent.header('Max-Breadth'), '60');
    assert.equal(Buffer.from(sent.body).toString(), 'hi');
    assert.equal(sent.vias.length, 2);
    assert.equal(sent.topVia.sentBy, 'proxy.example.net:15061');
    assert.match(sent.topVia.branch ?? '', /^z9hG4bK/);
    assert.equal(sent.vias[1]?.params.get('received'), caller.remote.address);
    proxy.reply(callee, sent, 202);
    assert.deepEqual(caller.statuses, [202]);
    assert.equal(caller.answer.vias.length, 1);
    assert.equal(caller.answer.header('X-Seen'), '202');
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('a request without Max-Forwards gets 70; with 0 it goes no further', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(1);
    proxy.forward(plan);
    proxy.receive(request('MESSAGE', { maxForwards: undefined }), caller);
    assert.equal(wires[0]?.last('MESSAGE').maxForwards, 70);
    proxy.receive(request('MESSAGE', { maxForwards: 0 }), caller);
    assert.deepEqual(caller.statuses, [483]);
  });

  test('only the peer that was asked may answer', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(1);
    const [callee] = wires;
    assert.ok(callee);
    proxy.forward(plan);
    proxy.receive(request('MESSAGE'), caller);
    proxy.reply(proxy.wire(), callee.last('MESSAGE'), 200);
    assert.deepEqual(caller.statuses, []);
    assert.equal(proxy.counts.faults['stray-response'], 1);
  });

  test('a response that alters the case of our branch is found (RFC 3261 7.3.1)', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(1);
    const [callee] = wires;
    assert.ok(callee);
    proxy.forward(plan);
    proxy.receive(request('MESSAGE'), caller);
    const asked = callee.last('MESSAGE');
    const { branch = '' } = asked.topVia;
    const via = (asked.values('Via')[0] ?? '').replace(branch, branch.toUpperCase());
    proxy.reply(callee, edit(asked, [{ op: 'replaceFirstVia', value: via }]), 200);
    assert.deepEqual(caller.statuses, [200]);
  });

  test('100 stays here; other provisional responses go back for INVITE only (RFC 4320)', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(1);
    const [callee] = wires;
    assert.ok(callee);
    proxy.forward(plan);
    proxy.receive(request('INVITE'), caller);
    for (const status of [100, 180, 183]) proxy.reply(callee, callee.last('INVITE'), status);
    assert.deepEqual(caller.statuses, [100, 180, 183]);
    const other = proxy.wire();
    proxy.receive(request('MESSAGE'), other);
    for (const status of [100, 182]) proxy.reply(callee, callee.last('MESSAGE'), status);
    assert.deepEqual(other.statuses, []);
  });

  test('when the arrival connection is gone its answer is dropped and counted', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(1);
    const [callee] = wires;
    assert.ok(callee);
    proxy.forward(plan);
    proxy.receive(request('MESSAGE'), caller);
    caller.close();
    proxy.reply(callee, callee.last('MESSAGE'), 200);
    assert.equal(proxy.counts.faults['no-way-back'], 1);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('a strict router before us: the last Route is the real Request-URI (RFC 3261 16.4)', () => {
    const proxy = new ProxyHarness();
    const { wires, plan } = proxy.callees(1);
    proxy.forward(plan);
    const more = [['Route', '<sip:next.example.net;lr>, <sip:bob@127.0.0.9>']] as const;
    proxy.receive(
      request('BYE', { uri: 'sip:token@proxy.example.net:15061;lr', toTag: 'b', more: [...more] }),
      proxy.wire(),
    );
    const sent = wires[0]?.last('BYE');
    assert.equal(sent?.requestUri, 'sip:bob@127.0.0.9');
    assert.deepEqual(sent?.values('Route'), ['<sip:next.example.net;lr>']);
  });

  test('a strict router after us gets what it understands (RFC 3261 16.6)', () => {
    const proxy = new ProxyHarness();
    const { wires, plan } = proxy.callees(1);
    proxy.forward(plan);
    const more = [['Route', '<sip:strict.example.net>, <sip:next.example.net;lr>']] as const;
    proxy.receive(request('BYE', { toTag: 'b', more: [...more] }), proxy.wire());
    const sent = wires[0]?.last('BYE');
    assert.equal(sent?.requestUri, 'sip:strict.example.net');
    assert.deepEqual(sent?.values('Route'), ['<sip:next.example.net;lr>', '<sip:bob@example.net>']);
  });

  test('the ACK of a 2xx travels on its own; nothing is kept of it', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.forward({ groups: [[toHops('callee')]] });
    proxy.receive(request('ACK', { toTag: 'b' }), caller);
    await settle();
    const callee = proxy.dialler.wires.get('callee');
    assert.equal(callee?.last('ACK').vias.length, 2);
    assert.equal(callee?.last('ACK').maxForwards, 69);
    assert.deepEqual(caller.sent, []);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('the ACK of a refusal ends here', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(1);
    const [callee] = wires;
    assert.ok(callee);
    proxy.forward(plan);
    const invite = request('INVITE');
    proxy.receive(invite, caller);
    proxy.reply(callee, callee.last('INVITE'), 486);
    assert.deepEqual(callee.methods, ['INVITE', 'ACK']);
    assert.equal(callee.last('ACK').topVia.branch, callee.last('INVITE').topVia.branch);
    assert.equal(callee.last('ACK').to.tag, `at-${callee.id}`);
    proxy.receive(companion(invite, 'ACK', `at-${callee.id}`), caller);
    assert.equal(proxy.contexts.length, 1);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });
});

suite('loops', () => {
  test('a request that returns unchanged is a loop (482), with another Request-URI a spiral', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(1);
    const [back] = wires;
    assert.ok(back);
    proxy.decide = async (context) => {
      const outcome = await runChain([maxForwards, loop], context);
      return outcome.kind === 'continue' ? { kind: 'forward', plan } : outcome;
    };
    proxy.receive(request('MESSAGE'), caller);
    await settle();
    const looped = back.last('MESSAGE');
    proxy.receive(looped, back);
    await settle();
    assert.deepEqual(back.statuses, [482]);
    proxy.forward({ groups: [[{ ...toWire(back), requestUri: 'sip:carol@example.net' }]] });
    proxy.receive(request('MESSAGE'), caller);
    proxy.decide = (context) => runChain([maxForwards, loop], context);
    proxy.receive(back.last('MESSAGE'), back);
    await settle();
    assert.deepEqual(back.statuses, [482, 404]);
  });

  test('maxForwards answers 483 at 0 and passes everything else', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.decide = (context) => runChain([maxForwards], context);
    proxy.receive(request('OPTIONS', { maxForwards: 0 }), caller);
    proxy.receive(request('OPTIONS', { maxForwards: 1 }), caller);
    await settle();
    assert.deepEqual(caller.statuses, [483, 404]);
  });

  test('a fork shares the breadth among its branches; what does not fit goes out later (RFC 5393)', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(3);
    proxy.forward(plan);
    proxy.receive(request('MESSAGE', { more: [['Max-Breadth', '2']] }), caller);
    const [a, b, c] = wires;
    assert.ok(a && b && c);
    assert.equal(a.last('MESSAGE').header('Max-Breadth'), '1');
    assert.equal(c.requests.length, 0);
    proxy.reply(a, a.last('MESSAGE'), 404);
    proxy.reply(b, b.last('MESSAGE'), 404);
    assert.equal(c.last('MESSAGE').header('Max-Breadth'), '2');
    proxy.receive(request('MESSAGE', { more: [['Max-Breadth', '0']] }), caller);
    assert.deepEqual(caller.statuses, [440]);
  });
});
