import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type HealthEvent, type MemberHealth, step, unknownHealth } from './health.ts';

const healthy = (at: number): HealthEvent => ({
  kind: 'probed',
  at,
  outcome: { kind: 'healthy', reason: 'OPTIONS answered 200' },
});
const failed = (at: number): HealthEvent => ({
  kind: 'probed',
  at,
  outcome: { kind: 'failed', cause: 'timeout', reason: 'OPTIONS: nothing within 800 ms' },
});
const leaving = (at: number): HealthEvent => ({
  kind: 'probed',
  at,
  outcome: { kind: 'leaving', reason: 'OPTIONS answered 503' },
});
const refused = (at: number): HealthEvent => ({
  kind: 'refused',
  at,
  cause: 'refused',
  reason: 'connect ECONNREFUSED',
});
const guard = (state: 'up' | 'down' | 'draining', at: number): HealthEvent => ({
  kind: 'guard',
  at,
  guard: { state, reason: 'because', cause: 'refused', confirmed: state === 'down' },
});
const after = (...events: HealthEvent[]): MemberHealth => events.reduce(step, unknownHealth(0));

describe('the health of a member', () => {
  it('is unknown until the first probe, and up after one healthy one', () => {
    assert.equal(after().state, 'checking');
    const health = after(healthy(5));
    assert.deepEqual(
      [health.state, health.since, health.consecutive, health.recovered],
      ['up', 5, 1, false],
    );
  });

  it('falls at the first failed probe and needs two healthy ones to come back', () => {
    const down = after(healthy(1), failed(2));
    assert.deepEqual([down.state, down.since, down.cause], ['down', 2, 'timeout']);
    const half = step(down, healthy(3));
    assert.equal(half.state, 'checking');
    assert.match(half.lastReason, /1 of 2 after a fall/u);
    const back = step(half, healthy(4));
    assert.deepEqual([back.state, back.recovered, back.consecutive], ['up', true, 2]);
  });

  it('goes down again when the second probe after a fall fails', () => {
    const health = after(healthy(1), failed(2), healthy(3), failed(4), healthy(5));
    assert.equal(health.state, 'checking');
  });

  it('needs one healthy probe when it never was up, so that a start is quick', () => {
    assert.equal(after(failed(1), failed(2), healthy(3)).state, 'up');
  });

  it('falls at once when it refuses a connection, without waiting for a probe', () => {
    const health = after(healthy(1), refused(2));
    assert.deepEqual([health.state, health.lastReason], ['down', 'connect ECONNREFUSED']);
  });

  it('is confirmed down by the second failure only, so that one lost packet cuts nobody off', () => {
    assert.equal(after(healthy(1), failed(2)).confirmed, false);
    assert.equal(after(healthy(1), failed(2), failed(3)).confirmed, true);
    assert.equal(after(healthy(1), failed(2), failed(3), healthy(4)).confirmed, false);
  });

  it('drains on request, stays drained while healthy, and comes back slowly on resume', () => {
    const drained = after(healthy(1), { kind: 'drain', at: 2 }, healthy(3));
    assert.deepEqual([drained.state, drained.since], ['draining', 2]);
    assert.equal(step(drained, failed(4)).state, 'down');
    const back = step(drained, { kind: 'resume', at: 4 });
    assert.deepEqual([back.state, back.recovered], ['up', true]);
  });

  it('drains when the member answers that it wants no new connections', () => {
    const health = after(healthy(1), leaving(2));
    assert.equal(health.state, 'draining');
    assert.equal(step(health, healthy(3)).state, 'up');
  });

  it('follows its guard: web services leave the pool with the SIP service', () => {
    const down = after(healthy(1), guard('down', 2), healthy(3));
    assert.deepEqual([down.state, down.since, down.confirmed], ['down', 2, true]);
    assert.equal(down.lastReason, 'follows the SIP service, which is down: because');
    assert.equal(step(down, guard('draining', 4)).state, 'draining');
    assert.equal(step(down, guard('up', 4)).state, 'up');
  });

  it('says why it could not probe, and changes nothing else', () => {
    const unable: HealthEvent = {
      kind: 'probed',
      at: 2,
      outcome: { kind: 'unable', reason: 'no source port' },
    };
    const health = after(healthy(1), unable);
    assert.deepEqual([health.state, health.lastReason], ['up', 'no source port']);
  });

  it('never is up right after a failure, and its state began no later than the last event', () => {
    const kinds = fc.constantFrom(healthy, failed, leaving, refused, (at: number) => ({
      kind: 'drain' as const,
      at,
    }));
    fc.assert(
      fc.property(fc.array(kinds, { maxLength: 40 }), (makers) => {
        let health = unknownHealth(0);
        for (const [index, make] of makers.entries()) {
          const event = make(index + 1);
          const before = health;
          health = step(health, event);
          assert.ok(health.since <= index + 1);
          assert.ok(health.consecutive >= 0);
          if (make === failed || make === refused) assert.equal(health.state, 'down');
          if (before.state === 'down' && before.served) assert.notEqual(health.state, 'up');
        }
      }),
      { numRuns: 300 },
    );
  });
});
