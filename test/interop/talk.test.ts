import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  baresipCalls,
  baresipWrites,
  linphoneCalls,
  linphoneWrites,
} from './support/conversation.ts';
import { Baresip } from './support/baresip.ts';
import { TestDeployment } from './support/deployment.ts';
import { Linphone } from './support/linphone.ts';
import { needs } from './support/programs.ts';

const skip = needs(['baresip', 'baresip-core'], ['linphonec', 'linphone-cli']);

const alice = {
  aor: 'alice@contoso.com',
  password: 'Wonder-1865',
  homePool: 'fepool01.contoso.net',
};
const bob = { aor: 'bob@contoso.com', password: 'Builder-1999', homePool: 'fepool02.contoso.net' };
const dora = { aor: 'dora@contoso.com', password: 'Locked-0001', homePool: 'fepool01.contoso.net' };

describe('unmodified clients of different home pools meet through the Edge', { skip }, () => {
  let deployment: TestDeployment;
  let baresip: Baresip;
  let linphone: Linphone;

  before(async () => {
    deployment = await TestDeployment.start([alice, bob, { ...dora, enabled: false }]);
    const common = { edge: deployment.edge, ca: deployment.ca };
    baresip = await Baresip.start({
      ...common,
      ...alice,
      directory: join(deployment.state, 'baresip'),
      address: '127.60.0.1',
      contacts: [bob.aor],
    });
    linphone = await Linphone.start({
      ...common,
      ...bob,
      directory: join(deployment.state, 'linphone'),
      address: '127.60.0.2',
    });
  });

  after(async () => {
    await baresip?.[Symbol.asyncDispose]();
    await linphone?.[Symbol.asyncDispose]();
    await deployment?.[Symbol.asyncDispose]();
  });

  test('baresip registers with TLS and Digest', async () => {
    await baresip.program.see(/alice@contoso\.com: .*200 OK/u, 15);
  });

  test('linphonec registers with TLS and Digest', async () => {
    await linphone.program.see(/LinphoneRegistrationOk/u, 15);
  });

  test('baresip calls linphonec, who answers, and hangs up', async () => {
    await baresipCalls(baresip, linphone, bob.aor);
  });

  test('linphonec calls baresip, who answers, and hangs up', async () => {
    await linphoneCalls(linphone, baresip, alice.aor);
  });

  test('baresip writes linphonec a message', async () => {
    await baresipWrites(baresip, linphone, 'good morning from baresip');
  });

  test('linphonec writes baresip a message', async () => {
    await linphoneWrites(linphone, baresip, alice.aor, 'good evening from linphone');
  });

  test('the log agents tell the way of the call from end to end', async () => {
    const { stdout } = await deployment.usher(
      'logs',
      'search',
      deployment.topologyFile,
      '--port-offset',
      String(deployment.portOffset),
      '--uri',
      alice.aor,
      '--json',
    );
    for (const host of ['edge01', 'fe03'])
      assert.match(stdout, new RegExp(`${host}\\.contoso`, 'u'));
    assert.doesNotMatch(stdout, new RegExp(alice.password, 'u'));
  });
});

describe('who must not get in gets the right answer', { skip }, () => {
  let deployment: TestDeployment;

  before(async () => {
    deployment = await TestDeployment.start([alice, { ...dora, enabled: false }]);
  });
  after(async () => {
    await deployment?.[Symbol.asyncDispose]();
  });

  const refused = async (
    user: { aor: string; password: string },
    answer: RegExp,
  ): Promise<void> => {
    await using phone = await Baresip.start({
      ...user,
      directory: join(deployment.state, user.aor),
      edge: deployment.edge,
      ca: deployment.ca,
      address: '127.60.0.3',
    });
    await phone.program.see(answer, 15);
    assert.doesNotMatch(phone.program.output, /200 OK/u);
  };

  test('a wrong password is challenged again, never let in', async () => {
    await refused({ ...alice, password: 'not-hers' }, /401 Unauthorized|403 Forbidden/u);
  });

  test('an unknown user is not found', async () => {
    await refused({ aor: 'nobody@contoso.com', password: 'x' }, /404 Not Found/u);
  });

  test('a disabled user is forbidden', async () => {
    await refused(dora, /403 Forbidden/u);
  });
});
