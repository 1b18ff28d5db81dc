import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { edit } from '../message/index.ts';
import type { HeaderField } from '../message/index.ts';
import { timerC } from '../transaction/timers.ts';
import type { MemoryWire } from './memory.fixture.ts';
import { ProxyHarness, companion, request, settle, toHops, toWire } from './memory.fixture.ts';

/** An INVITE forked to `count` callees at once. */
function fork(count: number): {
  proxy: ProxyHarness;
  caller: MemoryWire;
  callees: MemoryWire[];
  invite: ReturnType<typeof request>;
  answer: (index: number, status: number, headers?: HeaderField[]) => void;
} {
  const proxy = new ProxyHarness();
  const caller = proxy.wire();
  const { wires: callees, plan } = proxy.callees(count);
  proxy.forward(plan);
  const invite = request('INVITE');
  proxy.receive(invite, caller);
  return {
    proxy,
    caller,
    callees,
    invite,
    answer(index, status, headers) {
      const callee = callees[index];
      assert.ok(callee);
      proxy.reply(callee, callee.last('INVITE'), status, headers);
    },
  };
}

/** Whatever the outcome, an acknowledged call and some time leave nothing behind. */
function nothingStays(proxy: ProxyHarness): void {
  proxy.clock.advance(64_000);
  assert.deepEqual(proxy.left, [0, 0, 0]);
}

/** Answers in the order they come, `callee: status`; the finals that go back. */
const outcomes: Record<string, { answers: [number, number][]; back: number[] }> = {
  'the first 2xx goes back at once': { answers: [[0, 200]], back: [200] },
  'all refuse: the lowest class wins': {
    answers: [
      [0, 500],
      [1, 404],
      [2, 302],
    ],
    back: [302],
  },
  'within a class the first to come wins': {
    answers: [
      [2, 486],
      [1, 404],
      [0, 480],
    ],
    back: [486],
  },
  '4xx that help the caller go first': {
    answers: [
      [0, 404],
      [1, 486],
      [2, 484],
    ],
    back: [484],
  },
  '401 before 404': {
    answers: [
      [0, 404],
      [1, 401],
      [2, 404],
    ],
    back: [401],
  },
  'a 6xx wins over everything but 2xx': {
    answers: [
      [0, 302],
      [1, 603],
      [2, 404],
    ],
    back: [603],
  },
  'a 2xx wins even over a 6xx': {
    answers: [
      [0, 603],
      [1, 200],
    ],
    back: [200],
  },
  'a 503 is not passed on as such': {
    answers: [
      [0, 503],
      [1, 503],
      [2, 503],
    ],
    back: [504],
  },
  'anything is better than a 503': {
    answers: [
      [0, 503],
      [1, 500],
      [2, 503],
    ],
    back: [500],
  },
  'a flow that failed says nothing about the user': {
    answers: [
      [0, 430],
      [1, 486],
      [2, 430],
    ],
    back: [486],
  },
  'several 2xx all go back': {
    answers: [
      [0, 200],
      [1, 200],
      [2, 200],
    ],
    back: [200, 200, 200],
  },
  'a refusal after a 2xx stays here': {
    answers: [
      [0, 200],
      [1, 486],
      [2, 600],
    ],
    back: [200],
  },
};

suite('an INVITE forked to three at once (RFC 3261 16.7)', () => {
  for (const [name, { answers, back }] of Object.entries(outcomes)) {
    test(name, () => {
      const { proxy, caller, invite, answer } = fork(3);
      for (const [index, status] of answers) answer(index, status);
      assert.deepEqual(
        caller.statuses.filter((status) => status >= 200),
        back,
      );
      proxy.receive(companion(invite, 'ACK', caller.answer.to.tag), caller);
      nothingStays(proxy);
    });
  }

  test('the challenges of all branches travel together', () => {
    const { caller, answer } = fork(3);
    answer(0, 407, [['Proxy-Authenticate', 'Digest realm="a"']]);
    answer(1, 401, [['WWW-Authenticate', 'Digest realm="b"']]);
    answer(2, 407, [['Proxy-Authenticate', 'Digest realm="c"']]);
    assert.equal(caller.answer.status, 407);
    assert.deepEqual(caller.answer.headers('Proxy-Authenticate'), [
      'Digest realm="a"',
      'Digest realm="c"',
    ]);
    assert.deepEqual(caller.answer.headers('WWW-Authenticate'), ['Digest realm="b"']);
  });

  test('a 2xx cancels the branches that ring, and waits for the others to say something first', () => {
    const { proxy, callees, answer } = fork(3);
    answer(1, 180);
    answer(0, 200);
    assert.deepEqual(
      callees.map(({ methods }) => methods.join()),
      ['INVITE', 'INVITE,CANCEL', 'INVITE'],
    );
    answer(2, 100);
    assert.equal(callees[2]?.methods.join(), 'INVITE,CANCEL');
    const cancel = callees[1]?.last('CANCEL');
    assert.equal(cancel?.header('Reason'), 'SIP;cause=200;text="Call completed elsewhere"');
    const sent = callees[1]?.last('INVITE');
    assert.equal(cancel?.topVia.branch, sent?.topVia.branch);
    assert.equal(cancel?.requestUri, sent?.requestUri);
    assert.equal(cancel?.vias.length, 1);
    answer(1, 487);
    answer(2, 487);
    nothingStays(proxy);
  });

  test('a 6xx cancels the others and goes back when they are done', () => {
    const { caller, callees, answer } = fork(2);
    answer(1, 180);
    answer(0, 603);
    assert.equal(callees[1]?.methods.join(), 'INVITE,CANCEL');
    assert.deepEqual(caller.statuses, [100, 180]);
    answer(1, 487);
    assert.deepEqual(caller.statuses, [100, 180, 603]);
  });

  test('ringing of every branch is heard until the final answer', () => {
    const { caller, answer } = fork(2);
    answer(0, 180);
    answer(1, 183);
    answer(0, 200);
    answer(1, 180);
    assert.deepEqual(caller.statuses, [100, 180, 183, 200]);
  });
});

