import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { askHost, isHostStatus } from '#host';
import { loadPlan, type Plan } from '#ports';
import { openSockets } from '#proof';
import { hostsOf, type Role } from '#topology';
import { lowPortsAreFree } from './support/deployment.ts';
import { Program } from './support/process.ts';

const run = promisify(execFile);
const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const contoso = readFileSync(new URL('../../examples/contoso.yaml', import.meta.url), 'utf8')
  // Sockets others opened on the example's addresses stay out of the proof.
  .replaceAll('127.10.', '127.16.')
  .replaceAll('127.20.0.', '127.16.20.');

/** Who is started first: the balancer finds its members, the Edge its next hop. */
const order: readonly (readonly Role[])[] = [
  ['frontEnd', 'director'],
  ['balancer', 'edge', 'reverseProxy'],
];

describe('every host under its own usher serve, as in production', () => {
  const hosts = new Map<string, Program>();
  let state = '';
  let topologyFile = '';
  let offset = '0';
  let plan: Plan;

  before(async () => {
    state = mkdtempSync(join(tmpdir(), 'usher-serve-'));
    topologyFile = join(state, 'topology.yaml');
    writeFileSync(topologyFile, contoso);
    offset = (await lowPortsAreFree()) ? '0' : '10000';
    const loaded = loadPlan(contoso, topologyFile, { portOffset: Number(offset) });
    assert.ok(loaded.ok);
    plan = loaded.plan;
    const users = join(state, 'users.csv');
    writeFileSync(
      users,
      'aor,password,homePool\nalice@contoso.com,Wonder-1865,fepool01.contoso.net\n',
      {
        mode: 0o600,
      },
    );
    await usher('pki', 'init', topologyFile);
    await usher('pki', 'issue', 'dir01.contoso.net', topologyFile);
    await usher('user', 'import', users, '--topology', topologyFile);
    for (const roles of order) {
      const next = hostsOf(plan.topology).filter(({ role }) => roles.includes(role));
      for (const { fqdn, role } of next) hosts.set(fqdn, serve(fqdn, role));
      await Promise.all(next.map(({ fqdn }) => host(fqdn).see(/"msg":"serving"/u, 30)));
    }
  });

  after(async () => {
    await Promise.all([...hosts.values()].map((program) => program.end('SIGKILL')));
    rmSync(state, { recursive: true, force: true });
  });

  const usher = (...args: string[]): Promise<{ stdout: string }> =>
    run(process.execPath, [launcher, ...args, '--lang', 'en', '--state', state]);

  function serve(fqdn: string, role: Role): Program {
    const workers = role === 'director' ? ['--workers', '2'] : [];
    const where = [topologyFile, '--state', state, '--port-offset', offset];
    return new Program(process.execPath, [launcher, 'serve', fqdn, ...where, ...workers]);
  }

  function host(fqdn: string): Program {
    const program = hosts.get(fqdn);
    assert.ok(program, fqdn);
    return program;
  }

  /** Exit status of `usher verify`, with what it printed. */
  async function verify(...flags: string[]): Promise<{ status: number | string; output: string }> {
    const where = [topologyFile, '--lang', 'en', '--state', state, '--port-offset', offset];
    await using program = new Program(process.execPath, [launcher, 'verify', ...where, ...flags]);
    return { status: await program.ended(), output: program.output };
  }

  /** Process id of one worker of a Director. */
  function workerOf(fqdn: string, worker: number): number {
    const args = ['-o', 'pid=,args=', '--ppid', String(host(fqdn).pid)];
    const lines = execFileSync('ps', args, { encoding: 'utf8' }).split('\n');
    const pid = Number.parseInt(
      lines.find((line) => line.endsWith(`--worker ${worker}`)) ?? '',
      10,
    );
    assert.ok(!Number.isNaN(pid), lines.join('\n'));
    return pid;
  }

  async function ownSockets(): Promise<readonly string[]> {
    const wanted = new Set(
      [...plan.listeners, ...plan.virtualServices].map(({ address, port }) => `${address}:${port}`),
    );
    const open = (await openSockets()) ?? [];
    return open.map(({ address, port }) => `${address}:${port}`).filter((each) => wanted.has(each));
  }

  test('the table is proven, and the workers of a Director share its sockets', async () => {
    const { status, output } = await verify();
    assert.equal(status, 0, output);
    const here = await verify('--here');
    assert.equal(here.status, 0, here.output);
    const sip = plan.listeners.find((each) => {
      return each.host === 'dir01.contoso.net' && each.service === 'sip';
    });
    const open = await ownSockets();
    assert.equal(open.filter((each) => each === `${sip?.address}:${sip?.port}`).length, 2);
    assert.notEqual(workerOf('dir01.contoso.net', 0), workerOf('dir01.contoso.net', 1));
  });

  test('a second usher serve of the same host is told who is in its way', async () => {
    await using second = serve('dir01.contoso.net', 'director');
    assert.equal(await second.ended(), 2);
    assert.match(second.output, /USHER_PORT_TAKEN/u);
  });

  test('a worker that is killed is replaced, and the table stays proven', async () => {
    const director = host('dir01.contoso.net');
    for (const worker of [1, 0]) {
      const victim = workerOf('dir01.contoso.net', worker);
      process.kill(victim, 'SIGKILL');
      await director.see(new RegExp(`"worker":${worker},"msg":"a worker is back"`, 'u'), 10);
      assert.notEqual(workerOf('dir01.contoso.net', worker), victim);
    }
    const { status, output } = await verify();
    assert.equal(status, 0, output);
  });

  test('SIGHUP has every worker read the certificates again; their logs are the host’s', async () => {
    const director = host('dir01.contoso.net');
    await usher('pki', 'issue', 'dir01.contoso.net', topologyFile);
    director.signal('SIGHUP');
    for (const worker of [0, 1]) {
      await director.see(new RegExp(`"worker":${worker},.*read again`, 'u'), 10);
    }
    const { status, output } = await verify();
    assert.equal(status, 0, output);
  });

  test('all workers of a Director drain as one, the one that replaces a fallen one too', async () => {
    const director = host('dir01.contoso.net');
    await usher('pool', 'drain', 'dir01.contoso.net');
    const since = director.output.length;
    process.kill(workerOf('dir01.contoso.net', 1), 'SIGKILL');
    await director.see(/"worker":1,"msg":"a worker is back"/u, 10, since);
    const told = await askHost(state, 'dir01.contoso.net', { verb: 'status' });
    assert.ok(isHostStatus(told));
    assert.deepEqual([told.state, told.workers], ['draining', 2]);
    const { stdout } = await usher('pool', 'resume', 'dir01.contoso.net', '--json');
    assert.match(stdout, /"state": "up".*"workers": 2/su);
    const { status, output } = await verify();
    assert.equal(status, 0, output);
  });

  test('SIGTERM ends every host with exit status 0, and no socket is left', async () => {
    // A service manager may tell the workers, too.
    for (const worker of [0, 1]) process.kill(workerOf('dir02.contoso.net', worker), 'SIGTERM');
    for (const program of hosts.values()) program.signal('SIGTERM');
    for (const [fqdn, program] of hosts) {
      assert.equal(await program.ended(), 0, `${fqdn}: ${program.output.slice(-2000)}`);
    }
    assert.deepEqual(await ownSockets(), []);
  });
});
