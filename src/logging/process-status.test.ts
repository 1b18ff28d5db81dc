import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock, SiblingCircle, type Dump } from '#base';
import type { ProcessStatus } from './process-shape.ts';
import { answerStatus, hostStatus, statusOfOthers } from './process-status.ts';

function status(pid: number, details: Dump, lastFailure: string | null = null): ProcessStatus {
  return {
    pid,
    uptime: 10 * pid,
    residentMemory: 100,
    eventLoop: { highest: pid, stalls: 1 },
    recorder: { recorded: 5, dropped: 1, lost: 0, queued: 2, lastFailure },
    details,
  };
}

test('amounts of several processes are added, of delays the longest counts, texts are those of the first', () => {
  const host = hostStatus(status(1, null), [status(2, null, 'disk full'), status(3, null)]);
  assert.deepEqual(host, {
    pid: 1,
    uptime: 10,
    residentMemory: 300,
    eventLoop: { highest: 3, stalls: 3 },
    recorder: { recorded: 15, dropped: 3, lost: 0, queued: 6, lastFailure: 'disk full' },
    details: null,
  });
});

test('what roles say is added by name, sockets one by one; ports and copies stay what they are', () => {
  const one = {
    role: 'frontEnd',
    bindings: 7,
    sip: {
      connections: { sip: 2 },
      listeners: [{ label: 'sip', port: 5, refused: 1, listening: true }],
      hops: [{ name: 'fe02', down: false }],
      proxy: { requests: 10, overload: { loopDelay: 4, bySource: 1 } },
    },
  };
  const two = {
    role: 'frontEnd',
    bindings: 7,
    sip: {
      connections: { sip: 1, dialled: 3 },
      listeners: [{ label: 'sip', port: 5, refused: 2, listening: true }],
      hops: [],
      proxy: { requests: 5, overload: { loopDelay: 9, bySource: 1 } },
    },
  };
  assert.deepEqual(hostStatus(status(1, one), [status(2, two)]).details, {
    role: 'frontEnd',
    bindings: 7,
    sip: {
      connections: { sip: 3, dialled: 3 },
      listeners: [{ label: 'sip', port: 5, refused: 3, listening: true }],
      hops: [{ name: 'fe02', down: false }],
      proxy: { requests: 15, overload: { loopDelay: 9, bySource: 2 } },
    },
  });
});

test('every process asked tells how it is; one that says something else is left out', async () => {
  const circle = new SiblingCircle(new ManualClock());
  const [asking, well, odd] = [circle.join(), circle.join(), circle.join()];
  answerStatus(well, () => status(2, { role: 'edge' }));
  odd.answer('logging:status', () => 'fine, thank you');
  assert.deepEqual(await statusOfOthers(asking), [status(2, { role: 'edge' })]);
});
