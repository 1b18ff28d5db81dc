import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { loadPlan, type Plan } from '#ports';
import { hostsOf } from '#topology';
import { TestDeployment } from './support/deployment.ts';
import { SipUser } from './support/sip-user.ts';

const alice = {
  aor: 'alice@contoso.com',
  password: 'Wonder-1865',
  homePool: 'fepool01.contoso.net',
};
const bob = { aor: 'bob@contoso.com', password: 'Builder-1999', homePool: 'fepool02.contoso.net' };

/** Connections that say nothing, in all: bounded by the descriptors one process may have here. */
const silentConnections = 6000;
/** Seconds a listener may bear with somebody who makes no progress. */
const patience = 40;

interface Door {
  readonly address: string;
  readonly port: number;
  readonly security: 'none' | 'TLS' | 'MTLS';
  readonly service: string;
  /** A host whose certificate is welcome. */
  readonly peer: string | undefined;
}

describe('what strangers send costs them their connection and nobody else anything', () => {
  let deployment: TestDeployment;
  let phones: readonly [SipUser, SipUser];
  let doors: readonly Door[] = [];
  let plan: Plan;

  before(async () => {
    deployment = await TestDeployment.start([alice, bob]);
    const loaded = loadPlan(
      readFileSync(deployment.topologyFile, 'utf8'),
      deployment.topologyFile,
      { portOffset: deployment.portOffset },
    );
    assert.ok(loaded.ok);
    plan = loaded.plan;
    doors = [
      ...plan.listeners.map(({ address, port, security, service, trustedPeers }) => ({
        address,
        port,
        security,
        service,
        peer: trustedPeers[0],
      })),
      ...plan.virtualServices.map(({ address, port, service, flows }) => ({
        address,
        port,
        security: flows[0]?.security ?? ('none' as const),
        service,
        peer: flows[0]?.source.hosts[0],
      })),
    ];
    const common = { edge: deployment.edge, ca: deployment.ca };
    phones = [
      await SipUser.connect({ ...common, ...alice }),
      await SipUser.connect({ ...common, ...bob }),
    ];
    for (const phone of phones) assert.equal((await phone.register()).status, 200);
  });

  after(async () => {
    for (const phone of phones ?? []) phone.close();
    await deployment?.[Symbol.asyncDispose]();
  });

  const serviceGoesOn = async (): Promise<void> => {
    const [first, second] = phones;
    const statuses = await Promise.all([
      first.message(second.aor, 'still there?'),
      second.message(first.aor, 'still here.'),
    ]);
    assert.deepEqual(
      statuses.map((response) => response.status),
      [200, 200],
    );
  };

  test('random bytes end the connection on every listener', async () => {
    await Promise.all(
      doors.map(async (door) => {
        const socket = await open(door);
        socket.write(randomBytes(4096));
        await closed(socket, door);
      }),
    );
    await serviceGoesOn();
  });

  test('half a TLS hello ends the connection on every secured listener', async () => {
    const hello = Buffer.from('16030100f8010000f40303', 'hex');
    const secured = doors.filter((door) => door.security !== 'none');
    const waiting = secured.map(async (door) => {
      const socket = await open(door);
      socket.write(hello);
      await closed(socket, door);
    });
    await serviceGoesOn();
    await Promise.all(waiting);
  });

  test('a header of 10 MB is cut off on every SIP and web listener', async () => {
    for (const door of doors) {
      const sip = /sip|accessEdge/u.test(door.service);
      const start = sip
        ? 'OPTIONS sip:contoso.com SIP/2.0\r\nX-Long: '
        : 'GET / HTTP/1.1\r\nX-Long: ';
      const socket = await enter(door);
      let flowed = 0;
      const chunk = Buffer.alloc(65_536, 'a');
      socket.write(start);
      while (!socket.destroyed && flowed < 10 * 1024 * 1024) {
        flowed += chunk.length;
        if (!socket.write(chunk)) {
          await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
        }
      }
      await closed(socket, door);
    }
    await serviceGoesOn();
  });

  test(`${silentConnections} connections that send nothing harm nobody, and memory returns`, async () => {
    const usual = await memory();
    const sockets: Socket[] = [];
    const each = Math.floor(silentConnections / doors.length);
    for (const door of doors) {
      for (let index = 0; index < each; index++) {
        const socket = connect(door.port, door.address);
        socket.on('error', () => {
          // Being turned away is a right answer.
        });
        sockets.push(socket);
      }
      await serviceGoesOn();
    }
    for (const socket of sockets) socket.destroy();
    await serviceGoesOn();
    const now = await memory();
    for (const [fqdn, bytes] of now) {
      const grown = bytes - (usual.get(fqdn) ?? 0);
      assert.ok(grown < 64 * 1024 * 1024, `${fqdn} grew by ${Math.round(grown / 1048576)} MB`);
    }
  });

  test('after all that every row is still proven', async () => {
    const { stdout } = await deployment.usher(
      'verify',
      deployment.topologyFile,
      '--port-offset',
      String(deployment.portOffset),
      '--json',
    );
    const report: unknown = JSON.parse(stdout);
    assert.ok(typeof report === 'object' && report !== null && 'ok' in report);
    assert.equal(report.ok, true);
    assert.doesNotMatch(deployment.up.output, / fell /u);
  });

  async function memory(): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    for (const { fqdn } of hostsOf(plan.topology)) {
      const status = readFileSync(`/proc/${await deployment.pidOf(fqdn)}/status`, 'utf8');
      found.set(fqdn, Number(/VmRSS:\s+(\d+)/u.exec(status)?.[1]) * 1024);
    }
    return found;
  }

  /** A bare TCP connection. */
  async function open(door: Door): Promise<Socket> {
    const socket = connect(door.port, door.address);
    socket.on('error', () => {
      // A reset is one way to be shown the door.
    });
    socket.resume();
    await once(socket, 'connect');
    return socket;
  }

  /** A connection as far in as a welcome peer gets. */
  async function enter(door: Door): Promise<Socket> {
    if (door.security === 'none') return open(door);
    const pem = (kind: string): Buffer =>
      readFileSync(join(deployment.state, 'pki', 'hosts', `${door.peer}.${kind}`));
    const identity =
      door.security === 'MTLS' && door.peer !== undefined
        ? { key: pem('key'), cert: pem('crt') }
        : {};
    const socket = connectTls({
      host: door.address,
      port: door.port,
      rejectUnauthorized: false,
      ...identity,
    });
    socket.on('error', () => {
      // A reset is one way to be shown the door.
    });
    socket.resume();
    await once(socket, 'secureConnect');
    return socket;
  }

  async function closed(socket: Socket, door: Door): Promise<void> {
    if (socket.destroyed) return;
    const timer = setTimeout(
      () => socket.destroy(new Error(`${door.address}:${door.port} bore it for ${patience} s`)),
      patience * 1000,
    );
    const failure = await new Promise<Error | undefined>((resolve) => {
      socket.once('close', () => resolve(undefined));
      socket.once('error', (error) => resolve(error));
      socket.once('end', () => resolve(undefined));
    });
    clearTimeout(timer);
    if (failure !== undefined && /bore it/u.test(failure.message)) throw failure;
    socket.destroy();
  }
});
