import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadPlan, type Plan } from '#ports';
import { ensurePki, pkiPaths } from '#trust';
import { proveRefusals } from './refusals.ts';
import { Identities, proveRows } from './rows.ts';
import { playsHere, vantagesOf } from './vantage.ts';

const mine = 'fe03.contoso.net';

describe('one machine of several', () => {
  let plan: Plan;
  let state = '';

  before(async () => {
    // Only fe03 stays on loopback, which is this machine; the rest is out of its reach.
    const text = readFileSync('examples/contoso.yaml', 'utf8')
      .replaceAll(/127\.10\.([1289])\./gu, '10.99.$1.')
      .replaceAll('127.20.0.', '10.99.20.')
      .replaceAll('127.10.3.', '127.97.3.');
    const loaded = loadPlan(text, 'here.yaml', { portOffset: 13_000 });
    assert.ok(loaded.ok, JSON.stringify(loaded));
    plan = loaded.plan;
    state = await mkdtemp(join(tmpdir(), 'usher-here-'));
    await ensurePki(state, plan.topology, new Date());
    const { hosts } = pkiPaths(state);
    for (const file of await readdir(hosts)) {
      if (!file.startsWith(mine)) await rm(join(hosts, file));
    }
  });
  after(() => rm(state, { recursive: true, force: true }));

  test('asks with the certificate it has, where those of others are missing', async () => {
    const identities = new Identities(state, plan);
    assert.equal((await identities.any()).fqdn, mine);
    assert.deepEqual(
      (await identities.readable()).map(({ fqdn }) => fqdn),
      [mine],
    );
  });

  test('without any certificate says which file is missing', async () => {
    const identities = new Identities(join(state, 'empty'), plan);
    await assert.rejects(identities.any(), { code: 'USHER_CREDENTIALS_MISSING' });
  });

  test('proves rows that start at its hosts, and no others', async () => {
    const here = plan.flows.filter((flow) =>
      vantagesOf(plan, flow, '').some((vantage) => playsHere(flow, vantage)),
    );
    assert.ok(here.length > 0);
    assert.ok(here.every((flow) => flow.source.hosts.includes(mine) && flow.application !== 'CLS'));
    const none = plan.flows.filter((flow) => !here.includes(flow));
    const identities = new Identities(state, plan);
    assert.deepEqual(await proveRows(plan, none, identities, () => {}, playsHere), []);
  });

  test('knocks at its own sockets, which are closed while nobody serves', async () => {
    const refusals = await proveRefusals(plan, new Identities(state, plan), new Date(), true);
    assert.ok(refusals.length > 0);
    assert.ok(refusals.every(({ to }) => to.startsWith(mine)));
  });
});
