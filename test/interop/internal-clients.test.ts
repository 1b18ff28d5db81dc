import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestDeployment } from './support/deployment.ts';
import { SipUser } from './support/sip-user.ts';

const alice = {
  aor: 'alice@contoso.com',
  password: `Alice-${process.pid}`,
  homePool: 'fepool01.contoso.net',
};
const bob = {
  aor: 'bob@contoso.com',
  password: `Bob-${process.pid}`,
  homePool: 'fepool02.contoso.net',
};

/** What DNS would say: the addresses a client finds under the name of a pool. */
const dns: Readonly<Record<string, readonly string[]>> = {
  'dirpool01.contoso.net': ['127.19.1.10'],
  'fepool01.contoso.net': ['127.19.2.11', '127.19.2.12'],
  'fepool02.contoso.net': ['127.19.3.11'],
};

/** Kills a host, and again whenever it is put back up, until disposed of; counts how often. */
function keepDown(
  deployment: TestDeployment,
  fqdn: string,
): AsyncDisposable & { readonly kills: () => number } {
  let kills = 0;
  const stop = new AbortController();
  const killing = (async () => {
    while (!stop.signal.aborted) {
      try {
        process.kill(await deployment.pidOf(fqdn), 'SIGKILL');
        kills++;
      } catch {
        // It is down already.
      }
      await sleep(50);
    }
  })();
  return {
    kills: () => kills,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await killing;
    },
  };
}

describe('internal clients sign in at the Director', () => {
  let deployment: TestDeployment;
  const phones: SipUser[] = [];

  before(async () => {
    deployment = await TestDeployment.start([alice, bob], {
      // Addresses of its own: sockets others opened on the example's stay out of the proof.
      edit: (topology) =>
        topology
          .replaceAll('127.10.', '127.19.')
          .replaceAll('127.20.0.', '127.19.20.')
          .replace(
            'internalClientsSignInAtDirector: false',
            'internalClientsSignInAtDirector: true',
          ),
    });
  });

  after(async () => {
    for (const phone of phones) phone.close();
    await deployment?.[Symbol.asyncDispose]();
  });

  /** Connects from inside to an address of a pool, the first one or another; has no certificate. */
  const connect = async (
    user: typeof alice,
    pool: string,
    from: string,
    which = 0,
  ): Promise<SipUser> => {
    const phone = await SipUser.connect({
      ...user,
      ca: deployment.ca,
      server: `${dns[pool]?.[which]}:${deployment.port(5061)}`,
      serverName: pool,
      localAddress: from,
    });
    phones.push(phone);
    return phone;
  };

  const contact = (pool: string, q: string): string =>
    `<sip:${pool}:${deployment.port(5061)};transport=tls>;q=${q}`;

  test('each is challenged, then sent home with the home pool first and its backup second', async () => {
    const homes = [
      [alice, 'fepool01.contoso.net', 'fepool02.contoso.net'],
      [bob, 'fepool02.contoso.net', 'fepool01.contoso.net'],
    ] as const;
    for (const [user, home, backup] of homes) {
      const phone = await connect(user, 'dirpool01.contoso.net', '127.30.0.7');
      const response = await phone.register();
      assert.deepEqual(phone.statuses, [401, 301]);
      assert.equal(response.reason, 'Redirect request to Home Server');
      assert.deepEqual(response.contacts, [contact(home, '0.7'), contact(backup, '0.3')]);
    }
  });

  test('a wrong password leads nowhere', async () => {
    const impostor = { ...alice, password: 'guessed' };
    const phone = await connect(impostor, 'dirpool01.contoso.net', '127.30.0.66');
    assert.deepEqual((await phone.register()).contacts, []);
    assert.deepEqual(phone.statuses, [401, 401]);
  });

  test('at home they sign in with the same password and write to each other', async () => {
    const one = await connect(alice, 'fepool01.contoso.net', '127.30.0.7');
    const other = await connect(bob, 'fepool02.contoso.net', '127.30.9.8');
    assert.equal((await one.register()).status, 200);
    assert.equal((await other.register()).status, 200);
    assert.deepEqual(one.statuses, [401, 200]);
    assert.equal((await one.message(bob.aor, 'from desk to desk')).status, 200);
    assert.equal((await other.message(alice.aor, 'and back')).status, 200);
    assert.deepEqual(other.received, ['from desk to desk']);
    assert.deepEqual(one.received, ['and back']);
  });

  test('while the home pool is dead its backup comes first, takes them in and delivers', async () => {
    await using dead = keepDown(deployment, 'fe03.contoso.net');
    const phone = await connect(bob, 'dirpool01.contoso.net', '127.30.9.8');
    const expected = [
      contact('fepool01.contoso.net', '0.7'),
      contact('fepool02.contoso.net', '0.3'),
    ];
    const deadline = performance.now() + 10_000;
    let { contacts } = await phone.register();
    while (contacts[0] !== expected[0] && performance.now() < deadline) {
      await sleep(200);
      ({ contacts } = await phone.register());
    }
    assert.deepEqual(contacts, expected);

    const refuge = await connect(bob, 'fepool01.contoso.net', '127.30.9.8', 1);
    assert.equal((await refuge.register()).status, 200);
    const sender = await connect(alice, 'fepool01.contoso.net', '127.30.0.7');
    assert.equal((await sender.register()).status, 200);
    assert.equal((await sender.message(bob.aor, 'are you safe?')).status, 200);
    assert.deepEqual(refuge.received, ['are you safe?']);
    assert.ok(dead.kills() > 0);
  });
});
