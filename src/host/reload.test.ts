import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { loadPlan, type Plan } from '#ports';
import { findHost, type Host, type Service } from '#topology';
import {
  clientTls,
  ensurePki,
  issueHost,
  loadCredentials,
  pkiPaths,
  poolSecret,
  revokeCertificates,
} from '#trust';
import { HostRuntime } from './runtime.ts';

const director = 'dir01.contoso.net';
const edge = 'edge01.contoso.net';
const balancer = 'lb01.contoso.net';

describe('a Director whose certificates are read again', () => {
  let plan: Plan;
  let state = '';
  let runtime: HostRuntime;
  const lines: string[] = [];
  const sockets: TLSSocket[] = [];

  before(async () => {
    const text = readFileSync('examples/contoso.yaml', 'utf8');
    const loaded = loadPlan(text, 'contoso.yaml', { portOffset: randomInt(4000, 12_000) });
    assert.ok(loaded.ok);
    plan = loaded.plan;
    state = await mkdtemp(join(tmpdir(), 'usher-reload-'));
    await ensurePki(state, plan.topology, new Date());
    await poolSecret(state);
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    runtime = new HostRuntime({
      plan,
      host: hostOf(director),
      stateDirectory: state,
      log,
      worker: 0,
    });
    await runtime.start();
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await runtime.close();
    await rm(state, { recursive: true, force: true });
  });

  function hostOf(fqdn: string): Host {
    const host = findHost(plan.topology, fqdn);
    assert.ok(host);
    return host;
  }

  /** Connects with the certificate of `fqdn`; the answer is open, judged or not. */
  async function dial(fqdn: string, service: Service): Promise<TLSSocket> {
    const listener = plan.listeners.find((each) => {
      return each.host === director && each.service === service;
    });
    assert.ok(listener);
    const credentials = await loadCredentials(state, plan.topology, fqdn);
    const socket = connect(clientTls(credentials, { ...listener, name: director }));
    socket.on('error', () => socket.destroy());
    sockets.push(socket);
    await once(socket, 'secureConnect');
    return socket;
  }

  const services: readonly Service[] = ['sip', 'webInternal', 'webExternal', 'logStatus'];
  const serials = async (): Promise<ReadonlySet<string>> =>
    new Set(await Promise.all(services.map(async (each) => serialOf(await dial(balancer, each)))));

  test('shows the new one on every socket, keeps who is connected, and ends who is revoked', async () => {
    const [good, bad] = [await dial(balancer, 'sip'), await dial(edge, 'sip')];
    assert.deepEqual([await alive(good), await alive(bad)], [true, true]);
    const old = serialOf(good);
    assert.deepEqual(await serials(), new Set([old]));

    await issueHost(state, plan.topology, director, new Date());
    await revokeCertificates(state, { fqdn: edge }, 'keyCompromise', new Date());
    const ended = once(bad, 'close');
    assert.equal(await runtime.reload(), true);
    await ended;
    assert.equal(await alive(good), true);

    const now = await serials();
    assert.equal(now.size, 1);
    assert.ok(!now.has(old));
    const back = await dial(edge, 'sip');
    assert.equal(await alive(back), false);
    assert.match(lines.join(''), /"dropped":1,.*read again/u);
    assert.match(lines.join(''), /"code":"revoked"/u);
  });

  test('keeps the old one when key and certificate do not belong together, or are gone', async () => {
    const { hosts } = pkiPaths(state);
    const old = await serials();
    const own = join(hosts, `${director}.key`);
    const aside = join(state, 'aside.key');
    await copyFile(own, aside);
    await copyFile(join(hosts, 'dir02.contoso.net.key'), own);
    const connected = await dial(balancer, 'webInternal');
    assert.equal(await runtime.reload(), false);
    assert.match(lines.at(-1) ?? '', /USHER_CREDENTIALS_UNUSABLE.*stay in use/u);
    await rm(own);
    assert.equal(await runtime.reload(), false);
    assert.match(lines.at(-1) ?? '', /USHER_CREDENTIALS_MISSING.*stay in use/u);
    assert.deepEqual(await serials(), old);
    assert.equal(connected.destroyed, false);

    await copyFile(aside, own);
    assert.equal(await runtime.reload(), true);
  });
});

/** True when the SIP connection still answers pings (RFC 5626 4.4.1). */
async function alive(socket: TLSSocket): Promise<boolean> {
  const heard = once(socket, 'data').then(() => true);
  const closed = once(socket, 'close').then(() => false);
  socket.write('\r\n\r\n');
  return await Promise.race([heard, closed]);
}

function serialOf(socket: TLSSocket): string {
  return socket.getPeerX509Certificate()?.serialNumber ?? '';
}