suite('groups one after the other', () => {
  test('the next group is asked when all of one refused, and not after a 6xx', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const [a, b, c] = [proxy.wire(), proxy.wire(), proxy.wire()];
    proxy.forward({ groups: [[toWire(a)], [toWire(b)], [toWire(c)]] });
    proxy.receive(request('INVITE'), caller);
    assert.deepEqual([a.requests.length, b.requests.length], [1, 0]);
    proxy.reply(a, a.last('INVITE'), 480);
    proxy.reply(b, b.last('INVITE'), 600);
    assert.equal(c.requests.length, 0);
    assert.deepEqual(caller.statuses, [100, 600]);
  });

  test('a group whose connections are all gone is passed over', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const [gone, here] = [proxy.wire(), proxy.wire()];
    gone.close();
    proxy.forward({ groups: [[toWire(gone), toWire(gone)], [], [toWire(here)]] });
    proxy.receive(request('MESSAGE'), caller);
    proxy.reply(here, here.last('MESSAGE'), 200);
    assert.deepEqual(caller.statuses, [200]);
  });
});

suite('CANCEL', () => {
  test('passes on why it came, and gives no reason of its own', () => {
    for (const reason of ['SIP;cause=200;text="Call completed elsewhere"', undefined]) {
      const { proxy, caller, callees, invite, answer } = fork(1);
      answer(0, 180);
      const cancel = companion(invite, 'CANCEL');
      const more =
        reason === undefined ? [] : [{ op: 'append', name: 'Reason', value: reason } as const];
      proxy.receive(edit(cancel, more), caller);
      assert.equal(callees[0]?.last('CANCEL').header('Reason'), reason);
    }
  });

  test('of a ringing INVITE: 200 to it, CANCEL onward, 487 back', () => {
    const { proxy, caller, callees, invite, answer } = fork(1);
    answer(0, 180);
    proxy.receive(companion(invite, 'CANCEL'), caller);
    assert.equal(caller.answer.cseq.method, 'CANCEL');
    assert.equal(callees[0]?.methods.join(), 'INVITE,CANCEL');
    const [callee] = callees;
    assert.ok(callee);
    proxy.reply(callee, callee.last('CANCEL'), 200);
    answer(0, 487);
    assert.deepEqual(caller.statuses, [100, 180, 200, 487]);
    assert.equal(callee.methods.join(), 'INVITE,CANCEL,ACK');
    proxy.receive(companion(invite, 'ACK', caller.answer.to.tag), caller);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('that crosses the 200: the call stands', () => {
    const { proxy, caller, invite, answer } = fork(1);
    answer(0, 180);
    proxy.receive(companion(invite, 'CANCEL'), caller);
    answer(0, 200);
    assert.deepEqual(caller.statuses, [100, 180, 200, 200]);
    assert.equal(caller.answer.cseq.method, 'INVITE');
    nothingStays(proxy);
  });

  test('before the callee has said anything waits for its first word', () => {
    const { proxy, caller, callees, invite, answer } = fork(1);
    proxy.receive(companion(invite, 'CANCEL'), caller);
    assert.equal(callees[0]?.methods.join(), 'INVITE');
    answer(0, 100);
    assert.equal(callees[0]?.methods.join(), 'INVITE,CANCEL');
  });

  test('of an INVITE whose callee never says a word ends with timer B', () => {
    const { proxy, caller, invite } = fork(1);
    proxy.receive(companion(invite, 'CANCEL'), caller);
    proxy.clock.advance(32_000);
    assert.deepEqual(caller.statuses, [100, 200, 487]);
  });

  test('the callee ignores: after 64*T1 the INVITE ends all the same', () => {
    const { proxy, caller, invite, answer } = fork(1);
    answer(0, 180);
    proxy.receive(companion(invite, 'CANCEL'), caller);
    proxy.clock.advance(32_000);
    assert.deepEqual(caller.statuses, [100, 180, 200, 487]);
    answer(0, 200);
    assert.deepEqual(caller.statuses, [100, 180, 200, 487]);
    assert.equal(proxy.counts.faults['stray-response'], 1);
    proxy.receive(companion(invite, 'ACK', caller.answer.to.tag), caller);
    assert.deepEqual(proxy.left, [0, 0, 0]);
  });

  test('while the deciders still think: nothing is forwarded', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(1);
    proxy.decide = async () => {
      await settle();
      return { kind: 'forward', plan };
    };
    const invite = request('INVITE');
    proxy.receive(invite, caller);
    proxy.receive(companion(invite, 'CANCEL'), caller);
    for (let i = 0; i < 3; i++) await settle();
    assert.deepEqual(caller.statuses, [200, 487]);
    assert.equal(wires[0]?.requests.length, 0);
  });

  test('while the hop is being dialled: nothing is sent there', async () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    proxy.forward({ groups: [[toHops('callee')]] });
    const invite = request('INVITE');
    proxy.receive(invite, caller);
    proxy.receive(companion(invite, 'CANCEL'), caller);
    await settle();
    assert.deepEqual(caller.statuses, [100, 200, 487]);
    assert.deepEqual(proxy.dialler.wires.get('callee')?.sent, []);
  });

  test('of another request is confirmed and changes nothing (RFC 3261 9.2)', () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(1);
    const [callee] = wires;
    assert.ok(callee);
    proxy.forward(plan);
    const message = request('MESSAGE');
    proxy.receive(message, caller);
    proxy.receive(companion(message, 'CANCEL'), caller);
    assert.deepEqual(callee.methods, ['MESSAGE']);
    proxy.reply(callee, callee.last('MESSAGE'), 200);
    proxy.receive(companion(message, 'CANCEL'), caller);
    assert.deepEqual(caller.statuses, [200, 200, 481]);
  });

  test('of nothing gets 481, also from somebody who is not the caller', () => {
    const { proxy, callees, invite, answer } = fork(1);
    answer(0, 180);
    const stranger = proxy.wire();
    proxy.receive(companion(invite, 'CANCEL'), stranger);
    assert.deepEqual(stranger.statuses, [481]);
    assert.equal(callees[0]?.methods.join(), 'INVITE');
  });

  test('from a trusted server that has reconnected still finds its INVITE', () => {
    const proxy = new ProxyHarness();
    const peer = { kind: 'server', fqdn: 'edge.example.net' } as const;
    const { wires, plan } = proxy.callees(1);
    const [callee] = wires;
    assert.ok(callee);
    proxy.forward(plan);
    const invite = request('INVITE');
    const before = proxy.wire(peer);
    proxy.receive(invite, before);
    proxy.reply(callee, callee.last('INVITE'), 180);
    before.close();
    const after = proxy.wire(peer);
    proxy.receive(invite, after);
    proxy.receive(companion(invite, 'CANCEL'), after);
    proxy.reply(callee, callee.last('INVITE'), 487);
    assert.deepEqual(after.statuses, [180, 200, 487]);
  });
});

