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
import { Kamailio } from './support/kamailio.ts';
import { Linphone } from './support/linphone.ts';
import { needs } from './support/programs.ts';
import { SipUser } from './support/sip-user.ts';

const skip = needs(
  ['kamailio', 'kamailio kamailio-tls-modules'],
  ['baresip', 'baresip-core'],
  ['linphonec', 'linphone-cli'],
);

const ours = 'fepool01.contoso.net';
const kamailios = 'fepool02.contoso.net';
const alice = { aor: 'alice@contoso.com', password: 'Wonder-1865', homePool: ours };
const bob = { aor: 'bob@contoso.com', password: 'Builder-1999', homePool: kamailios };
const carol = { aor: 'carol@contoso.com', password: 'Carol-0003', homePool: ours };
const karl = { aor: 'karl@contoso.com', password: 'Karl-0004', homePool: kamailios };
const ida = { aor: 'ida@contoso.com', password: 'Ida-0005', homePool: kamailios };

describe('Kamailio, unmodified, as a home pool in the place of a Front End', { skip }, () => {
  let kamailio: Kamailio;
  let deployment: TestDeployment;
  let baresip: Baresip;
  let linphone: Linphone;
  let atOurs: SipUser;
  let atKamailio: SipUser;

  const phone = (user: typeof alice): Promise<SipUser> =>
    SipUser.connect({ ...user, edge: deployment.edge, ca: deployment.ca });

  before(async () => {
    deployment = await TestDeployment.start([alice, bob, carol, karl, ida], {
      edit: (topology) =>
        topology.replace('address: 127.10.3.11 }', 'address: 127.10.3.11, software: other }'),
      before: async (prepared) => {
        kamailio = await Kamailio.start(prepared);
      },
    });
    const common = { edge: deployment.edge, ca: deployment.ca };
    baresip = await Baresip.start({
      ...common,
      ...bob,
      directory: join(deployment.state, 'baresip'),
      address: '127.60.0.1',
      contacts: [alice.aor],
    });
    linphone = await Linphone.start({
      ...common,
      ...alice,
      directory: join(deployment.state, 'linphone'),
      address: '127.60.0.2',
    });
    atOurs = await phone(carol);
    atKamailio = await phone(karl);
  });

  after(async () => {
    atOurs?.close();
    atKamailio?.close();
    await baresip?.[Symbol.asyncDispose]();
    await linphone?.[Symbol.asyncDispose]();
    await deployment?.[Symbol.asyncDispose]();
    await kamailio?.[Symbol.asyncDispose]();
  });

  test('the deployment starts without that host, and its rows are proven at Kamailio', async () => {
    assert.match(deployment.up.output, /not started here: fe03\.contoso\.net/u);
    await assert.rejects(deployment.pidOf('fe03.contoso.net'), /does not run/u);
    const { stdout } = await deployment.usher(
      'verify',
      deployment.topologyFile,
      '--port-offset',
      String(deployment.portOffset),
      '--json',
    );
    for (const row of ['DH-P2', 'IS03a', 'IS03b']) {
      const { verdict, evidence } = rowOf(stdout, row);
      assert.equal(verdict, 'open', `${row}: ${evidence}`);
    }
  });

  test('users of both pools register through Edge and Director', async () => {
    await baresip.program.see(/bob@contoso\.com: .*200 OK/u, 15);
    await linphone.program.see(/LinphoneRegistrationOk/u, 15);
    assert.equal((await atOurs.register()).status, 200);
    const registered = await atKamailio.register();
    assert.equal(registered.status, 200);
    assert.match(registered.headers.get('contact') ?? '', /^<sip:karl@[^>]+>.*;expires=600/u);
  });

  test('a wrong password gets no further than the Director', async () => {
    const thief = await phone({ ...karl, password: 'not-his' });
    assert.equal((await thief.register()).status, 401);
    thief.close();
  });

  test('they write each other, across the pools and within the one of Kamailio', async () => {
    const sent = await Promise.all([
      atOurs.message(karl.aor, 'from our pool to Kamailio'),
      atKamailio.message(carol.aor, 'from Kamailio to our pool'),
      atKamailio.message(karl.aor, 'from Kamailio to itself'),
    ]);
    assert.deepEqual(
      sent.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.deepEqual(atOurs.received, ['from Kamailio to our pool']);
    assert.deepEqual(atKamailio.received.toSorted(), [
      'from Kamailio to itself',
      'from our pool to Kamailio',
    ]);
  });

  test('baresip, at home with Kamailio, and linphonec write each other', async () => {
    await baresipWrites(baresip, linphone, 'good morning from Kamailio');
    await linphoneWrites(linphone, baresip, bob.aor, 'good evening to Kamailio');
  });

  test('baresip calls linphonec out of the Kamailio pool, who answers, and hangs up', async () => {
    await baresipCalls(baresip, linphone, alice.aor);
  });

  test('linphonec calls baresip in the Kamailio pool, who answers, and hangs up', async () => {
    await linphoneCalls(linphone, baresip, bob.aor);
  });

  test('a user of the Kamailio pool who is signed in nowhere is away for both pools', async () => {
    assert.equal((await atOurs.message(ida.aor, 'anybody?')).status, 480);
    assert.equal((await atKamailio.message(ida.aor, 'anybody?')).status, 480);
  });

  test('a user whose connection is gone is away, and nobody ever hears 430', async () => {
    const gone = await phone(ida);
    assert.equal((await gone.register()).status, 200);
    assert.equal((await atOurs.message(ida.aor, 'there?')).status, 200);
    gone.close();
    for (const round of ['first', 'second']) {
      assert.equal((await atOurs.message(ida.aor, round)).status, 480);
      assert.equal((await atKamailio.message(ida.aor, round)).status, 480);
    }
  });

  test('when Kamailio ends its users sign in at the backup pool and are reached there', async () => {
    await kamailio.program.end();
    // The binding was Kamailio's alone.
    assert.equal((await atOurs.message(karl.aor, 'still there?')).status, 480);
    assert.equal((await atKamailio.register()).status, 200);
    assert.equal((await atOurs.message(karl.aor, 'at the backup pool')).status, 200);
    assert.equal((await atKamailio.message(carol.aor, 'from the backup pool')).status, 200);
    assert.ok(atKamailio.received.includes('at the backup pool'));
  });
});

/** Verdict and evidence of one row in what `usher verify --json` printed. */
function rowOf(json: string, id: string): { verdict: string; evidence: string } {
  const report: unknown = JSON.parse(json);
  assert.ok(typeof report === 'object' && report !== null && 'rows' in report);
  assert.ok(Array.isArray(report.rows));
  const row: unknown = report.rows.find((each: unknown) => Object(each).id === id);
  assert.ok(typeof row === 'object' && row !== null && 'verdict' in row && 'evidence' in row, id);
  return { verdict: String(row.verdict), evidence: String(row.evidence) };
}
