import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { alone, closeAll, systemClock } from '#base';
import { SqliteUserDirectory } from '#identity';
import { loadPlan } from '#ports';
import { hostsOf } from '#topology';
import { ensurePki, loadCredentials, poolSecret } from '#trust';
import { partsOf, usersFile, type Parts } from './parts.ts';

const names = (list: readonly object[]): readonly string[] =>
  list.map((part) => part.constructor.name);

describe('what makes a host what it is', () => {
  const file = 'examples/contoso.yaml';
  const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
  assert.ok(loaded.ok);
  const { plan } = loaded;
  let state = '';

  before(async () => {
    state = mkdtempSync(join(tmpdir(), 'usher-parts-'));
    await ensurePki(state, plan.topology, new Date());
    await poolSecret(state);
    new SqliteUserDirectory(usersFile(state), { mode: 'write' }).close();
  });
  after(() => rmSync(state, { recursive: true, force: true }));

  async function parts(fqdn: string): Promise<Parts> {
    const host = hostsOf(plan.topology).find((each) => each.fqdn === fqdn);
    assert.ok(host);
    return await partsOf({
      plan,
      host,
      credentials: await loadCredentials(state, plan.topology, fqdn),
      clock: systemClock,
      secret: await poolSecret(state),
      stateDirectory: state,
      state: () => 'up',
      sharePorts: false,
      siblings: alone(systemClock),
    });
  }

  const expected: Readonly<Record<string, readonly string[]>> = {
    'dir01.contoso.net': ['InterServerClient', 'DirectorServer', 'WebServer'],
    'fe01.contoso.net': ['FrontEndServer', 'WebServer'],
    'edge01.contoso.net': ['EdgeServer'],
    'rp01.contoso.net': ['ReverseProxyServer'],
    'lb01.contoso.net': ['BalancerServer'],
  };
  for (const [fqdn, trusting] of Object.entries(expected)) {
    test(`${fqdn}: ${trusting.join(', ')}, each of which takes new certificates`, async () => {
      const made = await parts(fqdn);
      try {
        assert.deepEqual(names(made.trusting), trusting);
        assert.deepEqual(
          names(made.all).filter((name) => name !== 'Object'),
          trusting,
        );
        assert.ok(trusting.includes(made.role.constructor.name));
      } finally {
        await closeAll(made.all);
      }
    });
  }

  test('a Director names its deciders in the order they are asked', async () => {
    const { chain, all } = await parts('dir01.contoso.net');
    const documented = /`(trustedPeer(?: → \w+)+)`/u.exec(
      readFileSync('docs/architecture.md', 'utf8'),
    );
    await closeAll(all);
    assert.equal(chain.join(' → '), documented?.[1]);
  });
});
