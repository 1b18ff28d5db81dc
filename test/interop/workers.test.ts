import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { askHost, isHostStatus } from '#host';
import {
  baresipCalls,
  baresipWrites,
  linphoneCalls,
  linphoneWrites,
} from './support/conversation.ts';
import { Baresip } from './support/baresip.ts';
import { Linphone } from './support/linphone.ts';
import { needs } from './support/programs.ts';
import { ServedDeployment } from './support/served.ts';
import { SipPhone } from './support/sip-phone.ts';
import type { SipUserOptions } from './support/sip-user.ts';

const homePool = 'fepool01.contoso.net';
const alice = { aor: 'alice@contoso.com', password: 'Wonder-1865', homePool };
const bob = { aor: 'bob@contoso.com', password: 'Builder-1999', homePool };
const carol = { aor: 'carol@contoso.com', password: 'Singer-1971', homePool };

type User = typeof alice;
/** A phone, and the worker it is at. */
interface Phone {
  readonly phone: SipPhone;
  readonly worker: number;
}

const edge = 'edge01.contoso.net';
const frontEnd = 'fe01.contoso.net';

/** One end of a connection of this machine. */
interface End {
  readonly pid: number;
  readonly local: string;
  readonly peer: string;
}

function ends(): readonly End[] {
  const lines = execFileSync('ss', ['-Htnp', 'state', 'established'], { encoding: 'utf8' });
  // Sockets that take both families write IPv4 addresses the long way.
  const plain = lines.replaceAll(/\[::ffff:([\d.]+)\]/gu, '$1');
  return plain.split('\n').flatMap((line) => {
    const [, , local = '', peer = ''] = line.trim().split(/\s+/u);
    const pid = Number(/pid=(\d+)/u.exec(line)?.[1]);
    return Number.isNaN(pid) ? [] : [{ pid, local, peer }];
  });
}

async function hears(phone: SipPhone, method: string): Promise<void> {
  for (let i = 0; i < 300 && !phone.heard.includes(method); i++) await sleep(10);
  assert.ok(phone.heard.includes(method), `${phone.aor} hears ${method}: ${phone.heard.join()}`);
}

async function talk(from: SipPhone, to: SipPhone): Promise<void> {
  to.heard.length = 0;
  const call = from.call(to.aor);
  await call.ringing;
  await hears(to, 'INVITE');
  to.pickUp();
  assert.equal((await call.final).status, 200);
  await hears(to, 'ACK');
}

