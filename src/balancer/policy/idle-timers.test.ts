import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadPlan } from '#ports';
import { idleChains } from './idle-timers.ts';

const contoso = readFileSync('examples/contoso.yaml', 'utf8');

/** The neighbours in the wrong order, by service, with these lines under `timers:`. */
function wrong(...lines: readonly string[]): readonly string[] {
  const text = contoso.replace(
    /^ {2}idleTimeout: .*$/mu,
    lines.map((line) => `  ${line}`).join('\n'),
  );
  const loaded = loadPlan(text, 'test.yaml');
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return idleChains(loaded.plan, 'lb01.contoso.net').flatMap(({ service, findings }) =>
    findings.map(
      ({ early, late }) =>
        `${service}: ${early.hop} ${early.seconds} ≥ ${late.hop} ${late.seconds}`,
    ),
  );
}

describe('idle times on the way', () => {
  it('are in order as the reference has them, and where nothing is known', () => {
    assert.deepEqual(wrong('idleTimeout: 1800'), []);
    assert.deepEqual(wrong('idleTimeout: 1800', 'keepAlive: 300', 'firewallSession: 3000'), []);
  });

  it('are compared with the next that is known', () => {
    assert.deepEqual(wrong('idleTimeout: 1800', 'keepAlive: 1800'), [
      'sip: client 1800 ≥ balancer 1800',
    ]);
    assert.deepEqual(wrong('idleTimeout: 7200'), ['sip: balancer 7200 ≥ server 3600']);
    assert.deepEqual(wrong('idleTimeout: 1800', 'firewallSession: 7200'), [
      'sip: firewall 7200 ≥ server 3600',
    ]);
  });

  it('matter on web services, too, where a firewall forgets before the balancer', () => {
    const found = wrong('idleTimeout: 1800', 'firewallSession: 900');
    assert.equal(found.length, 5);
    assert.ok(found.includes('webExternal: balancer 1800 ≥ firewall 900'));
  });
});
