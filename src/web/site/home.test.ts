import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadPlan } from '#ports';
import { directoryOf } from '../web.fixture.ts';
import { aorOfSipUri, HomeFinder, webHomeOf } from './home.ts';

const loaded = loadPlan(readFileSync('examples/contoso.yaml', 'utf8'), 'contoso.yaml');
assert.ok(loaded.ok);
const { topology } = loaded.plan;
const directory = directoryOf([
  { aor: 'bob@contoso.com', displayName: '', homePool: 'fepool02.contoso.net', enabled: true },
]);

test('a SIP URI is read with and without scheme, port and parameters', () => {
  for (const value of [
    'alice@contoso.com',
    'sip:Alice@Contoso.com',
    'sips:alice@contoso.com;transport=tls',
    ' sip:alice@contoso.com ',
  ]) {
    assert.equal(aorOfSipUri(value), 'alice@contoso.com');
  }
});

test('what is no SIP URI is no user', () => {
  for (const value of ['', 'alice', '@contoso.com', 'a b@contoso.com', `${'a'.repeat(300)}@b.c`]) {
    assert.equal(aorOfSipUri(value), undefined, value);
  }
});

test('a known user is sent to the home pool', async () => {
  const finder = new HomeFinder(topology, directory, Buffer.alloc(32, 1));
  assert.equal((await finder.find('bob@contoso.com'))?.fqdn, 'fepool02.contoso.net');
});

test('a name without a user gets a Front End pool, the same from every server', async () => {
  const one = new HomeFinder(topology, directory, Buffer.alloc(32, 1));
  const two = new HomeFinder(topology, directory, Buffer.alloc(32, 1));
  const seen = new Set<string>();
  for (let number = 0; number < 40; number += 1) {
    const aor = `nobody${number}@contoso.com`;
    const pool = await one.find(aor);
    assert.equal(pool?.role, 'frontEnd');
    assert.equal(pool, await two.find(aor));
    seen.add(pool.fqdn);
  }
  assert.equal(seen.size, 2, 'every home pool is named to somebody');
});

test('without the deployment secret nobody can tell which pool a missing user would get', async () => {
  const one = new HomeFinder(topology, directory, Buffer.alloc(32, 1));
  const two = new HomeFinder(topology, directory, Buffer.alloc(32, 2));
  let different = 0;
  for (let number = 0; number < 40; number += 1) {
    const aor = `nobody${number}@contoso.com`;
    if ((await one.find(aor)) !== (await two.find(aor))) different += 1;
  }
  assert.ok(different > 5);
});

test('users of a pool of another make are served by the web site that is asked', () => {
  const [here, home] = topology.pools.filter(({ role }) => role === 'frontEnd');
  assert.ok(here !== undefined && home !== undefined);
  const members = home.members.map((member) => ({ ...member, software: 'other' as const }));
  assert.equal(webHomeOf({ ...home, members }, here), here);
  assert.equal(
    webHomeOf({ ...home, members: [...members, ...home.members] }, here).fqdn,
    home.fqdn,
  );
});
