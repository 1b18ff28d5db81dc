import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { isBalancerStatus, type BalancerStatus } from '#balancer';
import { TestDeployment } from './support/deployment.ts';
import { SipUser } from './support/sip-user.ts';

const users = Array.from({ length: 6 }, (_, index) => ({
  aor: `user${index}@contoso.com`,
  password: `Secret-${index}-${process.pid}`,
  homePool: 'fepool01.contoso.net',
}));
const first = 'dir01.contoso.net';
const second = 'dir02.contoso.net';

describe('members are taken out and brought back while people talk', () => {
  let deployment: TestDeployment;
  let phones: SipUser[] = [];

  before(async () => {
    deployment = await TestDeployment.start(users);
    phones = await Promise.all(
      users.map((user) => SipUser.connect({ ...user, edge: deployment.edge, ca: deployment.ca })),
    );
    for (const phone of phones) assert.equal((await phone.register()).status, 200);
  });

  after(async () => {
    for (const phone of phones) phone.close();
    await deployment?.[Symbol.asyncDispose]();
  });

  /**
   * Everyone writes to everyone, round after round, until `work` is done: the answers. Paced: each sends
   * five messages a round, and the Edge takes 20 a second of a client.
   */
  async function talkDuring(work: Promise<unknown>): Promise<ReadonlySet<number>> {
    const answers: number[] = [];
    const over = new AbortController();
    const end = work.finally(() => over.abort());
    while (!over.signal.aborted) {
      for (const sender of phones) {
        const others = phones.filter((receiver) => receiver !== sender);
        const sent = await Promise.all(
          others.map((receiver) => sender.message(receiver.aor, `from ${sender.aor}`)),
        );
        answers.push(...sent.map(({ status }) => status));
      }
      await setTimeout(300);
    }
    await end;
    return new Set(answers);
  }

  const ask = async (...args: string[]): Promise<BalancerStatus> => {
    const { stdout } = await deployment.usher(
      'balancer',
      ...args,
      deployment.topologyFile,
      '--json',
    );
    const status: unknown = JSON.parse(stdout);
    assert.ok(isBalancerStatus(status));
    return status;
  };

  async function becomes(host: string, state: string, reason: RegExp): Promise<void> {
    let seen = '';
    for (let tries = 0; tries < 60; tries++) {
      // Its exit status is 1 while a member is down or checked, which is what is waited out here.
      const member = await ask('status').then(
        (status) => sipOf(status, host),
        () => undefined,
      );
      seen = `${member?.state}: ${member?.reason}`;
      if (member?.state === state && reason.test(member.reason)) return;
      await setTimeout(250);
    }
    assert.fail(`${host} does not become ${state}, is ${seen}`);
  }

  test('a drain under traffic loses no request and leaves the Director without a session', async () => {
    await becomes(first, 'up', /200/u);
    await becomes(second, 'up', /200/u);
    const drain = ask('drain', first, '--deadline', '3');
    assert.deepEqual(await talkDuring(drain), new Set([200]));
    const status = await ask('status');
    const { state, reason, connections } = sipOf(status, first);
    assert.deepEqual([state, reason, connections], ['draining', 'drained on request', 0]);
    assert.ok(sipOf(status, second).connections > 0);
  });

  test('the last member is not drained without --force', async () => {
    await assert.rejects(ask('drain', second), /USHER_LAST_MEMBER/u);
    assert.equal(sipOf(await ask('status'), second).state, 'up');
  });

  test('a balancer that dies comes back with the drain, and with the other member up', async () => {
    process.kill(await deployment.pidOf('lb01.contoso.net'), 'SIGKILL');
    await deployment.up.see(/lb01\.contoso\.net is back/u, 20);
    const status = await ask('status');
    assert.deepEqual(
      [first, second].map((host) => sipOf(status, host).state),
      ['draining', 'up'],
    );
    assert.deepEqual(await talkDuring(setTimeout(1000)), new Set([200]));
    assert.equal(sipOf(await ask('status'), first).total, 0);
  });

  test("a Director's own drain is seen by the balancer's probe, and outlives the Director", async () => {
    const { stdout } = await deployment.usher('pool', 'drain', first);
    assert.match(stdout, /dir01\.contoso\.net refuses new requests; 0 in progress/u);
    await ask('resume', first);
    await becomes(first, 'draining', /OPTIONS answered 503/u);
    process.kill(await deployment.pidOf(first), 'SIGKILL');
    await deployment.up.see(/dir01\.contoso\.net is back/u, 20);
    await becomes(first, 'draining', /OPTIONS answered 503/u);
    assert.deepEqual(await talkDuring(setTimeout(1000)), new Set([200]));
    await deployment.usher('pool', 'resume', first);
    await becomes(first, 'up', /200/u);
  });

  test('a Director that was brought back takes its share again', async () => {
    await ask('drain', second, '--deadline', '0');
    assert.deepEqual(await talkDuring(setTimeout(1000)), new Set([200]));
    const { connections } = sipOf(await ask('status'), first);
    assert.ok(connections > 0, `${connections} sessions`);
    await ask('resume', second);
    await becomes(second, 'up', /200/u);
  });

  test('users whose Front End drains sign in at the other one', async () => {
    const { stdout } = await deployment.usher('pool', 'drain', 'fe01.contoso.net', '--json');
    assert.match(stdout, /"state": "draining"/u);
    for (const phone of phones) assert.equal((await phone.register()).status, 200);
    assert.deepEqual(await talkDuring(setTimeout(500)), new Set([200]));
    await deployment.usher('pool', 'resume', 'fe01.contoso.net');
  });

  test('the table for people names every member, its state and why', async () => {
    const { stdout } = await deployment.usher('balancer', 'status', deployment.topologyFile);
    assert.match(
      stdout,
      /^lb01\.contoso\.net, engine embedded\nmember +service +state +for +sessions/u,
    );
    assert.match(stdout, /dir01\.contoso\.net +sip \S+ +up +\d+ \S+ +\d+ .*OPTIONS answered 200/u);
  });
});

/** State and sessions of a member on the SIP service. */
function sipOf(status: BalancerStatus, host: string) {
  const service = status.services.find((each) => each.service === 'sip');
  const member = service?.members.find((each) => each.host === host);
  assert.ok(member);
  return member;
}
