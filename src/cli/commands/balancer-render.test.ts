import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { balancerExports } from '#balancer';
import { main } from '../index.ts';
import { fakeWorld } from '../world.fixture.ts';

const contoso = 'examples/contoso.yaml';

async function usher(...words: readonly string[]) {
  const world = fakeWorld();
  const status = await main(['balancer', 'render', ...words], world);
  return { status, out: world.out(), errors: world.errors() };
}

describe('usher balancer render', () => {
  it('prints a configuration for every target its help names', async () => {
    const { out: help } = await usher('--help');
    for (const name of Object.keys(balancerExports().exportTargets)) {
      assert.ok(help.includes(name), name);
      const { status, out } = await usher(contoso, '--target', name);
      assert.equal(status, 0);
      assert.match(out, /127\.10\.1\.10/u);
    }
  });

  it('writes to a file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'usher-render-'));
    try {
      const file = join(directory, 'haproxy.cfg');
      const { status, out, errors } = await usher(contoso, '--target', 'haproxy', '--out', file);
      assert.deepEqual([status, out], [0, '']);
      assert.match(errors, /written to .*haproxy\.cfg/u);
      assert.match(readFileSync(file, 'utf8'), /^listen dirpool01_contoso_net_sip$/mu);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('refuses other targets, hosts that serve no VIP and files it cannot write', async () => {
    for (const name of ['bigip', 'constructor', '']) {
      const { status, errors } = await usher(contoso, '--target', name, '--lang', 'de');
      assert.equal(status, 2);
      assert.match(errors, /Eines von diesen nennen: haproxy, nftables/u);
    }
    const other = await usher(contoso, '--target=nginx', '--balancer', 'dir01.contoso.net');
    assert.equal(other.status, 2);
    assert.match(other.errors, /dir01\.contoso\.net serves no VIP/u);
    const unwritable = await usher(contoso, '--target=nginx', '--out', '/nowhere/at/all');
    assert.equal(unwritable.status, 2);
    assert.match(unwritable.errors, /USHER_FILE/u);
  });

  it('has nothing to print for a topology without a balancer', async () => {
    const { status, errors } = await usher('examples/single-director.yaml', '--target=haproxy');
    assert.equal(status, 2);
    assert.match(errors, /has no balancer/u);
  });
});
