import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { closeAll, startAll, systemClock } from '#base';
import type { Lifecycle } from '#base';
import { DirectorServer } from '#director';
import { SqliteUserDirectory, answerChallenge, serversFor, verifiersOf } from '#identity';
import type { User } from '#identity';
import { listenersOf, servicePort } from '#ports';
import type { Plan } from '#ports';
import { SipServer, buildRequest, edit } from '#sip';
import type { HeaderField, RequestContext, SipHop, SipRequest, SipResponse } from '#sip';
import { findHost } from '#topology';
import type { Host } from '#topology';
import { admit, clientTls, ensurePki, loadCredentials, serverTls } from '#trust';
import type { Credentials } from '#trust';
import { FrontEndServer } from './server.ts';
import { contosoPlan } from './front-end.fixture.ts';

const password = 'correct horse';
const users: readonly User[] = [
  { aor: 'alice@contoso.com', displayName: 'A', homePool: 'fepool01.contoso.net', enabled: true },
  { aor: 'bob@contoso.com', displayName: 'B', homePool: 'fepool02.contoso.net', enabled: true },
  { aor: 'carol@contoso.com', displayName: 'C', homePool: 'fepool01.contoso.net', enabled: false },
  { aor: 'ivan@contoso.com', displayName: 'I', homePool: 'fepool02.contoso.net', enabled: true },
];

let plan: Plan;
let state: string;
let directory: SqliteUserDirectory;
let edge: SipServer;
let internal: SipServer;
let director: DirectorServer;
const frontEnds = new Map<string, FrontEndServer>();
const parts: Lifecycle[] = [];
/** What reached the remote clients behind the Edge, and the internal client. */
const arrivedOutside: RequestContext[] = [];
const arrivedInside: RequestContext[] = [];

function hostOf(fqdn: string): Host {
  const host = findHost(plan.topology, fqdn);
  assert.ok(host !== undefined);
  return host;
}

function hopTo(fqdn: string): SipHop {
  const [address = ''] = hostOf(fqdn).addresses;
  return { address, port: servicePort(plan, 'sip'), name: fqdn };
}

/** A client that answers everything, and in a dialog gives the recorded route back. */
function answering(arrived: RequestContext[], contact: string) {
  return (context: RequestContext) => {
    arrived.push(context);
    const { request } = context;
    const recorded = request
      .values('Record-Route')
      .map((value): HeaderField => ['Record-Route', value]);
    const headers: HeaderField[] = [...recorded, ['Contact', `<${contact}>`], ['Expires', '60']];
    return { kind: 'respond', status: 200, headers } as const;
  };
}

before(async () => {
  // Below the ephemeral ports, and another place in every run.
  plan = contosoPlan(randomInt(4000, 14_000));
  state = await mkdtemp(join(tmpdir(), 'usher-roles-'));
  await ensurePki(state, plan.topology, new Date());
  directory = new SqliteUserDirectory(join(state, 'users.sqlite'), { mode: 'write' });
  directory.put(users.map((user) => ({ ...user, verifiers: verifiersOf(user.aor, password) })));
  const secret = randomBytes(32);
  const options = async (fqdn: string) => ({
    plan,
    host: hostOf(fqdn),
    credentials: await loadCredentials(state, plan.topology, fqdn),
    clock: systemClock,
    secret,
    users: directory,
  });
  for (const fqdn of ['fe01.contoso.net', 'fe02.contoso.net', 'fe03.contoso.net']) {
    const server = new FrontEndServer(await options(fqdn));
    frontEnds.set(fqdn, server);
    parts.push(server);
  }
  director = new DirectorServer(await options('dir01.contoso.net'));
  const edgeOptions = await options('edge01.contoso.net');
  edge = edgeLike(edgeOptions.credentials);
  internal = internalClient(edgeOptions.credentials.ca);
  parts.push(director, edge, internal);
  await startAll(parts);
});

after(async () => {
  await closeAll(parts);
  directory.close();
  await rm(state, { recursive: true, force: true });
});

