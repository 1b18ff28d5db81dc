import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSockets } from '#proof';
import { createAuthority, issueCertificate, namesOf, pkiPaths } from '#trust';
import { loadPlan, type Plan } from '#ports';
import { findHost } from '#topology';
import { Program } from './support/process.ts';
import { findProgram } from './support/programs.ts';

const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const contoso = fileURLToPath(new URL('../../examples/contoso.yaml', import.meta.url));

const root = process.getuid?.() === 0;
/** Without root the documented ports are out of reach; then everything moves. */
const offset = root ? 0 : 10_000;
let state = '';
let plan: Plan;

before(() => {
  state = mkdtempSync(join(tmpdir(), 'usher-up-'));
  const loaded = loadPlan(readFileSync(contoso, 'utf8'), contoso, { portOffset: offset });
  assert.ok(loaded.ok);
  plan = loaded.plan;
});
after(() => rmSync(state, { recursive: true, force: true }));

const usher = (...args: string[]): Program =>
  new Program(process.execPath, [
    launcher,
    ...args,
    '--lang',
    'en',
    '--state',
    state,
    '--port-offset',
    String(offset),
  ]);

const modeOf = (path: string): number => statSync(join(state, path)).mode & 0o777;

/** Sockets of this deployment that are open now. */
async function ownSockets(): Promise<readonly string[]> {
  const wanted = new Set(
    [...plan.listeners, ...plan.virtualServices].map(({ address, port }) => `${address}:${port}`),
  );
  const open = (await openSockets()) ?? [];
  return open.map(({ address, port }) => `${address}:${port}`).filter((each) => wanted.has(each));
}

test('usher up --once brings everything up, proves it, leaves nothing behind and exits 0', async () => {
  const up = usher('up', contoso, '--once');
  await up.see(/28 of 28 rows open/u, 60);
  assert.equal(await up.ended(), 0, up.output);
  assert.match(up.output, /no socket without a flow/u);
  assert.match(up.output, /met through the Edge/u);
  assert.deepEqual(await ownSockets(), []);
});

test('the state directory and its secrets belong to nobody else', () => {
  assert.equal(modeOf('.'), 0o700);
  for (const file of ['users.db', 'demo-users.json', 'pki/ca.key']) {
    assert.equal(modeOf(file), 0o600, file);
  }
});

test('usher up --once --json prints the proof and nothing else on standard output', () => {
  const text = execFileSync(
    process.execPath,
    [
      launcher,
      'up',
      contoso,
      '--once',
      '--json',
      '--state',
      state,
      '--port-offset',
      String(offset),
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const report: unknown = JSON.parse(text);
  assert.ok(typeof report === 'object' && report !== null && 'ok' in report && 'closed' in report);
  assert.equal(report.ok, true);
});

test('it keeps running until Ctrl-C, then no process and no socket is left', async () => {
  const up = usher('up', contoso);
  await up.see(/Ctrl-C stops everything/u, 60);
  assert.equal((await ownSockets()).length, plan.listeners.length + plan.virtualServices.length);
  up.signal('SIGHUP');
  await up.see(/every host has read certificates and revocation lists again/u, 10);
  await using verify = usher('verify', contoso);
  assert.equal(await verify.ended(), 0, verify.output);
  up.signal('SIGINT');
  assert.equal(await up.ended(), 0);
  assert.match(up.output, /no process and no socket is left/u);
  assert.deepEqual(await ownSockets(), []);
});

test('killed without warning, the supervisor takes its hosts with it', async () => {
  const up = usher('up', contoso);
  await up.see(/Ctrl-C stops everything/u, 60);
  up.signal('SIGKILL');
  await up.ended();
  const deadline = performance.now() + 10_000;
  let left = await ownSockets();
  while (left.length > 0 && performance.now() < deadline) left = await ownSockets();
  assert.deepEqual(left, []);
});

test('with a certificate of a foreign CA on one Director the proof names row and reason, exit 1', async () => {
  const director = findHost(plan.topology, 'dir01.contoso.net');
  assert.ok(director !== undefined);
  const { hosts } = pkiPaths(state);
  const own = ['key', 'crt'].map((kind) => {
    const file = join(hosts, `${director.fqdn}.${kind}`);
    return { file, text: readFileSync(file, 'utf8') };
  });
  const authority = await createAuthority('Somebody else', new Date());
  const names = namesOf(plan.topology, director);
  const foreign = await issueCertificate(authority, names, new Date());
  writeFileSync(own[0]?.file ?? '', foreign.key);
  writeFileSync(own[1]?.file ?? '', foreign.certificate);
  try {
    const up = usher('up', contoso, '--once');
    assert.equal(await up.ended(), 1, up.output);
    assert.match(up.output, /✘ DH-0[3789]/u);
    const words = up.output.replaceAll(/\s+/gu, ' ');
    assert.match(words, /issued by a CA that is not the configured one/u);
    assert.match(words, /Somebody else/u);
    assert.match(up.output, /NOT proven/u);
  } finally {
    for (const { file, text } of own) writeFileSync(file, text);
  }
});

test('a port that is taken is named with its row and address, exit 2', async () => {
  const listener = plan.listeners.find(({ service }) => service === 'webInternal');
  assert.ok(listener !== undefined);
  const squatter = createServer().listen(listener.port, listener.address);
  await once(squatter, 'listening');
  try {
    const up = usher('up', contoso, '--once');
    assert.equal(await up.ended(), 2);
    assert.ok(up.output.includes(`${listener.address}:${listener.port}`), up.output);
    assert.ok(up.output.includes(listener.flows[0]?.id ?? '?'), up.output);
    assert.match(up.output, /USHER_PORT_TAKEN/u);
  } finally {
    squatter.close();
  }
});

test(
  'without the right to open low ports there is a message with the ways out, exit 2',
  { skip: lowPortsSkip() },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'usher-nobody-'));
    execFileSync('chown', ['65534:65534', folder]);
    try {
      const up = new Program('setpriv', [
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        process.execPath,
        launcher,
        'up',
        contoso,
        '--lang',
        'en',
        '--state',
        folder,
      ]);
      assert.equal(await up.ended(), 2, up.output);
      for (const way of ['--port-offset', 'sysctl', 'sudo usher up']) {
        assert.ok(up.output.includes(way), up.output);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test('a topology with faults names every one with line and column, exit 2', async () => {
  const file = join(state, 'broken.yaml');
  const text = readFileSync(contoso, 'utf8')
    .replace('address: 127.10.1.12', 'address: 127.10.1.11')
    .replace('nat: source', 'nat: direct-server-return');
  writeFileSync(file, text);
  const up = usher('up', file);
  assert.equal(await up.ended(), 2);
  assert.match(up.output, /broken\.yaml:\d+:\d+: .*duplicate/u);
  assert.match(up.output, /broken\.yaml:\d+:\d+: .*direct/u);
});

function lowPortsSkip(): string | false {
  if (!root) return 'needs root, to become somebody who may not';
  if (findProgram('setpriv') === undefined) return 'setpriv is missing (apt install util-linux)';
  const lowest = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  if (lowest <= 80) return 'this machine lets everybody open low ports';
  try {
    execFileSync('setpriv', [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      process.execPath,
      launcher,
      '--help',
    ]);
    return false;
  } catch {
    return 'the checkout is not readable for other users';
  }
}
