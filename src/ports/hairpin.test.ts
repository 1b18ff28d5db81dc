import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadPlan } from './load.ts';

const contoso = readFileSync('examples/contoso.yaml', 'utf8')
  .replace('engine: embedded', 'engine: nftables')
  .replace('nat: source', 'nat: destination');

const faultsOf = (text: string) => {
  const loaded = loadPlan(text, 'contoso.yaml');
  return loaded.ok ? [] : loaded.faults;
};

test('destination NAT is allowed where no client stands beside the members', () => {
  assert.deepEqual(faultsOf(contoso), []);
});

test('an Edge in the network of the members is found, with its row, before it is answered past the balancer', () => {
  const faults = faultsOf(contoso.replace('address: 127.10.8.11', 'address: 127.10.1.80'));
  assert.deepEqual(
    faults.map(({ code, path }) => [code, path]),
    [['nat-hairpin', 'pools.0.nat']],
  );
  assert.match(faults[0]?.found ?? '', /DH-06 \(127\.10\.1\.80\)/u);
});

test('a network of clients that includes the members is found as well', () => {
  const faults = faultsOf(contoso.replace('[127.30.0.0/16]', '[127.0.0.0/8]'));
  assert.ok(faults.some(({ code }) => code === 'nat-hairpin'));
});
