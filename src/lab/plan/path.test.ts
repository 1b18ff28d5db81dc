import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadPlan } from '#ports';
import { networkOf, Paths, renumbered } from './index.ts';
import type { Station } from './index.ts';

const file = 'examples/contoso.yaml';
const loaded = loadPlan(renumbered(readFileSync(file, 'utf8'), file), file);
assert.ok(loaded.ok);
const { plan } = loaded;
const network = networkOf(plan);
const paths = new Paths(plan, network);

const station = (name: string): Station => {
  const found = network.stations.find((each) => each.name === name);
  assert.ok(found, name);
  return found;
};

const row = (from: string, source: string, to: string, destination: string, port: number) =>
  paths.rowOf(station(from), station(to), { source, destination, protocol: 'tcp', port });

const director = ['dir01.contoso.net', '10.10.1.11'] as const;
const frontEnd = ['fe01.contoso.net', '10.10.2.11'] as const;
const edge = ['edge01.contoso.net', '10.10.8.11'] as const;
const outside = ['outside', '203.0.113.10'] as const;

test('a connection passes when host, gateway and host let it, by the row of the last', () => {
  assert.equal(row(...director, ...frontEnd, 444), 'DH-03');
  assert.equal(row(...director, ...frontEnd, 445), undefined);
  assert.equal(row(...frontEnd, ...director, 444), undefined);
});

test('a connection on one wire passes no firewall but those of its ends', () => {
  const balancer = ['lb01.contoso.net', '10.10.1.5'] as const;
  assert.equal(row(...balancer, ...director, 5061), 'DH-06/member');
  assert.equal(row(...director, 'dir02.contoso.net', '10.10.1.12', 50_001), 'DH-07');
});

test('remote clients reach what is published, and nothing inside', () => {
  assert.equal(row(...outside, 'edge01.contoso.net', '10.20.0.11', 443), 'EX06');
  assert.equal(row(...outside, ...edge, 50_001), undefined);
  assert.equal(row(...outside, ...director, 50_001), undefined);
});
