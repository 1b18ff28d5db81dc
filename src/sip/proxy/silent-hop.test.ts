import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { hopPatience } from './branch.ts';
import type { MemoryWire } from './memory.fixture.ts';
import { ProxyHarness, companion, request, settle, toHops } from './memory.fixture.ts';

/** A request on its way to `one`, or else `two`; `pass` lets time pass. */
async function send(method: string, ...hops: string[]) {
  const proxy = new ProxyHarness();
  const caller = proxy.wire();
  proxy.forward({ groups: [[toHops(...hops)]] });
  const asked = request(method);
  proxy.receive(asked, caller);
  await settle();
  const wire = (name: string): MemoryWire => {
    const found = proxy.dialler.wires.get(name);
    assert.ok(found, `no connection to ${name}`);
    return found;
  };
  const answer = (name: string, status: number): void =>
    proxy.reply(wire(name), wire(name).last(method), status);
  const pass = async (milliseconds: number): Promise<void> => {
    proxy.clock.advance(milliseconds);
    await settle();
  };
  return { proxy, caller, asked, wire, answer, pass };
}

suite('a hop that takes a request and says nothing', () => {
  test('is left for the next one when it had time to say 100', async () => {
    const { proxy, caller, wire, answer, pass } = await send('REGISTER', 'one', 'two');
    await pass(hopPatience - 1);
    assert.deepEqual(proxy.dialler.dialled, ['one']);
    await pass(1);
    assert.deepEqual(wire('two').methods, ['REGISTER']);
    answer('two', 200);
    assert.deepEqual(caller.statuses.at(-1), 200);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('is asked last by the requests that follow', async () => {
    const { proxy, pass } = await send('REGISTER', 'one', 'two');
    await pass(hopPatience);
    proxy.receive(request('REGISTER'), proxy.wire());
    await settle();
    assert.equal(proxy.dialler.wires.get('one')?.requests.length, 1);
    assert.equal(proxy.dialler.wires.get('two')?.requests.length, 2);
  });

  test('may answer late: nobody waits for it, and the caller hears one answer', async () => {
    const { proxy, caller, answer, pass } = await send('MESSAGE', 'one', 'two');
    await pass(hopPatience);
    answer('one', 200);
    answer('two', 200);
    assert.deepEqual(
      caller.statuses.filter((status) => status >= 200),
      [200],
    );
    assert.equal(proxy.counts.faults['stray-response'], 1);
  });

  test('keeps the request once it has said 100', async () => {
    const { proxy, caller, answer, pass } = await send('MESSAGE', 'one', 'two');
    await pass(3_500);
    answer('one', 100);
    await pass(20_000);
    assert.deepEqual(proxy.dialler.dialled, ['one']);
    answer('one', 200);
    assert.equal(caller.statuses.at(-1), 200);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('is waited for until timer F when there is no other', async () => {
    const { proxy, caller, pass } = await send('MESSAGE', 'one');
    await pass(31_999);
    assert.deepEqual(proxy.dialler.dialled, ['one']);
    assert.deepEqual(caller.statuses, [100]);
    await pass(1);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('all of them silent: the last has the rest of the time', async () => {
    const { proxy, wire, pass } = await send('MESSAGE', 'one', 'two', 'three');
    await pass(hopPatience);
    await pass(hopPatience);
    assert.deepEqual(wire('three').methods, ['MESSAGE']);
    await pass(32_000);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });
});

suite('an INVITE whose hop says nothing', () => {
  test('goes to the next one, and the first is cancelled as soon as it wakes up', async () => {
    const { proxy, caller, wire, answer, pass } = await send('INVITE', 'one', 'two');
    await pass(hopPatience);
    answer('two', 180);
    assert.deepEqual(wire('one').methods, ['INVITE'], 'no CANCEL may overtake its INVITE');
    answer('one', 180);
    answer('one', 183);
    assert.deepEqual(wire('one').methods, ['INVITE', 'CANCEL']);
    answer('one', 487);
    assert.deepEqual(wire('one').methods, ['INVITE', 'CANCEL', 'ACK']);
    answer('two', 200);
    assert.deepEqual(caller.statuses, [100, 180, 200]);
    await pass(64_000);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('is a call when the first accepts after all: the other stops ringing', async () => {
    const { proxy, caller, wire, answer, pass } = await send('INVITE', 'one', 'two');
    await pass(hopPatience);
    answer('two', 180);
    answer('one', 200);
    assert.deepEqual(wire('two').methods, ['INVITE', 'CANCEL']);
    answer('two', 487);
    assert.deepEqual(caller.statuses, [100, 180, 200]);
    await pass(64_000);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('both accept: both are calls, and the caller ends one (RFC 3261 16.7 step 5)', async () => {
    const { proxy, caller, answer, pass } = await send('INVITE', 'one', 'two');
    await pass(hopPatience);
    answer('two', 200);
    answer('one', 200);
    assert.deepEqual(caller.statuses, [100, 200, 200]);
    await pass(64_000);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('rings on for minutes once somebody has said 100', async () => {
    const { proxy, caller, answer, pass } = await send('INVITE', 'one', 'two');
    answer('one', 100);
    await pass(60_000);
    assert.deepEqual(proxy.dialler.dialled, ['one']);
    answer('one', 180);
    answer('one', 200);
    assert.deepEqual(caller.statuses, [100, 180, 200]);
  });

  test('goes nowhere else when its caller has given up', async () => {
    const { proxy, caller, asked, wire, answer, pass } = await send('INVITE', 'one', 'two');
    proxy.receive(companion(asked, 'CANCEL'), caller);
    await pass(hopPatience);
    assert.deepEqual(proxy.dialler.dialled, ['one']);
    answer('one', 180);
    assert.deepEqual(wire('one').methods, ['INVITE', 'CANCEL']);
    answer('one', 487);
    assert.equal(caller.statuses.at(-1), 487);
  });

  test('of a hop that wakes up and never ends leaves nothing behind', async () => {
    const { proxy, answer, pass } = await send('INVITE', 'one', 'two');
    await pass(hopPatience);
    answer('two', 486);
    answer('one', 180);
    await pass(64_000);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });
});
