import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ManualClock, SiblingCircle, newProcessName } from '#base';
import { buildResponse, encodeText } from '../message/index.ts';
import type { SipRequest } from '../message/index.ts';
import {
  companion,
  MemoryWire,
  ProxyHarness,
  request,
  settle,
  toWire,
} from '../proxy/memory.fixture.ts';

const server = { kind: 'server', fqdn: 'edge01.example.net' } as const;

/** Lets questions and answers between processes settle, and what follows from them. */
async function settled(): Promise<void> {
  for (let i = 0; i < 4; i++) await settle();
}

const asked = (): SipRequest => request('INVITE', { branch: 'z9hG4bKtheirs' });

describe('two processes of one host are one SIP element', () => {
  let clock: ManualClock;
  let here: ProxyHarness;
  let there: ProxyHarness;
  let caller: MemoryWire;
  let callee: MemoryWire;

  beforeEach(() => {
    clock = new ManualClock(1_000_000);
    const circle = new SiblingCircle(clock);
    here = new ProxyHarness({}, circle);
    there = new ProxyHarness({}, circle);
    caller = here.wire();
    callee = there.wire();
    here.forward({ groups: [[toWire(callee)]] });
  });

  /** The caller's request, as it reached the callee. */
  async function passes(method: string): Promise<SipRequest> {
    here.receive(request(method), caller);
    await settled();
    return callee.last(method);
  }

  const close = (wire: MemoryWire): void => {
    wire.close();
    there.core.connectionClosed(wire.id);
  };

  test('a request reaches a client of the other one, and every response comes back', async () => {
    const invite = await passes('INVITE');
    for (const status of [180, 183, 200]) there.reply(callee, invite, status);
    await settled();
    assert.deepEqual(caller.statuses, [100, 180, 183, 200]);
    assert.deepEqual(there.left, [0, 0, 0]);
    assert.equal(there.counts.handover.passedOn, 3);
  });

  test('text that is no ASCII, and a body of any bytes, arrive as they were sent', async () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');
    const message = request('MESSAGE', { body, more: [['Subject', encodeText('Grüße, 你好')]] });
    here.receive(message, caller);
    await settled();
    const arrived = callee.last('MESSAGE');
    assert.deepEqual(arrived.body, message.body);
    assert.equal(arrived.header('Subject'), message.header('Subject'));
  });

  test('a connection is borrowed once, and used again without asking', async () => {
    await passes('MESSAGE');
    here.receive(request('MESSAGE'), caller);
    await settle();
    assert.equal(callee.methods.length, 2);
    assert.equal(here.counts.handover.borrowed, 1);
    assert.equal(there.counts.handover.lent, 1);
  });

  test('a refusal is acknowledged over the same connection', async () => {
    const invite = await passes('INVITE');
    there.reply(callee, invite, 486);
    await settled();
    assert.equal(caller.answer.status, 486);
    assert.deepEqual(callee.methods, ['INVITE', 'ACK']);
  });

  test('a caller who gives up stops a phone at the other process', async () => {
    const call = request('INVITE');
    here.receive(call, caller);
    await settled();
    const invite = callee.last('INVITE');
    there.reply(callee, invite, 180);
    await settled();
    here.receive(companion(call, 'CANCEL'), caller);
    await settled();
    there.reply(callee, callee.last('CANCEL'), 200);
    there.reply(callee, invite, 487);
    await settled();
    assert.deepEqual(caller.statuses, [100, 180, 200, 487]);
    assert.equal(there.counts.faults['stray-response'], undefined);
  });

  for (const [what, gone] of [
    ['the client’s connection closes', () => close(callee)],
    ['the process that has it dies', () => there.siblings.leave()],
  ] as const) {
    test(`when ${what}, whoever waits for an answer over it is told at once`, async () => {
      await passes('INVITE');
      gone();
      await settled();
      assert.equal(caller.answer.status, 504);
      assert.equal(here.counts.handover.borrowed, 0);
      assert.equal(there.counts.handover.lent === 0 || what.includes('dies'), true);
    });
  }

  test('a connection that closes while it is being borrowed is not used', async () => {
    here.receive(request('MESSAGE'), caller);
    close(callee);
    await settled();
    assert.equal(caller.answer.status, 504);
    assert.deepEqual(callee.sent, []);
  });

  test('a process that is busy is asked again before its client counts as gone', async () => {
    let times = 0;
    there.siblings.answer('sip:borrow', () => {
      times += 1;
      // It answers, but too late.
      clock.advance(1_000);
      return null;
    });
    here.receive(request('MESSAGE'), caller);
    for (let turn = 0; turn < 8; turn += 1) await settled();
    assert.equal(times, 4);
    assert.equal(caller.answer.status, 504);
  });

  test('a connection nobody has is unreachable at once', async () => {
    here.forward({
      groups: [[{ via: { kind: 'connection', id: `${newProcessName()}1` } }]],
    });
    here.receive(request('MESSAGE'), caller);
    await settle();
    assert.equal(caller.answer.status, 504);
  });

  test('a client that answers over another of its connections, at the other process, is heard', async () => {
    const phone = here.wire();
    const other = new MemoryWire(`${there.siblings.name}9`, phone.peer, phone.label, phone.local, {
      address: phone.remote.address,
      port: 9,
    });
    here.forward({ groups: [[toWire(phone)]] });
    here.receive(request('MESSAGE'), caller);
    there.receive(buildResponse(phone.last('MESSAGE'), 200), other);
    await settled();
    assert.equal(caller.answer.status, 200);
  });

  test('somebody else who has learnt the branch is not', async () => {
    const phone = here.wire();
    here.forward({ groups: [[toWire(phone)]] });
    here.receive(request('MESSAGE'), caller);
    there.receive(
      buildResponse(phone.last('MESSAGE'), 200),
      there.wire({ kind: 'client' }, 'other'),
    );
    await settled();
    assert.deepEqual(caller.statuses, []);
    assert.equal(here.counts.faults['stray-response'], 1);
  });

  test('a response for a process that is gone is a stray one', async () => {
    const invite = await passes('INVITE');
    here.siblings.leave();
    there.reply(callee, invite, 200);
    await settled();
    assert.equal(there.counts.faults['stray-response'], 1);
  });

  describe('a CANCEL of a trusted server that comes by another of its connections', () => {
    test('ends the call at the process where it rings', async () => {
      const first = here.wire(server);
      const second = there.wire(server);
      here.receive(asked(), first);
      await settled();
      there.reply(callee, callee.last('INVITE'), 180);
      await settled();
      there.receive(companion(asked(), 'CANCEL'), second);
      await settled();
      assert.deepEqual(second.statuses, [200]);
      assert.deepEqual(callee.methods, ['INVITE', 'CANCEL']);
    });

    test('gets 481 when no process knows the call', async () => {
      const wire = there.wire(server);
      there.receive(companion(asked(), 'CANCEL'), wire);
      await settled();
      assert.deepEqual(wire.statuses, [481]);
    });

    test('gets 481 when the process that may know it dies meanwhile', async () => {
      const wire = there.wire(server);
      there.receive(companion(asked(), 'CANCEL'), wire);
      here.siblings.leave();
      await settled();
      assert.deepEqual(wire.statuses, [481]);
    });

    test('is looked for here alone when a client sends it: its calls are on its own connection', () => {
      const wire = there.wire();
      there.receive(companion(asked(), 'CANCEL'), wire);
      assert.deepEqual(wire.statuses, [481]);
    });
  });

  test('what no sibling of this version says changes nothing', async () => {
    const nonsense = [null, 7, 'x', [], [1, 2], ['x', 'no SIP'], [['x'], 'SIP/2.0 200 OK\r\n\r\n']];
    for (const topic of ['send', 'close', 'closed', 'response', 'cancel', 'borrow']) {
      for (const said of nonsense) {
        there.siblings.tell(here.siblings.name, `sip:${topic}`, said);
        void there.siblings.ask(here.siblings.name, `sip:${topic}`, said);
      }
    }
    await settled();
    await passes('MESSAGE');
  });
});
