import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { BalancerStatus, MemberStatus } from '#balancer';
import { sessionsOf, statusLines } from '../balancer-text.ts';
import { main } from '../index.ts';
import { terminal } from '../terminal.ts';
import { fakeWorld } from '../world.fixture.ts';

const topology = 'examples/contoso.yaml';
const member: MemberStatus = {
  host: 'dir01.contoso.net',
  address: '127.10.1.11',
  port: 1,
  state: 'draining',
  since: new Date(0).toISOString(),
  reason: 'drained on request',
  nextProbeIn: 1250,
  consecutive: 1,
  connections: 3,
  total: 9,
  failed: 0,
  cut: 2,
  drainEndsIn: 41_500,
};
const status: BalancerStatus = {
  balancer: 'lb01.contoso.net',
  engine: 'embedded',
  pair: null,
  engineFault: null,
  memoryFault: null,
  services: [
    {
      pool: 'dirpool01.contoso.net',
      service: 'sip',
      address: '127.10.1.10',
      port: 1,
      rows: [],
      affinity: 'none',
      boundClients: 0,
      idleTimeout: 1800,
      idleClosed: 0,
      refusals: { noMember: 0, full: 0, perSource: 0, silent: 0, exhausted: 0 },
      bytesToMembers: null,
      bytesToClients: null,
      members: [member, { ...member, host: 'dir02.contoso.net', state: 'down', drainEndsIn: null }],
    },
  ],
  watched: [],
};

describe('usher balancer', () => {
  let state = '';
  before(() => {
    state = mkdtempSync(join(tmpdir(), 'usher-cli-balancer-'));
  });
  after(() => rmSync(state, { recursive: true, force: true }));

  const usher = async (
    ...args: string[]
  ): Promise<{ status: number; out: string; err: string }> => {
    const world = fakeWorld();
    const exit = await main([...args, '--state', state, '--lang', 'en'], world);
    return { status: exit, out: world.out(), err: world.errors() };
  };

  const wrong: readonly (readonly [string, number, RegExp])[] = [
    [
      `balancer status ${topology}`,
      1,
      /lb01\.contoso\.net does not run here.*--state DIR.*HOST_NOT/su,
    ],
    [`balancer status ${topology} --host lb09`, 2, /no balancer lb09.*lb01\.contoso\.net/su],
    [`balancer drain dir01.contoso.net ${topology} --deadline soon`, 2, /soon.*0 to 86400/su],
    [`balancer drain dir01.contoso.net ${topology} --deadline 86401`, 2, /86401.*0 to 86400/su],
    ['balancer drain', 2, /<member> is missing/u],
    ['pool drain dir01.contoso.net', 1, /dir01\.contoso\.net does not run here/u],
    ['pool drain dir01.contoso.net --deadline=-1', 2, /0 to 86400/u],
    ['pool resume', 2, /<host> is missing/u],
  ];
  for (const [call, exit, complaint] of wrong) {
    test(`${call}: says what is wrong and what to do, and exits ${exit}`, async () => {
      const { status: got, out, err } = await usher(...call.split(' '));
      assert.deepEqual([got, out], [exit, '']);
      assert.match(err, complaint);
    });
  }

  test('adds up what a member holds, and sees when its drain is over', () => {
    assert.deepEqual(sessionsOf(status, 'dir01.contoso.net'), { open: 3, cut: 2, endsIn: 41_500 });
    assert.deepEqual(sessionsOf(status, 'dir02.contoso.net'), { open: 3, cut: 2, endsIn: null });
    assert.deepEqual(sessionsOf(status, 'dir09'), { open: 0, cut: 0, endsIn: null });
  });

  test('prints a line for each member and service, in the language of the reader', () => {
    for (const [language, first] of [
      [
        'en',
        /^dir01\S+ +sip \S+ +draining +2 min +3 \(reset in 42 s\) +1\.3 s +drained on request$/u,
      ],
      ['de', /^dir01\S+ +sip \S+ +leert sich +2 min +3 \(getrennt in 42 s\)/u],
    ] as const) {
      const context = terminal({ language, state, rest: [] }, fakeWorld());
      const lines = statusLines(context, { ...status, memoryFault: 'disk full' }, 130_000);
      context.release();
      assert.match(lines[0] ?? '', /^lb01\.contoso\.net, /u);
      assert.match(lines[1] ?? '', /disk full$/u);
      assert.match(lines[3] ?? '', first);
    }
  });
});