suite('time', () => {
  test('timer C cancels a call that rings for more than three minutes', () => {
    const { proxy, caller, callees, answer } = fork(1);
    answer(0, 180);
    proxy.clock.advance(timerC - 1);
    answer(0, 180);
    proxy.clock.advance(timerC - 1);
    assert.equal(callees[0]?.methods.join(), 'INVITE');
    proxy.clock.advance(1);
    assert.equal(callees[0]?.methods.join(), 'INVITE,CANCEL');
    answer(0, 487);
    assert.equal(caller.answer.status, 487);
  });

  test('an INVITE nobody answers gets 408, another request nothing: its client has given up', () => {
    const { proxy, caller } = fork(2);
    proxy.receive(request('MESSAGE'), caller);
    proxy.clock.advance(32_000);
    assert.deepEqual(
      caller.responses.map(({ status, cseq }) => `${status} ${cseq.method}`),
      ['100 INVITE', '100 MESSAGE', '408 INVITE'],
    );
    nothingStays(proxy);
  });

  test("a peer's 408 to a non-INVITE goes back as 504 (RFC 4320)", () => {
    const proxy = new ProxyHarness();
    const caller = proxy.wire();
    const { wires, plan } = proxy.callees(1);
    const [callee] = wires;
    assert.ok(callee);
    proxy.forward(plan);
    proxy.receive(request('MESSAGE'), caller);
    proxy.reply(callee, callee.last('MESSAGE'), 408);
    assert.deepEqual(caller.statuses, [504]);
  });
});
