import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { askHost, isHostStatus } from '#host';
import { openSockets } from '#proof';
import { ServedDeployment } from './support/served.ts';

const alice = {
  aor: 'alice@contoso.com',
  password: 'Wonder-1865',
  homePool: 'fepool01.contoso.net',
};

describe('every host under its own usher serve, as in production', () => {
  let deployment: ServedDeployment;

  before(async () => {
    deployment = await ServedDeployment.start({
      network: 16,
      users: [alice],
      workers: (role) => (['director', 'frontEnd', 'edge'].includes(role) ? 2 : 1),
    });
  });
  after(async () => {
    await deployment?.[Symbol.asyncDispose]();
  });

  async function ownSockets(): Promise<readonly string[]> {
    const wanted = new Set(
      [...deployment.plan.listeners, ...deployment.plan.virtualServices].map(
        ({ address, port }) => `${address}:${port}`,
      ),
    );
    const open = (await openSockets()) ?? [];
    return open.map(({ address, port }) => `${address}:${port}`).filter((each) => wanted.has(each));
  }

  test('the table is proven, and the workers of a host share its sockets', async () => {
    const { status, output } = await deployment.verify();
    assert.equal(status, 0, output);
    const here = await deployment.verify('--here');
    assert.equal(here.status, 0, here.output);
    const open = await ownSockets();
    for (const fqdn of ['dir01.contoso.net', 'fe01.contoso.net', 'edge01.contoso.net']) {
      const sip = deployment.plan.listeners.find((each) => {
        return each.host === fqdn && each.service === 'sip';
      });
      assert.equal(open.filter((each) => each === `${sip?.address}:${sip?.port}`).length, 2, fqdn);
    }
    assert.notEqual(
      deployment.workerOf('dir01.contoso.net', 0),
      deployment.workerOf('dir01.contoso.net', 1),
    );
  });

  test('a second usher serve of the same host is told who is in its way', async () => {
    await using second = deployment.serve('dir01.contoso.net', 'director');
    assert.equal(await second.ended(), 2);
    assert.match(second.output, /USHER_PORT_TAKEN/u);
  });

  test('a worker that is killed is replaced, and the table stays proven', async () => {
    const director = deployment.host('dir01.contoso.net');
    for (const worker of [1, 0]) {
      const victim = deployment.workerOf('dir01.contoso.net', worker);
      process.kill(victim, 'SIGKILL');
      await director.see(new RegExp(`"worker":${worker},"msg":"a worker is back"`, 'u'), 10);
      assert.notEqual(deployment.workerOf('dir01.contoso.net', worker), victim);
    }
    const { status, output } = await deployment.verify();
    assert.equal(status, 0, output);
  });

  test('SIGHUP has every worker read the certificates again; their logs are the host’s', async () => {
    const director = deployment.host('dir01.contoso.net');
    await deployment.usher('pki', 'issue', 'dir01.contoso.net', deployment.topologyFile);
    director.signal('SIGHUP');
    for (const worker of [0, 1]) {
      await director.see(new RegExp(`"worker":${worker},.*read again`, 'u'), 10);
    }
    const { status, output } = await deployment.verify();
    assert.equal(status, 0, output);
  });

  test('all workers of a Director drain as one, the one that replaces a fallen one too', async () => {
    const director = deployment.host('dir01.contoso.net');
    await deployment.usher('pool', 'drain', 'dir01.contoso.net');
    const since = director.output.length;
    process.kill(deployment.workerOf('dir01.contoso.net', 1), 'SIGKILL');
    await director.see(/"worker":1,"msg":"a worker is back"/u, 10, since);
    const told = await askHost(deployment.state, 'dir01.contoso.net', { verb: 'status' });
    assert.ok(isHostStatus(told));
    assert.deepEqual([told.state, told.workers], ['draining', 2]);
    const { stdout } = await deployment.usher('pool', 'resume', 'dir01.contoso.net', '--json');
    assert.match(stdout, /"state": "up".*"workers": 2/su);
    const { status, output } = await deployment.verify();
    assert.equal(status, 0, output);
  });

  test('SIGTERM ends every host with exit status 0, and no socket is left', async () => {
    // A service manager may tell the workers, too.
    for (const worker of [0, 1])
      process.kill(deployment.workerOf('dir02.contoso.net', worker), 'SIGTERM');
    for (const program of deployment.hosts.values()) program.signal('SIGTERM');
    for (const [fqdn, program] of deployment.hosts) {
      assert.equal(await program.ended(), 0, `${fqdn}: ${program.output.slice(-2000)}`);
    }
    assert.deepEqual(await ownSockets(), []);
  });
});
