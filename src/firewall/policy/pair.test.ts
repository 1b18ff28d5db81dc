import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadPlan } from '#ports';
import { addressesOf, exactly, isEmpty, matching, protocols, subtract } from '../model/index.ts';
import type { Direction } from '../model/index.ts';
import { policyOf, ruleSetOf } from './index.ts';

const text = readFileSync('examples/contoso.yaml', 'utf8')
  .replace(/^ {4}balancer: .*$/mu, '    balancer: lb01.contoso.net\n    standby: lb02.contoso.net')
  .replace('engine: embedded', 'engine: nftables')
  .replace('balancers:\n', 'balancers:\n  - { fqdn: lb02.contoso.net, address: 127.10.1.6 }\n');
const loaded = loadPlan(text, 'pair.yaml');
assert.ok(loaded.ok, JSON.stringify(loaded));
const { plan } = loaded;

const rulesAt = (device: string, direction: Direction) =>
  ruleSetOf(plan, device).chains.find((chain) => chain.direction === direction)?.rules ?? [];

const passedOn = (device: string) => rulesAt(device, 'forward').map(({ id }) => id);

/** Advertisements of VRRP from one address to another. */
const advertised = (from: string, to: string) =>
  matching({
    source: addressesOf([from]),
    destination: addressesOf([to]),
    protocol: exactly(protocols.vrrp),
    states: ['new'],
  });

describe('the packet filters of two balancers with one VIP', () => {
  it('let VRRP through between the two, from address to address and both ways', () => {
    const [one, other] = ['127.10.1.5', '127.10.1.6'];
    for (const [device, own, partner] of [
      ['lb01.contoso.net', one, other],
      ['lb02.contoso.net', other, one],
    ] as const) {
      for (const direction of ['in', 'out'] as const) {
        const found = rulesAt(device, direction).filter(({ id }) => id === 'vrrp');
        assert.equal(found.length, 1);
        const wanted = direction === 'in' ? advertised(partner, own) : advertised(own, partner);
        for (const { match } of found) {
          assert.deepEqual(subtract(wanted, match), []);
          assert.deepEqual(
            subtract(match, wanted).filter((part) => !isEmpty(part)),
            [],
          );
        }
      }
    }
  });

  it('are the only ones that know VRRP: it crosses no router', () => {
    const knowing = policyOf(plan).filter(({ chains }) =>
      chains.some(({ rules }) => rules.some(({ id }) => id === 'vrrp')),
    );
    assert.deepEqual(
      knowing.map(({ device }) => device),
      ['lb02.contoso.net', 'lb01.contoso.net'],
    );
  });

  it('pass on the same rows', () => {
    assert.deepEqual(passedOn('lb01.contoso.net'), passedOn('lb02.contoso.net'));
    assert.ok(passedOn('lb02.contoso.net').includes('DH-06'));
  });
});
