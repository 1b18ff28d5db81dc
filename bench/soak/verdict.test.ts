import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeHeap } from './heap.ts';
import { judgeMemory, type MemorySample } from './memory.ts';
import { judgeRequests, type SentRequest } from './request.ts';
import { judgeStalls } from './stalls.ts';

const megabyte = 2 ** 20;

function series(of: (index: number) => number): readonly MemorySample[] {
  return Array.from({ length: 90 }, (_, index) => ({
    at: index * 1000,
    bytes: of(index) * megabyte,
  }));
}

function request(sentAt: number, status: number | undefined, took = 10): SentRequest {
  return { method: 'MESSAGE', sentAt, endedAt: sentAt + took, status };
}

test('silence is excused only for what was under way when a process was killed', () => {
  const kills = [100_000];
  const silent = (sentAt: number): number =>
    judgeRequests([request(sentAt, undefined, 40_000)], kills).silent.length;
  assert.equal(silent(99_500), 0);
  assert.equal(silent(100_500), 0);
  assert.equal(silent(90_000), 1, 'long before: it was silent already');
  assert.equal(silent(105_000), 1, 'long after: nobody may have sent it to a dead process');
});

test('errors count against the calm only when nothing failed over', () => {
  const answers = [request(50_000, 200), request(50_000, 401), request(103_000, 503)];
  const calm = judgeRequests(answers, [100_000]);
  assert.equal(calm.calm, 1);
  assert.deepEqual(calm.statuses, { MESSAGE: { 200: 1, 401: 1, 503: 1 } });
  const stormy = judgeRequests([...answers, request(150_000, 503)], [100_000]);
  assert.equal(stormy.calm, 2 / 3);
  assert.equal(judgeRequests([], []).calm, 0, 'nothing asked is nothing shown');
});

test('memory that breathes is no growth, memory that climbs is', () => {
  const breathing = series((index) => 80 + (index % 10) * 4);
  assert.ok(judgeMemory(breathing, 0).ok);
  assert.ok(
    !judgeMemory(
      series((index) => 80 + index * 2),
      0,
    ).ok,
  );
  // It climbed before everything was warm only.
  assert.ok(
    judgeMemory(
      series((index) => Math.min(120, index * 4)),
      40_000,
    ).ok,
  );
  assert.ok(!judgeMemory([], 0).ok, 'a process nobody saw is no proof');
});

test('what a full collection leaves may not grow, however long the run was', () => {
  assert.ok(judgeHeap(60 * megabyte, 65 * megabyte).ok, 'bounded tables fill up');
  assert.ok(!judgeHeap(60 * megabyte, 72 * megabyte).ok);
  assert.ok(!judgeHeap(60 * megabyte, undefined).ok, 'a process that did not say is no proof');
});

/** What is a host's own of a stall of 300 ms at second 10. */
function ownOf(waited: number, control: number, at = 9500): number | undefined {
  return judgeStalls(
    [{ host: 'edge', at: 10_000, milliseconds: 300, waited }],
    [{ at, milliseconds: control }],
  )[0]?.own;
}

test('a stall is the machine’s where the kernel or the control says so, else the process’s own', () => {
  assert.equal(ownOf(0, 0), 300);
  assert.equal(ownOf(280, 0), 20);
  assert.equal(ownOf(0, 400), 0);
  assert.equal(ownOf(0, 400, 2000), 300, 'another second explains nothing');
});
