import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { main } from '../index.ts';
import { fakeWorld } from '../world.fixture.ts';

const file = 'examples/contoso.yaml';

describe('usher dns', () => {
  it('prints lines for a zone file, or JSON', async () => {
    const world = fakeWorld();
    assert.equal(await main(['dns', file], world), 0);
    assert.match(world.out(), /^contoso\.com\. +IN NAPTR +10 10 "s" "SIPS\+D2T" ""/mu);
    assert.match(world.out(), /^sip\.contoso\.com\. +IN A +127\.20\.0\.11$/mu);
    const machine = fakeWorld();
    assert.equal(await main(['dns', file, '--json'], machine), 0);
    assert.equal(JSON.parse(machine.out()).records.length, 4);
  });

  it('refuses a server that is none, and one that would be asked nothing', async () => {
    for (const [call, complaint] of [
      [['--check', '--server', 'dns.example'], /dns\.example: that is no address/u],
      [['--server', '192.0.2.53'], /--server goes with --check/u],
    ] as const) {
      const world = fakeWorld();
      assert.equal(await main(['dns', file, ...call], world), 2);
      assert.match(world.errors(), complaint);
    }
  });
});
