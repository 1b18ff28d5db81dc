import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '#base';
import type { Host } from '#topology';
import { HomePoolHealth, livingFirst } from './pool-health.ts';

const fe01: Host = { fqdn: 'fe01.contoso.net', role: 'frontEnd', addresses: ['127.10.2.11'] };

/** Lets the promises of a probe settle. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the living go first, and the order is otherwise kept', () => {
  assert.deepEqual(
    livingFirst(['a', 'b', 'c', 'd'], (name) => name !== 'a' && name !== 'c'),
    ['b', 'd', 'a', 'c'],
  );
});

test('a member nobody asked yet counts as alive', () => {
  const health = new HomePoolHealth({
    members: [fe01],
    probe: undefined,
    interval: 100,
    clock: new ManualClock(),
  });
  assert.ok(health.alive('fe01.contoso.net'));
});

test('a failed connection counts at once and the next good probe brings the member back', async () => {
  const clock = new ManualClock();
  let asked = 0;
  const probe = { probe: () => Promise.resolve(asked++ >= 0) };
  const health = new HomePoolHealth({ members: [fe01], probe, interval: 100, clock });
  await health.start();
  await settled();
  health.failed('fe01.contoso.net', 'connection refused');
  assert.equal(health.alive('fe01.contoso.net'), false);
  clock.advance(100);
  await settled();
  assert.equal(asked, 2);
  assert.ok(health.alive('fe01.contoso.net'));
  await health.close();
  assert.equal(clock.pending, 0);
});

test('a member that answers that it takes no users is passed over', async () => {
  const clock = new ManualClock();
  const probe = { probe: () => Promise.resolve(false) };
  const health = new HomePoolHealth({ members: [fe01], probe, interval: 100, clock });
  await health.start();
  await settled();
  assert.equal(health.alive('fe01.contoso.net'), false);
  await health.close();
});

test('a probe without an answer within one interval means dead', async () => {
  const clock = new ManualClock();
  const probe = { probe: () => Promise.withResolvers<boolean>().promise };
  const health = new HomePoolHealth({ members: [fe01], probe, interval: 100, clock });
  await health.start();
  clock.advance(100);
  assert.equal(health.alive('fe01.contoso.net'), false);
  await health.close();
  assert.equal(clock.pending, 0);
});

test('without a probe a failure is forgotten after ten intervals', async () => {
  const clock = new ManualClock();
  const health = new HomePoolHealth({ members: [fe01], probe: undefined, interval: 100, clock });
  await health.start();
  health.failed('fe01.contoso.net', 'connection refused');
  clock.advance(999);
  assert.equal(health.alive('fe01.contoso.net'), false);
  clock.advance(1);
  assert.ok(health.alive('fe01.contoso.net'));
  await health.close();
});

test('a member of another make is never probed: it is alive until a connection fails, and tried again', async () => {
  const clock = new ManualClock();
  const probe = { probe: () => Promise.reject(new Error('has no such service')) };
  const kamailio: Host = { ...fe01, fqdn: 'fe03.contoso.net', software: 'other' };
  const health = new HomePoolHealth({ members: [fe01, kamailio], probe, interval: 100, clock });
  await health.start();
  await settled();
  assert.equal(health.alive('fe01.contoso.net'), false);
  assert.ok(health.alive('fe03.contoso.net'));
  health.failed('fe03.contoso.net', 'connection refused');
  assert.equal(health.alive('fe03.contoso.net'), false);
  clock.advance(1000);
  assert.ok(health.alive('fe03.contoso.net'));
  await health.close();
  assert.equal(clock.pending, 0);
});

test('the dump says which state, since when, why and when it is asked again', async () => {
  const clock = new ManualClock(0);
  const probe = { probe: () => Promise.reject(new Error('connect ECONNREFUSED')) };
  const health = new HomePoolHealth({ members: [fe01], probe, interval: 2000, clock });
  await health.start();
  await settled();
  assert.deepEqual(health.dump(), [
    {
      member: 'fe01.contoso.net',
      state: 'down',
      since: '1970-01-01T00:00:00.000Z',
      reason: 'connect ECONNREFUSED',
      nextProbe: '1970-01-01T00:00:02.000Z',
    },
  ]);
  await health.close();
});