/** Stands for the Edge and the remote users behind it. */
function edgeLike(credentials: Credentials): SipServer {
  const [listener] = listenersOf(plan, 'edge01.contoso.net').filter(
    ({ service }) => service === 'sip',
  );
  assert.ok(listener !== undefined);
  const { address, port, service } = listener;
  return new SipServer({
    name: 'edge01.contoso.net',
    listeners: [
      {
        address,
        port,
        label: service,
        tls: serverTls(credentials, 'MTLS'),
        admit: (socket) => admit(socket, listener),
      },
    ],
    dial: (hop) => clientTls(credentials, hop, { localAddress: address }),
    localAddress: address,
    sentBy: () => `edge01.contoso.net:${port}`,
    handle: answering(arrivedOutside, 'sip:bob@192.0.2.9'),
    clock: systemClock,
  });
}

/** Stands for a client inside the network: no certificate, no listener. */
function internalClient(ca: string): SipServer {
  return new SipServer({
    name: 'desk.contoso.net',
    listeners: [],
    dial: (hop) => clientTls(undefined, hop, { ca, localAddress: '127.30.0.9' }),
    localAddress: '127.30.0.9',
    sentBy: () => 'desk.contoso.net',
    handle: answering(arrivedInside, 'sip:ivan@127.30.0.9'),
    clock: systemClock,
  });
}

let calls = 0;
/** The latest request a client sent, credentials and all. */
let latest: SipRequest | undefined;

interface Wish {
  readonly method: string;
  readonly from: string;
  readonly to?: string;
  readonly uri?: string;
  readonly toTag?: string;
  readonly callId?: string;
  readonly headers?: readonly HeaderField[];
  readonly password?: string;
}

/** Sends a request and answers the challenge that comes back, if one does. */
async function send(server: SipServer, hop: SipHop, wish: Wish): Promise<SipResponse> {
  const { method, from, to = from } = wish;
  const uri = wish.uri ?? (method === 'REGISTER' ? 'sip:contoso.com' : `sip:${to}@contoso.com`);
  const callId = wish.callId ?? `call-${++calls}-${randomInt(1e9)}`;
  const ask = (cseq: number, credentials: readonly HeaderField[]): Promise<SipResponse> => {
    const tag = wish.toTag === undefined ? '' : `;tag=${wish.toTag}`;
    const request: SipRequest = buildRequest({
      method,
      uri,
      headers: [
        ['From', `<sip:${from}@contoso.com>;tag=f`],
        ['To', `<sip:${to}@contoso.com>${tag}`],
        ['Call-ID', callId],
        ['CSeq', `${cseq} ${method}`],
        ...(wish.headers ?? []),
        ...credentials,
      ],
    });
    latest = request;
    return server.request(request, { kind: 'hops', hops: [hop] }, { timeout: 2000 });
  };
  const first = await ask(1, []);
  const [asks, answers] =
    first.status === 401
      ? ['WWW-Authenticate', 'Authorization']
      : ['Proxy-Authenticate', 'Proxy-Authorization'];
  const [challenge] = first.headers(asks);
  if (challenge === undefined) return first;
  const answer = answerChallenge({
    challenge,
    username: from,
    password: wish.password ?? password,
    method,
    uri,
    nc: 1,
    cnonce: randomBytes(8).toString('hex'),
  });
  return ask(2, [[answers, answer]]);
}

const viaDirector = (wish: Wish): Promise<SipResponse> =>
  send(edge, hopTo('dir01.contoso.net'), wish);

function registration(user: string): Wish {
  return {
    method: 'REGISTER',
    from: user,
    headers: [
      ['Contact', `<sip:${user}@192.0.2.9>`],
      ['Path', `<sip:flow-of-${user}@edge01.contoso.net;transport=tls;lr;ob>`],
    ],
  };
}

const diagnosis = (response: SipResponse): string =>
  response.header('ms-diagnostics')?.split(';')[0] ?? '';

