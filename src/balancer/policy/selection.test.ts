import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Scheduling } from '#topology';
import { AffinityTable } from './affinity.ts';
import { Scheduler, weightOf } from './scheduling.ts';
import { type Choosable, selectMember } from './selection.ts';

const members = (...hosts: string[]): Choosable[] =>
  hosts.map((host) => ({ host, state: 'up', since: 0, recovered: false }));

/** Opens `count` connections that stay open; returns how many each member holds. */
function hold(
  count: number,
  of: readonly Choosable[],
  options: { scheduling?: Scheduling; held?: Map<string, number>; now?: number } = {},
): Map<string, number> {
  const held = options.held ?? new Map<string, number>();
  const scheduler = new Scheduler(options.scheduling ?? 'leastConnections');
  for (let n = 0; n < count; n += 1) {
    const member = selectMember(
      {
        members: of,
        client: `192.0.2.${n}`,
        clientPort: 0,
        connectionsPerMember: undefined,
        now: options.now ?? 0,
        refusedBy: new Set(),
        connections: (host) => held.get(host) ?? 0,
      },
      { scheduler, affinity: undefined, slowStart: { duration: 30_000, floor: 0.1 } },
    );
    if (member !== undefined) held.set(member.host, (held.get(member.host) ?? 0) + 1);
  }
  return held;
}

/** Whom a client gets when `a` holds 5 and `b` 7 connections of at most `limit`. */
const chosenUpTo = (limit: number): string | undefined =>
  selectMember(
    {
      members: members('a', 'b'),
      client: '192.0.2.1',
      clientPort: 4000,
      connectionsPerMember: limit,
      now: 0,
      refusedBy: new Set(),
      connections: (host) => (host === 'a' ? 5 : 7),
    },
    {
      scheduler: new Scheduler('roundRobin'),
      affinity: undefined,
      slowStart: { duration: 0, floor: 1 },
    },
  )?.host;

describe('the choice of a member', () => {
  it('takes the member with the fewest connections, in turn when they are equal', () => {
    assert.deepEqual(hold(3, members('a', 'b', 'c'), { held: new Map([['a', 3]]) }).get('a'), 3);
    const even = hold(300, members('a', 'b', 'c'));
    assert.deepEqual([...even.values()], [100, 100, 100]);
  });

  it('takes them in turn with round robin, whatever they hold', () => {
    const held = hold(10, members('a', 'b'), {
      scheduling: 'roundRobin',
      held: new Map([['a', 90]]),
    });
    assert.deepEqual([held.get('a'), held.get('b')], [95, 5]);
  });

  it('keeps a client with its member by hash, however many connections the member holds', () => {
    const busy = new Map([['a', 900]]);
    const one = hold(200, members('a', 'b'), { scheduling: 'maglev', held: busy });
    const share = (one.get('a') ?? 0) - 900;
    assert.ok(share > 60 && share < 140, `a got ${share} of 200`);
  });

  it('passes over a member that holds all it may, and finds nobody when all do', () => {
    assert.equal(chosenUpTo(5), undefined);
    assert.equal(chosenUpTo(6), 'a');
  });

  it('does not flood a member that returns: it gets its share as its weight grows', () => {
    const returning: Choosable[] = [
      ...members('a'),
      { host: 'b', state: 'up', since: 0, recovered: true },
    ];
    const held = new Map([['a', 500]]);
    hold(100, returning, { held, now: 0 });
    assert.ok((held.get('b') ?? 0) < 60, `b got ${held.get('b')} of 100 at once`);
    hold(1000, returning, { held, now: 30_000 });
    assert.ok(Math.abs((held.get('a') ?? 0) - (held.get('b') ?? 0)) <= 1);
  });

  it('lets the weight of a returning member rise in a straight line, and only then', () => {
    const slowStart = { duration: 1000, floor: 0.1 };
    const weight = (recovered: boolean, now: number) =>
      weightOf({ recovered, since: 0 }, now, slowStart);
    assert.equal(weight(false, 0), 1);
    assert.deepEqual(
      [0, 500, 1000, 5000].map((now) => weight(true, now)),
      [0.1, 0.55, 1, 1],
    );
  });

  it('never takes a member that is not up or that refused this connection', () => {
    const states = fc.constantFrom('up' as const, 'down' as const, 'checking' as const);
    fc.assert(
      fc.property(
        fc.array(states, { maxLength: 6 }),
        fc.array(fc.nat(5), { maxLength: 6 }),
        fc.constantFrom<Scheduling>('leastConnections', 'roundRobin'),
        (given, refusals, scheduling) => {
          const all = given.map((state, n) => ({
            host: `m${n}`,
            state,
            since: 0,
            recovered: true,
          }));
          const refusedBy = new Set(refusals.map((n) => `m${n}`));
          const chosen = selectMember(
            {
              members: all,
              client: 'c',
              clientPort: 0,
              connectionsPerMember: undefined,
              now: 1,
              refusedBy,
              connections: () => 0,
            },
            {
              scheduler: new Scheduler(scheduling),
              affinity: new AffinityTable(10, 10),
              slowStart: { duration: 10, floor: 0.1 },
            },
          );
          const open = all.filter(({ host, state }) => state === 'up' && !refusedBy.has(host));
          assert.equal(chosen === undefined, open.length === 0);
          if (chosen !== undefined) assert.ok(open.includes(chosen));
        },
      ),
    );
  });
});

