import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addressesOf, everyIPv4, ProbeGrid, ruleSetOf } from '#firewall';
import { loadPlan } from '#ports';
import type { Device } from './devices.ts';
import { translationOf } from './translation.ts';

const name = 'lb01.contoso.net';
const text = readFileSync('examples/contoso.yaml', 'utf8').replaceAll(/\b127\./gu, '10.');

function deviceOf(engine: string) {
  const loaded = loadPlan(text.replace('engine: embedded', `engine: ${engine}`), 'contoso.yaml');
  assert.ok(loaded.ok);
  const asked = ruleSetOf(loaded.plan, name);
  const device: Device = {
    name,
    namespace: 'x',
    addresses: addressesOf(['10.10.1.5', '10.10.1.10']),
    world: everyIPv4,
    asked,
    inForce: asked,
  };
  return { plan: loaded.plan, device };
}

test('a balancer that is a process hands nothing on in the kernel', () => {
  const { plan, device } = deviceOf('embedded');
  assert.equal(translationOf(plan, device), undefined);
});

test('a balancer whose kernel translates is asked for its rows at the VIP', () => {
  const { plan, device } = deviceOf('nftables');
  const handing = translationOf(plan, device);
  assert.ok(handing);
  const reach = { from: everyIPv4, to: handing.addresses };
  const grid = new ProbeGrid(handing.asked, handing.inForce, 'in', reach);
  assert.deepEqual(grid.destinations, ['10.10.1.10']);
  // The sources its filter knows are borders, though its rules name the members.
  for (const source of ['10.10.8.10', '10.10.8.11', '10.10.8.12']) {
    assert.ok(grid.sources.includes(source), source);
  }
  const asked = (source: string, port: number) =>
    grid.asked({ source, destination: '10.10.1.10', protocol: 'tcp', port }).rule?.id;
  assert.equal(asked('10.10.8.11', 5061), 'DH-06');
  assert.equal(asked('10.10.8.12', 5061), undefined);
});