test('the Director answers whoever asks whether it lives', async () => {
  const request: Wish = { method: 'OPTIONS', from: 'alice', uri: 'sip:dir01.contoso.net' };
  assert.equal((await viaDirector(request)).status, 200);
});

test('a remote user registers through the Director with the right member of the home pool', async () => {
  const response = await viaDirector(registration('alice'));
  assert.equal(response.status, 200);
  assert.match(response.header('Contact') ?? '', /^<sip:alice@192\.0\.2\.9>;expires=3600$/u);
  assert.match(response.header('Path') ?? '', /flow-of-alice@edge01/u);
  const [alice] = users;
  assert.ok(alice !== undefined);
  const [owner] = serversFor(plan.topology, alice);
  assert.equal(frontEnds.get(owner?.fqdn ?? '')?.bindings, 1);
});

test('a wrong password is asked again, an unknown user is unknown, a disabled one forbidden', async () => {
  const wrong = await viaDirector({ ...registration('alice'), password: 'wrong' });
  assert.equal(wrong.status, 401);
  const unknown = await viaDirector(registration('nobody'));
  assert.deepEqual([unknown.status, diagnosis(unknown)], [404, '1003']);
  const disabled = await viaDirector(registration('carol'));
  assert.deepEqual([disabled.status, diagnosis(disabled)], [403, '4003']);
});

test('a message crosses from pool to pool and arrives along the Path with the sender asserted', async () => {
  assert.equal((await viaDirector(registration('bob'))).status, 200);
  const response = await viaDirector({ method: 'MESSAGE', from: 'alice', to: 'bob' });
  assert.equal(response.status, 200);
  const request = arrivedOutside.at(-1)?.request;
  assert.ok(request !== undefined);
  assert.equal(request.requestUri, 'sip:bob@192.0.2.9');
  assert.deepEqual(request.values('Route'), [
    '<sip:flow-of-bob@edge01.contoso.net;transport=tls;lr;ob>',
  ]);
  assert.deepEqual(request.headers('P-Asserted-Identity'), ['<sip:alice@contoso.com>']);
  assert.equal(request.count('Proxy-Authorization'), 0);
  const path = request.vias.map(({ host }) => host);
  const inner = path.slice(0, -1);
  assert.ok(inner.includes('dir01.contoso.net') && inner.includes('fe03.contoso.net'), path.join());
});

test('a dialog needs no Director: its token opens the Front Ends, and nothing else does', async () => {
  const callId = `dialog-${randomInt(1e9)}`;
  const opened = await viaDirector({ method: 'SUBSCRIBE', from: 'alice', to: 'bob', callId });
  assert.equal(opened.status, 200);
  const routes = opened.values('Record-Route').toReversed();
  assert.equal(routes.length, 2);
  const [nearest] = opened.recordRoutes.toReversed();
  const host = /@(?<host>[^:]+)/u.exec(nearest?.uri ?? '')?.groups?.['host'] ?? '';
  const inside: Wish = {
    method: 'SUBSCRIBE',
    from: 'alice',
    to: 'bob',
    uri: 'sip:bob@192.0.2.9',
    toTag: opened.to.tag ?? '',
    callId,
  };
  // The Edge of the callee is the last server of the way, as its own Record-Route would have it.
  const route = [...routes, '<sip:flow-of-bob@edge01.contoso.net;transport=tls;lr>'].join(', ');
  const count = arrivedOutside.length;
  const followed = await send(edge, hopTo(host), { ...inside, headers: [['Route', route]] });
  assert.equal(followed.status, 200);
  assert.equal(arrivedOutside.length, count + 1);

  const bare = await send(edge, hopTo(host), inside);
  assert.equal(bare.status, 403);
  const other = await send(edge, hopTo(host), {
    ...inside,
    callId: 'another-call',
    headers: [['Route', route]],
  });
  assert.equal(other.status, 403);
});

