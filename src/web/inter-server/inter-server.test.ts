import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '#base';
import { refusals, revokeCertificates } from '#trust';
import { ask, makeDeployment, type Deployment } from '../web.fixture.ts';
import { WebServer } from '../server.ts';
import { InterServerClient } from './client.ts';

const frontEnd = 'fe01.contoso.net';

describe('the inter-server service of a Front End', () => {
  let deployment: Deployment;
  let server: WebServer;
  let client: InterServerClient;
  const bindings = 17;

  before(async () => {
    deployment = await makeDeployment();
    server = new WebServer({
      plan: deployment.plan,
      host: deployment.host(frontEnd),
      credentials: await deployment.credentials(frontEnd),
      clock: systemClock,
      secret: deployment.secret,
      users: deployment.users,
      state: () => 'up',
      details: () => ({ bindings }),
    });
    await server.start();
    client = new InterServerClient({
      plan: deployment.plan,
      host: deployment.host('dir01.contoso.net'),
      credentials: await deployment.credentials('dir01.contoso.net'),
      clock: systemClock,
      timeout: 1000,
    });
  });
  after(async () => {
    await client.close();
    await server.close();
    await deployment.close();
  });

  test('a Director learns how a Front End is', async () => {
    assert.deepEqual(await client.health(frontEnd), {
      host: frontEnd,
      pool: 'fepool01.contoso.net',
      state: 'up',
      details: { bindings },
    });
  });

  test('a Director learns where a user is homed, and that somebody is none', async () => {
    assert.deepEqual(await client.findUser(frontEnd, 'bob@contoso.com'), {
      homePool: 'fepool02.contoso.net',
      backupPool: 'fepool01.contoso.net',
      enabled: true,
    });
    assert.equal(await client.findUser(frontEnd, 'no/body?@contoso.com'), undefined);
  });

  test('a server that is down is an error with its name', async () => {
    await assert.rejects(client.health('fe02.contoso.net'), {
      code: 'USHER_INTER_SERVER',
      message: /fe02.contoso.net did not answer: .*ECONNREFUSED/u,
    });
  });

  test('a server no flow leads to is not asked', async () => {
    await assert.rejects(client.health('edge01.contoso.net'), { code: 'USHER_NO_FLOW' });
  });

  test('the answers of a server that proves another name are not believed', async () => {
    const impostor = new WebServer({
      plan: deployment.plan,
      host: deployment.host('fe03.contoso.net'),
      credentials: await deployment.credentials('rp01.contoso.net'),
      clock: systemClock,
      secret: deployment.secret,
      users: deployment.users,
      state: () => 'up',
    });
    await impostor.start();
    await assert.rejects(client.health('fe03.contoso.net'), {
      message: /fe03.contoso.net did not answer/u,
    });
    await impostor.close();
  });

  test('nobody without a certificate of a Director gets an answer', async () => {
    const { address, port } = deployment.listener(frontEnd, 'interServer');
    const heard: string[] = [];
    const stop = refusals.subscribe(({ admission }) => heard.push(admission.code));
    const request = { address, port, host: frontEnd, path: '/interserver/v1/health' };
    const { ca } = await deployment.credentials(frontEnd);
    await assert.rejects(ask({ ...request, tls: { name: frontEnd, ca } }));
    const credentials = await deployment.credentials('rp01.contoso.net');
    await assert.rejects(ask({ ...request, tls: { name: frontEnd, ca, credentials } }));
    stop();
    assert.deepEqual(heard, ['no-certificate', 'name-not-admitted']);
  });

  test('after a reload a revoked server is not asked over the connection of before', async () => {
    const asking = 'dir02.contoso.net';
    const director = new InterServerClient({
      plan: deployment.plan,
      host: deployment.host(asking),
      credentials: await deployment.credentials(asking),
      clock: systemClock,
      timeout: 1000,
    });
    await director.health(frontEnd);
    assert.deepEqual(director.reload(await deployment.credentials(asking)), { dropped: 0 });
    await director.health(frontEnd);
    await revokeCertificates(deployment.state, { fqdn: frontEnd }, 'keyCompromise', new Date());
    director.reload(await deployment.credentials(asking));
    await assert.rejects(director.health(frontEnd), { message: /revoked/u });
    await director.close();
  });

  test('other paths and methods are refused politely', async () => {
    const { address, port } = deployment.listener(frontEnd, 'interServer');
    const credentials = await deployment.credentials('dir01.contoso.net');
    const tls = { name: frontEnd, ca: credentials.ca, credentials };
    const request = { address, port, host: frontEnd, tls };
    assert.equal((await ask({ ...request, path: '/' })).status, 404);
    assert.equal((await ask({ ...request, path: '/interserver/v1/users/%zz' })).status, 400);
    assert.equal(
      (await ask({ ...request, path: '/interserver/v1/health', method: 'DELETE' })).status,
      405,
    );
  });
});