describe(
  'three processes each serve the Edge, the Front End and the Director',
  { skip: needs(['ss', 'iproute2']) },
  () => {
    let deployment: ServedDeployment;
    const phones: SipPhone[] = [];

    before(async () => {
      deployment = await ServedDeployment.start({
        network: 21,
        users: [alice, bob, carol],
        workers: (role) => (['edge', 'frontEnd', 'director'].includes(role) ? 3 : undefined),
        without: ['dir02.contoso.net', 'fe02.contoso.net', 'fe03.contoso.net', 'rp01.contoso.net'],
      });
    });
    after(async () => {
      for (const phone of phones) phone.close();
      await deployment?.[Symbol.asyncDispose]();
    });

    /** The worker of a host that has the connection from this port to `at`. */
    function holderOf(fqdn: string, at: string, port: number): number {
      const end = ends().find(({ local, peer }) => local === at && peer.endsWith(`:${port}`));
      const found = [...deployment.workersOf(fqdn)].find(([, pid]) => pid === end?.pid);
      assert.ok(found, `no worker of ${fqdn} has the connection from port ${port}`);
      return found[0];
    }

    /** The worker of the Edge a client program is at. */
    function workerOfClient({ pid }: { readonly pid: number }): number {
      const own = ends().find((end) => end.pid === pid && end.peer === deployment.edge);
      return holderOf(edge, deployment.edge, Number(own?.local.split(':').at(-1)));
    }

    /** A phone that has registered, at a worker other than those given: the kernel chooses, so it may take a few. */
    async function signIn(
      fqdn: string,
      at: string,
      options: SipUserOptions,
      not: readonly number[],
    ): Promise<Phone> {
      for (let attempt = 0; attempt < 100; attempt += 1) {
        const phone = await SipPhone.connect(options);
        const worker = holderOf(fqdn, at, phone.port);
        if (not.includes(worker)) {
          phone.close();
          continue;
        }
        phones.push(phone);
        assert.equal((await phone.register()).status, 200);
        return { phone, worker };
      }
      assert.fail('a hundred connections met the same workers');
    }

    /** A phone of a remote user, at a worker of the Edge. */
    function remote(user: User, ...not: readonly number[]): Promise<Phone> {
      const { ca } = deployment;
      return signIn(edge, deployment.edge, { ...user, edge: deployment.edge, ca }, not);
    }

    /** A phone of an internal user, at a worker of the Front End. */
    function internal(user: User, ...not: readonly number[]): Promise<Phone> {
      const { ca, plan } = deployment;
      const sip = plan.listeners.find(
        ({ host, service }) => host === frontEnd && service === 'sip',
      );
      const server = `${sip?.address}:${sip?.port}`;
      const from = { server, serverName: homePool, localAddress: '127.30.0.7' };
      return signIn(frontEnd, server, { ...user, ...from, ca }, not);
    }

    function forget(): void {
      for (const phone of phones.splice(0)) phone.close();
    }

    for (const [where, connect] of [
      ['the Edge', remote],
      ['the Front End', internal],
    ] as const) {
      test(`users at different workers of ${where} write, call, renegotiate and hang up, in both directions`, async () => {
        const first = await connect(alice);
        const second = await connect(bob, first.worker);
        assert.notEqual(first.worker, second.worker);
        const [one, other] = [first.phone, second.phone];
        assert.equal((await one.message(bob.aor, 'there')).status, 200);
        assert.equal((await other.message(alice.aor, 'and back')).status, 200);
        assert.deepEqual([one.received, other.received], [['and back'], ['there']]);
        for (const [from, to] of [
          [one, other],
          [other, one],
        ] as const) {
          await talk(from, to);
          assert.equal((await from.within('INVITE')).status, 200);
          assert.equal((await to.within('INFO')).status, 200);
          assert.equal((await to.within('BYE')).status, 200);
          await hears(from, 'BYE');
        }
        forget();
      });

      test(`a caller who gives up stops the phone at the other worker of ${where}`, async () => {
        const first = await connect(alice);
        const second = await connect(bob, first.worker);
        const call = first.phone.call(bob.aor);
        await call.ringing;
        assert.equal((await call.cancel()).status, 200);
        assert.equal((await call.final).status, 487);
        await hears(second.phone, 'CANCEL');
        forget();
      });
    }

    test('a remote and an internal user meet, whichever workers they are at', async () => {
      const outsider = await remote(alice);
      const insider = await internal(bob);
      await talk(outsider.phone, insider.phone);
      assert.equal((await insider.phone.within('BYE')).status, 200);
      await talk(insider.phone, outsider.phone);
      assert.equal((await insider.phone.within('BYE')).status, 200);
      forget();
    });

    test('all phones of a user ring, and stop when one is taken, whichever workers they are at', async () => {
      const caller = await remote(alice);
      const desk = await remote(bob, caller.worker);
      const mobile = await remote(bob, caller.worker, desk.worker);
      await talk(caller.phone, desk.phone);
      await hears(mobile.phone, 'CANCEL');
      assert.equal((await caller.phone.within('BYE')).status, 200);
      forget();
    });

    test('credentials that one worker has taken every other refuses', async () => {
      const user = await internal(alice);
      const [used] = user.phone.proved;
      assert.ok(used !== undefined);
      for (const not of [[], [user.worker]]) {
        const thief = await internal(alice, ...not);
        const refused = await thief.phone.replay(used);
        assert.equal(refused.status, 401);
        assert.match(refused.headers.get('www-authenticate') ?? '', /stale=true/u);
      }
      forget();
    });

    test('a worker of the Edge that is killed takes its own connections along, no call of others', async () => {
      const one = await remote(alice);
      const other = await remote(bob, one.worker);
      const victim = await remote(carol, one.worker, other.worker);
      await talk(one.phone, other.phone);
      const since = deployment.host(edge).output.length;
      process.kill(deployment.workerOf(edge, victim.worker), 'SIGKILL');
      assert.equal((await one.phone.within('INVITE')).status, 200);
      assert.equal((await other.phone.within('INFO')).status, 200);
      const lost = await one.phone.message(carol.aor, 'still there?');
      assert.equal(lost.status, 480);
      await deployment.host(edge).see(/"msg":"a worker is back"/u, 15, since);
      assert.equal((await other.phone.within('BYE')).status, 200);
      // The one that came back is a worker like the others.
      const returned = await remote(carol, one.worker, other.worker);
      assert.equal(returned.worker, victim.worker);
      await talk(one.phone, returned.phone);
      assert.equal((await one.phone.within('BYE')).status, 200);
      forget();
    });

    test('a worker of the Front End that is killed ends no call, and whoever it had registered is reached', async () => {
      const one = await remote(alice);
      const other = await remote(bob, one.worker);
      await talk(one.phone, other.phone);
      for (const worker of [0, 1, 2]) {
        const since = deployment.host(frontEnd).output.length;
        process.kill(deployment.workerOf(frontEnd, worker), 'SIGKILL');
        // What it was at work on is lost with it; what comes now is not.
        await deployment.host(frontEnd).see(/"msg":"a worker fell/u, 5, since);
        assert.equal((await one.phone.within('INVITE')).status, 200);
        assert.equal((await other.phone.message(alice.aor, `without ${worker}`)).status, 200);
        await deployment.host(frontEnd).see(/"msg":"a worker is back"/u, 15, since);
      }
      assert.equal((await other.phone.within('BYE')).status, 200);
      // Every worker that took the registrations is gone by now: they were handed on.
      await talk(one.phone, other.phone);
      assert.equal((await one.phone.within('BYE')).status, 200);
      forget();
    });

    test('the workers answer an operator as one, and drain as one', async () => {
      for (const fqdn of [edge, frontEnd]) {
        const told = await askHost(deployment.state, fqdn, { verb: 'status' });
        assert.ok(isHostStatus(told));
        assert.deepEqual([told.state, told.workers], ['up', 3]);
      }
      const where = [deployment.topologyFile, '--port-offset', String(deployment.plan.portOffset)];
      // Hosts that were not started are not there: the verdict is negative, the rest is told.
      const { stdout: all } = await deployment
        .usher('pool', 'status', ...where, '--json')
        .catch((error: { readonly stdout: string }) => error);
      for (const fqdn of [edge, frontEnd, 'dir01.contoso.net']) {
        const pids = [...deployment.workersOf(fqdn).values()];
        const own = all.slice(all.indexOf(`"host": "${fqdn}"`));
        for (const pid of pids) assert.match(own, new RegExp(`"pid": ${pid},`, 'u'), fqdn);
      }
      await deployment.usher('pool', 'drain', frontEnd);
      const { stdout } = await deployment.usher('pool', 'resume', frontEnd, '--json');
      assert.match(stdout, /"state": "up".*"workers": 3/su);
    });

    describe(
      'unmodified clients at different workers',
      { skip: needs(['baresip', 'baresip-core'], ['linphonec', 'linphone-cli']) },
      () => {
        let baresip: Baresip;
        let linphone: Linphone;

        before(async () => {
          const common = { edge: deployment.edge, ca: deployment.ca };
          baresip = await Baresip.start({
            ...common,
            ...alice,
            directory: join(deployment.state, 'baresip'),
            address: '127.60.0.1',
            contacts: [bob.aor],
          });
          await baresip.program.see(/alice@contoso\.com: .*200 OK/u, 15);
          for (let attempt = 0; ; attempt += 1) {
            linphone = await Linphone.start({
              ...common,
              ...bob,
              directory: join(deployment.state, `linphone${attempt}`),
              address: '127.60.0.2',
            });
            await linphone.program.see(/LinphoneRegistrationOk/u, 15);
            if (workerOfClient(linphone.program) !== workerOfClient(baresip.program)) break;
            await linphone[Symbol.asyncDispose]();
            assert.ok(attempt < 12, 'the kernel chose the same worker again and again');
          }
        });
        after(async () => {
          await baresip?.[Symbol.asyncDispose]();
          await linphone?.[Symbol.asyncDispose]();
        });

        test('baresip calls linphonec, who answers, and hangs up', async () => {
          await baresipCalls(baresip, linphone, bob.aor);
        });

        test('linphonec calls baresip, who answers, and hangs up', async () => {
          await linphoneCalls(linphone, baresip, alice.aor);
        });

        test('they write each other messages', async () => {
          await baresipWrites(baresip, linphone, 'good morning from baresip');
          await linphoneWrites(linphone, baresip, alice.aor, 'good evening from linphone');
        });
      },
    );
  },
);
