import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { closeAll, startAll, systemClock } from '#base';
import type { Lifecycle } from '#base';
import { DirectorServer } from '#director';
import { EdgeServer } from '#edge';
import { SqliteUserDirectory, answerChallenge, verifiersOf } from '#identity';
import { listenersOf, loadPlan } from '#ports';
import { SipServer, buildRequest } from '#sip';
import type { HeaderField, SipHop, SipRequest, SipResponse } from '#sip';
import { findHost } from '#topology';
import { clientTls, ensurePki, loadCredentials } from '#trust';
import { FrontEndServer } from './server.ts';

/* Edge, Director and Front End as they are, and a remote user in front of them. */

const user = 'ada';
const domain = 'fabrikam.com';
const aor = `${user}@${domain}`;
const password = 'correct horse';

let state: string;
let directory: SqliteUserDirectory;
let client: SipServer;
let hop: SipHop;
const parts: Lifecycle[] = [];
const arrived: SipRequest[] = [];

before(async () => {
  const text = readFileSync('examples/single-director.yaml', 'utf8');
  const portOffset = randomInt(4000, 14_000);
  const loaded = loadPlan(text, 'single-director.yaml', { portOffset });
  assert.ok(loaded.ok);
  const { plan } = loaded;
  const [home] = plan.topology.pools.filter(({ role }) => role === 'frontEnd');
  assert.ok(home !== undefined);
  state = await mkdtemp(join(tmpdir(), 'usher-remote-user-'));
  await ensurePki(state, plan.topology, new Date());
  directory = new SqliteUserDirectory(join(state, 'users.sqlite'), { mode: 'write' });
  const verifiers = verifiersOf(aor, password);
  directory.put([{ aor, displayName: 'A', homePool: home.fqdn, enabled: true, verifiers }]);
  const secret = randomBytes(32);
  const options = async (fqdn: string) => {
    const host = findHost(plan.topology, fqdn);
    assert.ok(host !== undefined);
    const credentials = await loadCredentials(state, plan.topology, fqdn);
    return { plan, host, credentials, clock: systemClock, secret, users: directory };
  };
  for (const { fqdn } of home.members) parts.push(new FrontEndServer(await options(fqdn)));
  parts.push(new DirectorServer(await options('dir01.fabrikam.net')));
  const atEdge = await options('edge01.fabrikam.net');
  parts.push(new EdgeServer(atEdge));
  const door = listenersOf(plan, 'edge01.fabrikam.net').find(
    ({ service }) => service === 'accessEdge',
  );
  assert.ok(door !== undefined);
  hop = { address: door.address, port: door.port, name: `sip.${domain}` };
  client = new SipServer({
    name: 'phone.invalid',
    listeners: [],
    dial: (to) => clientTls(undefined, to, { ca: atEdge.credentials.ca }),
    sentBy: () => 'phone.invalid',
    handle({ request }) {
      arrived.push(request);
      return { kind: 'respond', status: 200 };
    },
    clock: systemClock,
  });
  parts.push(client);
  await startAll(parts);
});

after(async () => {
  await closeAll(parts.toReversed());
  directory.close();
  await rm(state, { recursive: true, force: true });
});

/** Sends a request and answers the challenge. */
async function send(
  method: string,
  uri: string,
  headers: readonly HeaderField[],
): Promise<SipResponse> {
  const callId = `${method}-${randomInt(1e9)}`;
  const ask = (cseq: number, credentials: readonly HeaderField[]): Promise<SipResponse> => {
    const fields: readonly HeaderField[] = [
      ['From', `<sip:${aor}>;tag=f`],
      ['To', `<sip:${aor}>`],
      ['Call-ID', callId],
      ['CSeq', `${cseq} ${method}`],
    ];
    const request = buildRequest({ method, uri, headers: [...fields, ...headers, ...credentials] });
    return client.request(request, { kind: 'hops', hops: [hop] }, { timeout: 5000 });
  };
  const first = await ask(1, []);
  const [asks, answers] =
    first.status === 401
      ? ['WWW-Authenticate', 'Authorization']
      : ['Proxy-Authenticate', 'Proxy-Authorization'];
  const [challenge] = first.headers(asks);
  assert.ok(challenge !== undefined, `no challenge but ${first.status}`);
  const cnonce = randomBytes(8).toString('hex');
  const answer = answerChallenge({
    challenge,
    username: user,
    password,
    method,
    uri,
    nc: 1,
    cnonce,
  });
  return ask(2, [[answers, answer]]);
}

test('a remote user hears of the Edge as service route, and reaches users by it', async () => {
  const registered = await send('REGISTER', `sip:${domain}`, [
    ['Contact', `<sip:${user}@phone.invalid>`],
  ]);
  assert.equal(registered.status, 200);
  const route = `<sip:sip.${domain}:${hop.port};transport=tls;lr>`;
  assert.deepEqual(registered.values('Service-Route'), [route]);
  assert.equal(registered.header('Path'), undefined, 'names of inside servers stay inside');

  const sent = await send('MESSAGE', `sip:${aor}`, [['Route', route]]);
  assert.equal(sent.status, 200);
  assert.deepEqual(
    arrived.map(({ method, requestUri }) => [method, requestUri]),
    [['MESSAGE', `sip:${user}@phone.invalid`]],
  );
});

test('a client cannot send its own service route or path past the Edge', async () => {
  const registered = await send('REGISTER', `sip:${domain}`, [
    ['Contact', `<sip:${user}@phone.invalid>`],
    ['Path', '<sip:x@evil.example;lr;entry=evil.example:5>'],
    ['Service-Route', '<sip:evil.example;lr>'],
  ]);
  assert.deepEqual(registered.values('Service-Route'), [
    `<sip:sip.${domain}:${hop.port};transport=tls;lr>`,
  ]);
});
