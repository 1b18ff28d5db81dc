import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#base';
import { HealthMonitor } from './monitor.ts';
import { type ProbeOutcome, unknownHealth } from './policy/health.ts';
import type { ProbeTarget } from './targets.ts';

const target = (service: 'sip' | 'webInternal', guard?: string): ProbeTarget => ({
  key: `pool/${service}/dir01`,
  serviceKey: `pool/${service}`,
  pool: 'pool',
  service,
  host: 'dir01',
  address: '127.0.0.1',
  port: 0,
  security: 'TLS',
  site: 'pool',
  guard,
});
const sip = target('sip');
const web = target('webInternal', sip.key);
const good: ProbeOutcome = { kind: 'healthy', reason: 'good' };
const bad: ProbeOutcome = { kind: 'failed', cause: 'refused', reason: 'refused' };

/** Lets promises settle; the clock stands still meanwhile. */
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A monitor under a clock that the test moves, and answers that the test gives. */
function watch(targets: readonly ProbeTarget[], random = 1) {
  const clock = new ManualClock(1000);
  const started: string[] = [];
  const changes: string[] = [];
  const answers = new Map<string, ProbeOutcome>(targets.map(({ key }) => [key, good]));
  const silent = new Set<string>();
  const monitor = new HealthMonitor({
    targets,
    clock,
    random: () => random,
    interval: 2000,
    initial: () => unknownHealth(clock.now()),
    prober: ({ key, service }, signal) => {
      started.push(`${service} at ${clock.now()}`);
      if (!silent.has(key)) return Promise.resolve(answers.get(key) ?? bad);
      return new Promise((resolve) => {
        signal.addEventListener('abort', () =>
          resolve({ kind: 'failed', cause: 'timeout', reason: String(signal.reason) }),
        );
      });
    },
    changed: ({ service }, before, after) => {
      if (before.state !== after.state) changes.push(`${service} ${after.state}`);
    },
  });
  const pass = async (milliseconds: number): Promise<void> => {
    clock.advance(milliseconds);
    await settle();
  };
  return { clock, monitor, started, changes, answers, silent, pass };
}

describe('the health monitor', () => {
  it('has a verdict on every member when it has started', async () => {
    const { monitor, changes } = watch([web, sip]);
    await monitor.start();
    assert.deepEqual(changes, ['sip up', 'webInternal up']);
    await monitor.close();
  });

  it('probes once in an interval, at most a fifth earlier, one probe at a time', async () => {
    const { monitor, started, pass } = watch([sip], 0);
    await monitor.start();
    assert.equal(monitor.health(sip.key)?.nextProbe, 2600);
    await pass(1599);
    assert.deepEqual(started, ['sip at 1000']);
    await pass(1);
    assert.deepEqual(started, ['sip at 1000', 'sip at 2600']);
    await monitor.close();
  });

  it('gives a probe less than the interval, and repeats the first failure at once', async () => {
    const { monitor, started, silent, pass } = watch([sip]);
    await monitor.start();
    silent.add(sip.key);
    await pass(2000);
    assert.equal(monitor.health(sip.key)?.state, 'up');
    await pass(800);
    assert.equal(monitor.health(sip.key)?.state, 'down');
    assert.equal(monitor.health(sip.key)?.confirmed, false);
    await pass(0);
    await pass(800);
    assert.equal(monitor.health(sip.key)?.confirmed, true);
    assert.deepEqual(started, ['sip at 1000', 'sip at 3000', 'sip at 3800']);
    assert.equal(monitor.health(sip.key)?.nextProbe, 5800);
    await monitor.close();
  });

  it('takes the web services out and back with the SIP service of the same member', async () => {
    const { monitor, changes, answers, pass } = watch([web, sip]);
    await monitor.start();
    changes.length = 0;
    answers.set(sip.key, bad);
    await pass(2000);
    assert.deepEqual(changes, ['sip down', 'webInternal down']);
    answers.set(sip.key, good);
    for (let n = 0; n < 4; n += 1) await pass(2000);
    assert.deepEqual(changes.slice(2), [
      'sip checking',
      'webInternal checking',
      'sip up',
      'webInternal up',
    ]);
    await monitor.close();
  });

  it('looks again soon while a member has never answered, then as usual', async () => {
    const { monitor, started, answers, pass } = watch([sip]);
    answers.set(sip.key, bad);
    await monitor.start();
    await pass(250);
    assert.deepEqual(started, ['sip at 1000', 'sip at 1250']);
    for (let n = 0; n < 60; n += 1) await pass(250);
    assert.ok(started.length < 48, `${started.length} probes`);
    await monitor.close();
  });

  it('hears a refused connection at once and a suspicion with a probe, not more than one', async () => {
    const { monitor, started, changes, pass } = watch([sip]);
    await monitor.start();
    await pass(1000);
    monitor.suspect(sip.key);
    monitor.suspect(sip.key);
    await settle();
    monitor.suspect(sip.key);
    assert.deepEqual(started, ['sip at 1000', 'sip at 2000']);
    changes.length = 0;
    monitor.refused(sip.key, 'refused', 'connect ECONNREFUSED');
    assert.deepEqual(changes, ['sip down']);
    await monitor.close();
  });

  it('leaves no timer and no probe behind when it closes', async () => {
    const { monitor, clock, silent, pass } = watch([sip, web]);
    await monitor.start();
    silent.add(sip.key);
    await pass(2000);
    await monitor.close();
    assert.equal(clock.pending, 0);
    assert.equal(monitor.health(sip.key)?.state, 'up');
  });
});
