import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderField, Outcome } from '#sip';
import {
  alice,
  bob,
  carol,
  client,
  contextOf,
  directoryOf,
  director,
  everybody,
  fe01,
  now,
  requestOf,
  selfAt,
} from '../front-end.fixture.ts';
import { Bindings } from './bindings.ts';
import { register } from './register.ts';

const port = 7061;
const path: HeaderField = ['Path', '<sip:token@edge01.contoso.net;lr;ob>'];
const contact: HeaderField = ['Contact', '<sip:alice@192.0.2.1>'];

interface Try {
  readonly headers?: readonly HeaderField[];
  readonly uri?: string;
  readonly caller?: string;
  readonly self?: typeof fe01;
  readonly bindings?: Bindings;
  readonly origin?: 'director' | 'client';
  readonly directory?: ReturnType<typeof directoryOf>;
}

async function attempt(options: Try): Promise<Outcome & { kind: 'respond' }> {
  const { self = fe01, bindings = new Bindings(), origin = 'director', headers = [] } = options;
  const decider = register({ self, directory: options.directory ?? everybody, bindings, port });
  const request = requestOf('REGISTER', options.uri ?? 'sip:contoso.com', headers);
  const facts = { origin, caller: options.caller ?? alice.aor };
  const peer = origin === 'client' ? client : director;
  const outcome = await decider.decide(contextOf(request, peer, facts));
  assert.ok(outcome.kind === 'respond', outcome.kind);
  return outcome;
}

const diagnosis = (outcome: Outcome & { kind: 'respond' }): string =>
  outcome.headers?.find(([name]) => name === 'ms-diagnostics')?.[1].split(';')[0] ?? '';

test('other requests travel on', async () => {
  const decider = register({ self: fe01, directory: everybody, bindings: new Bindings(), port });
  const outcome = await decider.decide(contextOf(requestOf('INVITE'), director));
  assert.equal(outcome.kind, 'continue');
});

const at = (cseq: number): HeaderField => ['CSeq', `${cseq} REGISTER`];

test('register, fetch, refresh, unregister', async () => {
  const bindings = new Bindings();
  const first = await attempt({ bindings, headers: [path, contact, at(1)] });
  assert.equal(first.status, 200);
  assert.equal(bindings.of(alice.aor, now).length, 1);

  const fetched = await attempt({ bindings, headers: [at(2)] });
  assert.deepEqual(
    fetched.headers?.filter(([name]) => name === 'Contact'),
    [['Contact', '<sip:alice@192.0.2.1>;expires=3600']],
  );

  const refreshed = await attempt({
    bindings,
    headers: [path, contact, at(3), ['Expires', '600']],
  });
  assert.equal(refreshed.headers?.[0]?.[1], '<sip:alice@192.0.2.1>;expires=600');

  const gone = await attempt({ bindings, headers: [contact, at(4), ['Expires', '0']] });
  assert.equal(gone.status, 200);
  assert.deepEqual(
    gone.headers?.filter(([name]) => name === 'Contact'),
    [],
  );
  assert.equal(bindings.size, 0);
});

test('fetching a user nobody registered gives 200 without contacts', async () => {
  const outcome = await attempt({});
  assert.equal(outcome.status, 200);
  assert.deepEqual(
    outcome.headers?.filter(([name]) => name === 'Contact'),
    [],
  );
});

test('a REGISTER out of sequence is refused and changes nothing', async () => {
  const bindings = new Bindings();
  await attempt({ bindings, headers: [path, contact, ['CSeq', '5 REGISTER']] });
  const late = await attempt({
    bindings,
    headers: [contact, ['CSeq', '4 REGISTER'], ['Expires', '0']],
  });
  assert.equal(late.status, 400);
  assert.equal(bindings.size, 1);
});

test('one binding too many is refused with 403', async () => {
  const bindings = new Bindings({ perUser: 1, total: 9 });
  await attempt({ bindings, headers: [path, contact] });
  const outcome = await attempt({
    bindings,
    headers: [path, ['Contact', '<sip:alice@192.0.2.2>']],
  });
  assert.equal(outcome.status, 403);
});

test('an internal client is bound to the connection it came over', async () => {
  const bindings = new Bindings();
  await attempt({ bindings, headers: [contact], origin: 'client' });
  assert.equal(bindings.of(alice.aor, now)[0]?.connection, 'connection-1');
});

test('a third party cannot be registered: 403 with 4004', async () => {
  const outcome = await attempt({ headers: [path, contact, ['To', '<sip:bob@contoso.com>']] });
  assert.equal(outcome.status, 403);
  assert.equal(diagnosis(outcome), '4004');
});

test('From may differ from To: only To is registered', async () => {
  const outcome = await attempt({
    headers: [path, contact, ['From', '<sip:bob@contoso.com>;tag=1']],
  });
  assert.equal(outcome.status, 200);
});

test('a user in the Request-URI does no harm', async () => {
  const outcome = await attempt({ uri: 'sip:alice@contoso.com', headers: [path, contact] });
  assert.equal(outcome.status, 200);
});

test('the server or its pool may stand in the Request-URI', async () => {
  for (const uri of ['sip:fe01.contoso.net', 'sip:fepool01.contoso.net']) {
    assert.equal((await attempt({ uri, headers: [path, contact] })).status, 200);
  }
});

test('a domain nobody serves gets 404', async () => {
  const outcome = await attempt({ uri: 'sip:elsewhere.example' });
  assert.equal(outcome.status, 404);
  assert.equal(diagnosis(outcome), '1005');
});

test('a To without a user gets 404', async () => {
  assert.equal((await attempt({ headers: [['To', '<sip:contoso.com>']] })).status, 404);
});

test('a user removed meanwhile gets 404, one switched off 403', async () => {
  const headers = [path, contact];
  const removed = await attempt({ headers, directory: directoryOf() });
  assert.deepEqual([removed.status, diagnosis(removed)], [404, '1003']);
  const to: HeaderField = ['To', '<sip:carol@contoso.com>'];
  const off = await attempt({ headers: [path, contact, to], caller: carol.aor });
  assert.deepEqual([off.status, diagnosis(off)], [403, '4003']);
});

test('the backup pool takes the user in as well', async () => {
  const self = selfAt('fe03.contoso.net');
  assert.equal((await attempt({ self, headers: [path, contact] })).status, 200);
});

test('a user of neither pool is told where home is', async () => {
  const stranger = { ...bob, homePool: 'fepool02.contoso.net' };
  const topology = {
    ...fe01.topology,
    pools: fe01.topology.pools.map((pool) =>
      pool.fqdn === 'fepool02.contoso.net' ? withoutBackup(pool) : pool,
    ),
  };
  const outcome = await attempt({
    self: { ...fe01, topology },
    caller: stranger.aor,
    headers: [path, ['Contact', '<sip:bob@192.0.2.1>'], ['To', '<sip:bob@contoso.com>']],
  });
  assert.equal(outcome.status, 301);
  assert.deepEqual(outcome.headers, [
    ['Contact', '<sip:fepool02.contoso.net:7061;transport=tls>;q=0.7'],
  ]);
});

function withoutBackup<P extends { readonly backupPool?: string }>(pool: P): Omit<P, 'backupPool'> {
  const { backupPool: _, ...rest } = pool;
  return rest;
}