test('an internal client signs in at home and is reached over the connection it opened', async () => {
  const home = hopTo('fe03.contoso.net');
  const contact: HeaderField[] = [['Contact', '<sip:ivan@127.30.0.9>']];
  const registered = await send(internal, home, {
    method: 'REGISTER',
    from: 'ivan',
    headers: contact,
  });
  assert.equal(registered.status, 200);
  const response = await viaDirector({ method: 'MESSAGE', from: 'alice', to: 'ivan' });
  assert.equal(response.status, 200);
  assert.equal(arrivedInside.at(-1)?.request.requestUri, 'sip:ivan@127.30.0.9');

  // And writes back: it proves who it is at its own Front End.
  const back = await send(internal, home, { method: 'MESSAGE', from: 'ivan', to: 'bob' });
  assert.equal(back.status, 200);
  assert.deepEqual(arrivedOutside.at(-1)?.request.headers('P-Asserted-Identity'), [
    '<sip:ivan@contoso.com>',
  ]);
});

/** Sends the latest request once more with the Via `host` gave it on its way: to `host` it is a loop. */
async function loopBack(server: SipServer, host: string): Promise<number> {
  assert.ok(latest !== undefined);
  const own = arrivedOutside
    .at(-1)
    ?.request.values('Via')
    .find((via) => via.includes(host));
  assert.ok(own !== undefined, `${host} was not on the way`);
  const looped = edit(latest, [{ op: 'append', name: 'Via', value: own }]);
  const hops = [hopTo(host)];
  return (await server.request(looped, { kind: 'hops', hops }, { timeout: 2000 })).status;
}

test('Director and Front End refuse what was with them before and has not changed', async () => {
  assert.equal((await viaDirector({ method: 'MESSAGE', from: 'alice', to: 'bob' })).status, 200);
  assert.equal(await loopBack(edge, 'dir01.contoso.net'), 482);
  const home = hopTo('fe03.contoso.net');
  const sent = await send(internal, home, { method: 'MESSAGE', from: 'ivan', to: 'bob' });
  assert.equal(sent.status, 200);
  assert.equal(await loopBack(internal, 'fe03.contoso.net'), 482);
});

test('an internal client cannot be reached once its connection is gone', async () => {
  await internal.close();
  const response = await viaDirector({ method: 'MESSAGE', from: 'alice', to: 'ivan' });
  assert.equal(response.status, 480);
});

test('when the member of a user dies the next registration goes to another one and calls find it', async () => {
  const [alice] = users;
  assert.ok(alice !== undefined);
  const [owner, next] = serversFor(plan.topology, alice);
  assert.ok(owner !== undefined && next !== undefined);
  await frontEnds.get(owner.fqdn)?.close();
  assert.equal((await viaDirector(registration('alice'))).status, 200);
  assert.equal(frontEnds.get(next.fqdn)?.bindings, 1);
  const response = await viaDirector({ method: 'MESSAGE', from: 'bob', to: 'alice' });
  assert.equal(response.status, 200);
  assert.equal(arrivedOutside.at(-1)?.request.requestUri, 'sip:alice@192.0.2.9');
  const { homePools } = Object(director.dump());
  assert.ok(JSON.stringify(homePools).includes('"state":"down"'), JSON.stringify(homePools));
});

test('a user signed in nowhere is 480, one that does not exist 404', async () => {
  const gone = await viaDirector({ method: 'MESSAGE', from: 'alice', to: 'ivan' });
  assert.deepEqual([gone.status, diagnosis(gone)], [480, '4006']);
  const unknown = await viaDirector({ method: 'MESSAGE', from: 'alice', to: 'nobody' });
  assert.deepEqual([unknown.status, diagnosis(unknown)], [404, '1003']);
});

test('a user switched off is refused with the next request', async () => {
  directory.put(
    users.filter(({ aor }) => aor === 'bob@contoso.com').map((bob) => ({ ...bob, enabled: false })),
  );
  const response = await viaDirector({ method: 'MESSAGE', from: 'bob', to: 'alice' });
  assert.deepEqual([response.status, diagnosis(response)], [403, '4003']);
});
