import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { MemoryWire } from './memory.fixture.ts';
import { ProxyHarness, request, settle, toHops, toWire } from './memory.fixture.ts';

/** The connection to a hop, which must be open. */
function hop(proxy: ProxyHarness, name: string): MemoryWire {
  const wire = proxy.dialler.wires.get(name);
  assert.ok(wire, `no connection to ${name}`);
  return wire;
}

suite('the next hop takes over', () => {
  test('when the first cannot be reached', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.dialler.refusing.add('one');
    proxy.forward({ groups: [[toHops('one', 'two')]] });
    proxy.receive(request('MESSAGE'), caller);
    await settle();
    proxy.reply(hop(proxy, 'two'), hop(proxy, 'two').last('MESSAGE'), 200);
    assert.deepEqual(caller.statuses, [200]);
    assert.deepEqual(proxy.dialler.dialled, ['one', 'two']);
  });

  test('when the connection closes before a word came back', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.forward({ groups: [[toHops('one', 'two')]] });
    proxy.receive(request('INVITE'), caller);
    await settle();
    const first = hop(proxy, 'one').last('INVITE');
    hop(proxy, 'one').close();
    await settle();
    const second = hop(proxy, 'two').last('INVITE');
    assert.notEqual(second.topVia.branch, first.topVia.branch);
    proxy.reply(hop(proxy, 'two'), second, 200);
    assert.deepEqual(caller.statuses, [100, 200]);
  });

  test('when the first answers 503, and not when it answers 500', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.forward({ groups: [[toHops('one', 'two')]] });
    proxy.receive(request('INVITE'), caller);
    await settle();
    proxy.reply(hop(proxy, 'one'), hop(proxy, 'one').last('INVITE'), 503);
    await settle();
    assert.deepEqual(hop(proxy, 'one').methods, ['INVITE', 'ACK']);
    proxy.reply(hop(proxy, 'two'), hop(proxy, 'two').last('INVITE'), 500);
    assert.deepEqual(caller.statuses, [100, 500]);
  });

  test('when the first is congested', async () => {
    const proxy = new ProxyHarness();
    proxy.forward({ groups: [[toHops('one', 'two')]] });
    proxy.receive(request('MESSAGE'), proxy.wire());
    await settle();
    hop(proxy, 'one').congestedNow = true;
    proxy.receive(request('MESSAGE'), proxy.wire());
    await settle();
    assert.equal(hop(proxy, 'two').requests.length, 1);
  });

  test('a hop that failed a moment ago is tried last', async () => {
    const proxy = new ProxyHarness();
    proxy.dialler.down.add('one');
    proxy.forward({ groups: [[toHops('one', 'two')]] });
    proxy.receive(request('MESSAGE'), proxy.wire());
    await settle();
    assert.deepEqual(proxy.dialler.dialled, ['two']);
  });

  test('never for an INVITE that already rings', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.forward({ groups: [[toHops('one', 'two')]] });
    proxy.receive(request('INVITE'), caller);
    await settle();
    proxy.reply(hop(proxy, 'one'), hop(proxy, 'one').last('INVITE'), 180);
    hop(proxy, 'one').close();
    await settle();
    assert.deepEqual(caller.statuses, [100, 180, 504]);
    assert.deepEqual(proxy.dialler.dialled, ['one']);
  });
});

suite('a single hop, such as a VIP', () => {
  test('is dialled again when its connection dies under requests, which are all sent again', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.forward({ groups: [[toHops('vip')]] });
    for (let i = 0; i < 3; i++) proxy.receive(request('MESSAGE'), caller);
    await settle();
    const dead = hop(proxy, 'vip');
    assert.equal(dead.requests.length, 3);
    dead.close();
    await settle();
    const alive = hop(proxy, 'vip');
    assert.notEqual(alive, dead);
    for (const sent of alive.requests) proxy.reply(alive, sent, 200);
    assert.deepEqual(caller.statuses, [200, 200, 200]);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('is tried again after 0, 100 and 400 ms, while the balancer finds out who is dead', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.dialler.refusing.add('vip');
    proxy.forward({ groups: [[toHops('vip')]] });
    proxy.receive(request('MESSAGE'), caller);
    await settle();
    assert.equal(proxy.dialler.dialled.length, 2);
    proxy.clock.advance(100);
    await settle();
    assert.equal(proxy.dialler.dialled.length, 3);
    proxy.dialler.refusing.clear();
    proxy.clock.advance(400);
    await settle();
    proxy.reply(hop(proxy, 'vip'), hop(proxy, 'vip').last('MESSAGE'), 200);
    assert.deepEqual(caller.statuses, [200]);
  });

  test('that stays away: the plan says what to answer', async () => {
    const proxy = new ProxyHarness({ redialDelays: [] });
    const caller = proxy.wire();
    proxy.dialler.refusing.add('vip');
    proxy.forward({
      groups: [[toHops('vip')]],
      unreachable: {
        status: 480,
        reason: 'Pool Down',
        headers: [['ms-diagnostics', '1;reason="x"']],
      },
    });
    proxy.receive(request('MESSAGE'), caller);
    await settle();
    assert.equal(caller.answer.status, 480);
    assert.equal(caller.answer.reason, 'Pool Down');
    assert.equal(caller.answer.header('ms-diagnostics'), '1;reason="x"');
    assert.equal(caller.answer.topVia.params.get('received'), caller.remote.address);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });
});

test("a client's closed connection is not dialled: the plan's answer comes at once", () => {
  const proxy = new ProxyHarness();
  const caller = proxy.wire();
  const callee = proxy.wire();
  proxy.forward({
    groups: [[toWire(callee)]],
    unreachable: { status: 430, reason: 'Flow Failed' },
  });
  proxy.receive(request('INVITE'), caller);
  callee.close();
  proxy.receive(request('MESSAGE'), caller);
  assert.deepEqual(caller.statuses, [100, 430, 430]);
});