describe('affinity', () => {
  it('keeps 1,000 clients with their members until 20 minutes after the last use', () => {
    const affinity = new AffinityTable(1_200_000, 2000);
    const scheduler = new Scheduler('roundRobin');
    const choose = (client: string, now: number, of = members('a', 'b', 'c')) =>
      selectMember(
        {
          members: of,
          client,
          clientPort: 0,
          connectionsPerMember: undefined,
          now,
          refusedBy: new Set(),
          connections: () => 0,
        },
        { scheduler, affinity, slowStart: { duration: 0, floor: 1 } },
      )?.host;
    const clients = Array.from({ length: 1000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
    const first = clients.map((client) => choose(client, 0));
    assert.deepEqual(
      clients.map((client) => choose(client, 1_199_999)),
      first,
    );
    assert.equal(affinity.find('10.0.0.1', 2_399_998), first[1]);
    assert.equal(affinity.find('10.0.0.1', 2_399_999), undefined);
  });

  it('moves the clients of a member that is out, and does not bring them back', () => {
    const affinity = new AffinityTable(1000, 10);
    affinity.bind('c', 'a', 0);
    const rules = {
      scheduler: new Scheduler('leastConnections'),
      affinity,
      slowStart: { duration: 0, floor: 1 },
    };
    const choose = (of: readonly Choosable[]) =>
      selectMember(
        {
          members: of,
          client: 'c',
          clientPort: 0,
          connectionsPerMember: undefined,
          now: 1,
          refusedBy: new Set(),
          connections: () => 0,
        },
        rules,
      )?.host;
    assert.equal(
      choose([{ host: 'a', state: 'down', since: 0, recovered: false }, ...members('b')]),
      'b',
    );
    assert.equal(choose(members('a', 'b')), 'b');
  });

  it('forgets the client used longest ago when it is full', () => {
    const affinity = new AffinityTable(1000, 2);
    affinity.bind('one', 'a', 0);
    affinity.bind('two', 'a', 1);
    affinity.bind('one', 'a', 2);
    affinity.bind('three', 'b', 3);
    assert.deepEqual(
      ['one', 'two', 'three'].map((client) => affinity.find(client, 4)),
      ['a', undefined, 'b'],
    );
    assert.deepEqual(affinity.stats(), { clients: 2, evicted: 1 });
  });

  it('renews when a connection ends, unless the client has moved since', () => {
    const affinity = new AffinityTable(100, 2);
    affinity.bind('c', 'a', 0);
    affinity.renew('c', 'a', 90);
    assert.equal(affinity.find('c', 150), 'a');
    affinity.bind('c', 'b', 150);
    affinity.renew('c', 'a', 160);
    assert.equal(affinity.find('c', 161), 'b');
  });

  it('releases every client of a member that drains', () => {
    const affinity = new AffinityTable(100, 10);
    for (const client of ['one', 'two', 'three']) affinity.bind(client, 'a', 0);
    affinity.bind('four', 'b', 0);
    assert.equal(affinity.release('a'), 3);
    assert.deepEqual(affinity.stats(), { clients: 1, evicted: 0 });
  });
});
