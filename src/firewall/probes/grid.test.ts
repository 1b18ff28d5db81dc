import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { loadPlan } from '#ports';
import { audit } from '../audit/index.ts';
import {
  addressesOf,
  addressesWithout,
  everyIPv4,
  exactly,
  matching,
  protocols,
} from '../model/index.ts';
import type { Direction, Rule, RuleSet } from '../model/index.ts';
import { ruleSetOf } from '../policy/index.ts';
import { ProbeGrid, type Probe } from './grid.ts';

// On addresses a prober can have: loopback is none.
const contoso = readFileSync('examples/contoso.yaml', 'utf8').replaceAll(/\b127\./gu, '10.');
const loaded = loadPlan(contoso, 'contoso.yaml');
assert.ok(loaded.ok);
const asked = ruleSetOf(loaded.plan, 'dir01.contoso.net');
const here = addressesOf(['10.10.1.11']);
const inbound = { from: addressesWithout(everyIPv4, here), to: here };

const changed = (
  direction: Direction,
  change: (rules: readonly Rule[]) => readonly Rule[],
): RuleSet => ({
  ...asked,
  chains: asked.chains.map((chain) =>
    chain.direction === direction ? { ...chain, rules: change(chain.rules) } : chain,
  ),
});

const differing = (grid: ProbeGrid): readonly Probe[] =>
  [...grid.probes()].filter((probe) => grid.asked(probe).admitted !== grid.inForce(probe).admitted);

/** DH-06 with one port more than it needs. */
const oneMore = (rules: readonly Rule[]): readonly Rule[] =>
  rules.map((rule) =>
    rule.id === 'DH-06/member'
      ? { ...rule, match: { ...rule.match, destinationPort: [{ from: 5061, until: 5063 }] } }
      : rule,
  );

describe('the probes of a device', () => {
  it('have both sides of every border of its rules', () => {
    const grid = new ProbeGrid(asked, asked, 'in', inbound);
    for (const address of ['10.10.1.4', '10.10.1.5', '10.10.1.6']) {
      assert.ok(grid.sources.includes(address), address);
    }
    for (const port of [79, 80, 81, 442, 5060, 5061, 5062, 50_000, 50_001, 50_004, 65_535]) {
      assert.ok(grid.ports.includes(port), String(port));
    }
    assert.deepEqual(grid.destinations, ['10.10.1.11']);
  });

  it('come from no address nobody has, nor from the device itself', () => {
    const { sources } = new ProbeGrid(asked, asked, 'in', inbound);
    assert.ok(!sources.includes('10.10.1.11'));
    for (const text of sources)
      assert.doesNotMatch(text, /^(?:0|127|169\.254|22[4-9]|2[3-5]\d)\./u);
  });

  it('find nothing between a rule set and itself', () => {
    const grid = new ProbeGrid(asked, asked, 'in', inbound);
    assert.deepEqual(differing(grid), []);
    const admitted = [...grid.probes()].filter((probe) => grid.asked(probe).admitted);
    assert.ok(admitted.length > 0);
  });

  it('find one added port, one added address, one missing rule, with the rule', () => {
    const [added] = differing(new ProbeGrid(asked, changed('in', oneMore), 'in', inbound));
    assert.deepEqual(added, {
      source: '10.10.1.5',
      destination: '10.10.1.11',
      protocol: 'tcp',
      port: 5062,
    });
    const without = changed('in', (rules) => rules.filter(({ id }) => id !== 'DH-05/member'));
    const grid = new ProbeGrid(asked, without, 'in', inbound);
    const [missing] = differing(grid);
    assert.equal(missing?.port, 443);
    assert.equal(missing && grid.asked(missing).rule?.id, 'DH-05/member');
    assert.equal(missing && grid.inForce(missing).rule, undefined);
  });

  it('differ wherever the audit finds a difference in new connections', () => {
    const address = fc.constantFrom('10.10.1.4/31', '10.10.1.5', '10.10.0.0/16', '10.99.0.7');
    const port = fc.constantFrom(80, 81, 443, 444, 5061, 50_002);
    const rule = fc.record({
      source: address,
      port,
      kind: fc.constantFrom('accept' as const, 'drop' as const),
      // After the rules for replies and loopback: no probe comes by `lo`.
      at: fc.integer({ min: 2, max: 12 }),
    });
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), (added) => {
        const mutated = changed('in', (rules) => {
          const result = [...rules];
          for (const { source, port: number, kind, at } of added) {
            result.splice(Math.min(at, result.length), 0, {
              id: 'added',
              match: matching({
                source: addressesOf([source]),
                destination: here,
                protocol: exactly(protocols.tcp),
                destinationPort: exactly(number),
                states: ['new'],
              }),
              action: { kind },
            });
          }
          return result;
        });
        const { ok } = audit(asked, mutated);
        const grid = new ProbeGrid(asked, mutated, 'in', inbound);
        assert.equal(differing(grid).length === 0, ok);
      }),
      { numRuns: 60 },
    );
  });
});
