import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { ManualClock, SiblingCircle, type CircleMember } from '#base';
import { Buckets } from './buckets.ts';
import { UseExchange } from './use-exchange.ts';

const rate = { burst: 60, perSecond: 20 };
const sender = '192.0.2.7';

suite('one limit for a sender at three processes', () => {
  let clock: ManualClock;
  let members: CircleMember[];
  let processes: { buckets: Buckets; exchange: UseExchange }[];

  beforeEach(() => {
    clock = new ManualClock(1_000_000);
    const circle = new SiblingCircle(clock);
    members = [circle.join(), circle.join(), circle.join()];
    processes = members.map((member) => {
      const buckets = new Buckets(rate, 1, (name) => exchange.tell(name));
      const exchange = new UseExchange(member, clock, 'source', (name, count) =>
        buckets.add(name, count, clock.now()),
      );
      return { buckets, exchange };
    });
  });

  /** How many of `perSecond` requests a second are taken within ten seconds, spread over all processes. */
  async function taken(perSecond: number): Promise<number> {
    let count = 0;
    for (let request = 0; request < 10 * perSecond; request += 1) {
      const process = processes[request % processes.length];
      if (process?.buckets.allows(sender, clock.now()) === true) count += 1;
      clock.advance(1000 / perSecond);
      // What was told is heard between two requests.
      for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
    }
    return count;
  }

  test('a sender that floods all of them gets hardly more than at one', async () => {
    const once = rate.burst + 10 * rate.perSecond;
    const count = await taken(200);
    assert.ok(count >= once * 0.9 && count <= once * 1.25, `${count} of ${once}`);
  });

  test('a sender within its limit is never told of, and never refused', async () => {
    const heard: unknown[] = [];
    for (const member of members) member.hear('overload:source', (said) => heard.push(said));
    assert.equal(await taken(rate.perSecond), 10 * rate.perSecond);
    assert.deepEqual(heard, []);
  });

  test('a sender that stops is let in again as soon as at one process', async () => {
    await taken(200);
    clock.advance((1000 * 2 * rate.burst) / rate.perSecond);
    for (const { buckets } of processes) assert.ok(buckets.allows(sender, clock.now()));
  });

  test('what is told is bounded, whoever comes', () => {
    let told = 0;
    members[1]?.hear('overload:source', (said) => {
      told = Array.isArray(said) ? said.length : -1;
    });
    for (let name = 0; name < 5_000; name += 1) processes[0]?.exchange.tell(`sender ${name}`);
    clock.advance(100);
    return Promise.resolve().then(() => assert.equal(told, 1_000));
  });

  test('what no process of this version tells counts for nothing', async () => {
    for (const said of [null, 'x', [1], [[1, 2]], [['x', 'y']]]) {
      members[0]?.tellAll('overload:source', said);
    }
    for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
    assert.ok(processes[1]?.buckets.allows('x', clock.now()));
  });

  test('a process without siblings keeps no account', () => {
    const circle = new SiblingCircle(clock);
    const alone = new UseExchange(circle.join(), clock, 'source', () => assert.fail());
    alone.tell(sender);
    assert.equal(clock.pending, 0);
  });
});
