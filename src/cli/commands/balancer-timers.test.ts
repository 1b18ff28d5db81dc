import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { main } from '../index.ts';
import { fakeWorld } from '../world.fixture.ts';

const contoso = readFileSync('examples/contoso.yaml', 'utf8');

describe('usher balancer timers', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'usher-timers-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  async function usher(timers: string, ...words: readonly string[]) {
    const file = join(directory, 'topology.yaml');
    writeFileSync(file, contoso.replace(/^ {2}idleTimeout: .*$/mu, timers));
    const world = fakeWorld();
    const status = await main(['balancer', 'timers', file, ...words], world);
    return { status, out: world.out() };
  }

  it('shows every service, what is known and what nobody said', async () => {
    const { status, out } = await usher('  idleTimeout: 1800', '--lang', 'en');
    assert.equal(status, 0);
    assert.match(out, /^sip +not said +1800 s +not said +3600 s +DH-06/mu);
    assert.match(out, /^webInternal +– +1800 s +not said +– /mu);
  });

  it('names what is in the wrong order, and how to change it', async () => {
    const { status, out } = await usher(
      '  keepAlive: 2000\n  firewallSession: 900',
      '--lang',
      'en',
    );
    assert.equal(status, 1);
    assert.match(out, /sip: the client breaks a silence after 2000 s, but the balancer .* 1800 s/u);
    assert.match(out, /within 1800 s, and say so in timers\.keepAlive/u);
    assert.match(
      out,
      /webExternal: the balancer .* 1800 s, but a firewall forgets it after 900 s/u,
    );
    assert.match(out, /set timers\.idleTimeout below 900/u);
  });

  it('says the same in German and as JSON', async () => {
    const { out } = await usher('  firewallSession: 900', '--lang', 'de');
    assert.match(out, /setzen Sie timers\.idleTimeout unter 900/u);
    const { status, out: json } = await usher('  firewallSession: 900', '--json');
    assert.equal(status, 1);
    const told: unknown = JSON.parse(json);
    assert.ok(typeof told === 'object' && told !== null && 'ok' in told && told.ok === false);
  });

  it('needs a balancer', async () => {
    const { status } = await usher('', '--balancer', 'dir01.contoso.net');
    assert.equal(status, 2);
  });
});
