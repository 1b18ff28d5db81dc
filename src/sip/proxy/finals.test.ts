import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { MemoryWire } from './memory.fixture.ts';
import { ProxyHarness, request, toWire } from './memory.fixture.ts';
import type { ForwardPlan } from './model.ts';

/** A request forked to as many callees as there are names, each of whose finals is noted. */
function fork(method: string, names: readonly string[], more: Partial<ForwardPlan> = {}) {
  const proxy = new ProxyHarness();
  const caller = proxy.wire();
  const callees = new Map<string, MemoryWire>(names.map((name) => [name, proxy.wire()]));
  const heard: string[] = [];
  const group = [...callees].map(([name, wire]) => ({
    ...toWire(wire),
    onFinal: ({ status }: { status: number }) => {
      heard.push(`${name}: ${status}`);
    },
  }));
  proxy.forward({ groups: [group], ...more });
  proxy.receive(request(method), caller);
  const callee = (name: string): MemoryWire => {
    const wire = callees.get(name);
    assert.ok(wire);
    return wire;
  };
  const answer = (name: string, status: number): void =>
    proxy.reply(callee(name), callee(name).last(method), status);
  return { proxy, caller, callee, heard, answer };
}

const broken = (): never => {
  throw new Error('broken listener');
};

const instead: ForwardPlan['instead'] = ({ status }) =>
  status === 430 ? { status: 480, reason: 'Temporarily Unavailable' } : undefined;

suite('a target hears its own final response', () => {
  test('whether it wins or loses', () => {
    const { caller, heard, answer } = fork('INVITE', ['desk', 'phone', 'car']);
    answer('desk', 430);
    answer('phone', 180);
    answer('car', 180);
    answer('phone', 200);
    answer('car', 487);
    assert.deepEqual(heard, ['desk: 430', 'phone: 200', 'car: 487']);
    assert.equal(caller.answer.status, 200);
  });

  test('once, however many 2xx there are', () => {
    const { heard, answer } = fork('INVITE', ['desk']);
    answer('desk', 200);
    answer('desk', 200);
    assert.deepEqual(heard, ['desk: 200']);
  });

  test('and nothing when there was none', () => {
    const { proxy, callee, heard } = fork('MESSAGE', ['desk', 'phone']);
    callee('desk').close();
    proxy.clock.advance(64_000);
    assert.deepEqual(heard, []);
  });

  test('and a listener that throws costs the request nothing', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const desk = proxy.wire();
    proxy.forward({ groups: [[{ ...toWire(desk), onFinal: broken }]] });
    proxy.receive(request('MESSAGE'), caller);
    proxy.reply(desk, desk.last('MESSAGE'), 404);
    assert.deepEqual(caller.statuses, [404]);
    assert.equal(proxy.counts.faults['callback-threw'], 1);
  });
});

suite('a plan may put an answer of its own in place of the best refusal', () => {
  test('when it knows the refusal', () => {
    const { caller, answer } = fork('MESSAGE', ['desk', 'phone'], { instead });
    answer('desk', 430);
    answer('phone', 430);
    assert.deepEqual(caller.statuses, [480]);
    assert.equal(caller.answer.topVia.host, 'caller.invalid');
  });

  test('and lets every other one pass', () => {
    const { caller, answer } = fork('MESSAGE', ['desk', 'phone'], { instead });
    answer('desk', 430);
    answer('phone', 486);
    assert.deepEqual(caller.statuses, [486]);
  });
});
