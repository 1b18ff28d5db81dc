import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { TestDeployment } from './support/deployment.ts';
import { SipUser } from './support/sip-user.ts';

const users = Array.from({ length: 6 }, (_, index) => ({
  aor: `user${index}@contoso.com`,
  password: `Secret-${index}-${process.pid}`,
  homePool: index % 2 === 0 ? 'fepool01.contoso.net' : 'fepool02.contoso.net',
}));

describe('servers die and the service goes on', () => {
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

  const everyoneWritesEveryone = async (round: string): Promise<readonly number[]> => {
    const statuses: number[] = [];
    for (const sender of phones) {
      const sent = phones
        .filter((receiver) => receiver !== sender)
        .map((receiver) => sender.message(receiver.aor, `${round} from ${sender.aor}`));
      statuses.push(...(await Promise.all(sent)).map((response) => response.status));
    }
    return statuses;
  };

  test('messages flow between all users before anything dies', async () => {
    const statuses = await everyoneWritesEveryone('calm');
    assert.deepEqual(new Set(statuses), new Set([200]));
  });

  test('a Director killed in mid-traffic loses no later request', async () => {
    const victim = await deployment.pidOf('dir01.contoso.net');
    const during = everyoneWritesEveryone('during the kill');
    process.kill(victim, 'SIGKILL');
    // What was in flight on that Director may fail; what is sent from here on may not.
    await during;
    const statuses = await everyoneWritesEveryone('after the kill');
    assert.deepEqual(new Set(statuses), new Set([200]));
  });

  test('the fallen Director is put back up and takes part again', async () => {
    await deployment.up.see(/dir01\.contoso\.net is back/u, 20);
    const statuses = await everyoneWritesEveryone('after the return');
    assert.deepEqual(new Set(statuses), new Set([200]));
  });

  test('users of a pool of two sign in at the other Front End when theirs dies', async () => {
    const home = phones.filter((_, index) => index % 2 === 0);
    for (const fqdn of ['fe01.contoso.net', 'fe02.contoso.net']) {
      const victim = await deployment.pidOf(fqdn);
      process.kill(victim, 'SIGKILL');
      await deployment.up.see(new RegExp(`${fqdn} fell`, 'u'), 5);
      for (const phone of home) assert.equal((await phone.register()).status, 200);
      const statuses = await everyoneWritesEveryone(`without ${fqdn}`);
      assert.deepEqual(new Set(statuses), new Set([200]));
      await deployment.up.see(new RegExp(`${fqdn} is back`, 'u'), 20);
    }
  });

  test('users of a pool of two sign in at the other Front End within seconds when theirs freezes', async () => {
    const home = phones.filter((_, index) => index % 2 === 0);
    for (const fqdn of ['fe01.contoso.net', 'fe02.contoso.net']) {
      // The Directors' probes, every two seconds, have to find everybody alive first.
      await setTimeout(5000);
      // Its sockets stay open and take everything; nothing is ever answered.
      const frozen = await deployment.pidOf(fqdn);
      process.kill(frozen, 'SIGSTOP');
      try {
        const begun = performance.now();
        const answers = await Promise.all(home.map((phone) => phone.register()));
        const seconds = (performance.now() - begun) / 1000;
        assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
        assert.ok(seconds < 10, `${fqdn} frozen: signed in after ${seconds.toFixed(1)} s`);
        const statuses = await everyoneWritesEveryone(`${fqdn} is frozen`);
        assert.deepEqual(new Set(statuses), new Set([200]));
      } finally {
        process.kill(frozen, 'SIGCONT');
      }
      const statuses = await everyoneWritesEveryone(`${fqdn} has thawed`);
      assert.deepEqual(new Set(statuses), new Set([200]));
    }
  });
});
