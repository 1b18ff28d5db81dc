import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PoolHealth } from '../pool-health.ts';
import type { DirectorFacts } from './context.ts';
import { locateHome } from './locate-home.ts';
import { alice, contextOf, dir01, edge, requestOf } from '../director.fixture.ts';

/** A world in which these hosts are dead. */
function without(...dead: readonly string[]): PoolHealth {
  return { alive: (fqdn) => !dead.includes(fqdn), failed() {} };
}

async function homeOfAlice(health: PoolHealth, user = alice) {
  const facts: DirectorFacts = { origin: 'edge', caller: user };
  const outcome = await locateHome(dir01, health).decide(
    contextOf(requestOf('MESSAGE'), edge, facts),
  );
  return { outcome, facts };
}

const names = (items: readonly { readonly fqdn: string }[] | undefined): string[] =>
  (items ?? []).map(({ fqdn }) => fqdn);

test("the caller's home pool comes before its backup, and its members before the backup's", async () => {
  const { outcome, facts } = await homeOfAlice(without());
  assert.equal(outcome.kind, 'continue');
  assert.deepEqual(names(facts.home?.pools), ['fepool01.contoso.net', 'fepool02.contoso.net']);
  const servers = names(facts.home?.servers());
  assert.deepEqual(servers.slice(0, 2).toSorted(), ['fe01.contoso.net', 'fe02.contoso.net']);
  assert.deepEqual(servers.slice(2), ['fe03.contoso.net']);
});

test('every Director picks the same member for a user', async () => {
  const orders = await Promise.all(
    Array.from({ length: 3 }, async () =>
      names((await homeOfAlice(without())).facts.home?.servers()),
    ),
  );
  assert.deepEqual(orders[0], orders[1]);
  assert.deepEqual(orders[1], orders[2]);
});

test('a dead member goes last', async () => {
  const first = names((await homeOfAlice(without())).facts.home?.servers())[0] ?? '';
  const { facts } = await homeOfAlice(without(first));
  assert.equal(names(facts.home?.servers()).at(-1), first);
  assert.deepEqual(names(facts.home?.pools)[0], 'fepool01.contoso.net');
});

test('a wholly dead home pool yields to its backup', async () => {
  const { facts } = await homeOfAlice(without('fe01.contoso.net', 'fe02.contoso.net'));
  assert.equal(names(facts.home?.servers())[0], 'fe03.contoso.net');
  assert.equal(names(facts.home?.pools)[0], 'fepool02.contoso.net');
});

test('when everything is dead the home pool is tried all the same', async () => {
  const all = without('fe01.contoso.net', 'fe02.contoso.net', 'fe03.contoso.net');
  const { outcome, facts } = await homeOfAlice(all);
  assert.equal(outcome.kind, 'continue');
  assert.equal(names(facts.home?.pools)[0], 'fepool01.contoso.net');
});

test('a user whose pool has left the topology gets 404 with 4006', async () => {
  const { outcome } = await homeOfAlice(without(), { ...alice, homePool: 'gone.contoso.net' });
  assert.ok(outcome.kind === 'respond' && outcome.status === 404);
  assert.match(outcome.headers?.[0]?.[1] ?? '', /^4006;/u);
});

test('a Director pool is nobody’s home', async () => {
  const { outcome } = await homeOfAlice(without(), { ...alice, homePool: 'dirpool01.contoso.net' });
  assert.ok(outcome.kind === 'respond' && outcome.status === 404);
});
