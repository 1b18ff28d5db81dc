import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadPlan } from '#ports';
import { audit } from '../audit/index.ts';
import { certify } from '../audit/certificate.ts';
import type { Certificate, CertifiedDirection } from '../audit/certificate.ts';
import { ruleSetOf } from '../policy/index.ts';
import type { Rule, RuleSet } from '../model/index.ts';
import { check, parseCertificate, printCertificate } from './index.ts';

const file = 'examples/contoso.yaml';
const loaded = loadPlan(readFileSync(file, 'utf8'), file);
assert.ok(loaded.ok);
const asked = ruleSetOf(loaded.plan, 'dir01.contoso.net');

const withRules = (set: RuleSet, change: (rules: readonly Rule[]) => readonly Rule[]): RuleSet => ({
  ...set,
  chains: set.chains.map((chain) => ({ ...chain, rules: change(chain.rules) })),
});

/** A row gone, one turned round, one that depends on what nobody understands. */
const inForce = withRules(asked, (rules) =>
  rules.flatMap((rule): Rule[] => {
    if (rule.id === 'DH-01/member') return [];
    if (rule.id === 'DH-07') return [{ ...rule, action: { kind: 'drop' } }];
    return rule.id === 'DH-08' ? [{ ...rule, unknown: ['limit rate 5/second'] }] : [rule];
  }),
);
const honest = certify(asked, inForce);

/** The certificate with something else in its first direction. */
const forged = (
  change: (direction: CertifiedDirection) => Partial<CertifiedDirection>,
): Certificate => ({
  ...honest,
  directions: honest.directions.map((each, index) =>
    index === 0 ? { ...each, ...change(each) } : each,
  ),
});

type Node = CertifiedDirection['nodes'][number];

/** The certificate with other nodes in the place of one. */
const withNode = (place: number, change: (node: Node) => readonly Node[]): Certificate =>
  forged(({ nodes }) => ({
    nodes: nodes.flatMap((node, index) => (index === place ? change(node) : [node])),
  }));

const nodes: readonly Node[] = honest.directions[0]?.nodes ?? [];
const firstCut = nodes.findIndex((node) => 'field' in node);
const firstRegion = nodes.findIndex((node) => 'asked' in node);

const whyOf = (certificate: Certificate): string => {
  const checked = check(certificate, asked, inForce);
  return checked.holds ? 'holds' : checked.why;
};

describe('the check of a certificate', () => {
  it('confirms an honest one and counts what it proves', () => {
    const checked = check(honest, asked, inForce);
    assert.ok(checked.holds, JSON.stringify(checked));
    const { missing, excess } = audit(asked, inForce);
    assert.ok(checked.missing > 0 && missing.length > 0);
    assert.equal(checked.excess, 0);
    assert.deepEqual(excess, []);
  });

  it('confirms it after it was written and read', () => {
    const read = parseCertificate({ name: 'c.json', content: printCertificate(honest) });
    assert.deepEqual(read, honest);
    assert.equal(whyOf(read), 'holds');
  });

  it('refuses a tree that ends early or goes on, and cuts that are not inside', () => {
    assert.ok(firstCut >= 0 && firstRegion >= 0);
    assert.equal(whyOf(forged(() => ({ nodes: [] }))), 'noPartition');
    assert.equal(whyOf(forged(() => ({ nodes: nodes.slice(0, -1) }))), 'noPartition');
    const [last] = nodes.slice(-1);
    assert.ok(last !== undefined);
    assert.equal(whyOf(forged(() => ({ nodes: [...nodes, last] }))), 'noPartition');
    const states = 5;
    for (const at of [0, 5, 99, -1, 1n << 130n, 'eth0', '']) {
      // A cut at the border would leave one side empty and count the other twice.
      const outside = withNode(firstCut, (node) => [{ field: states, at }, node]);
      assert.equal(whyOf(outside), 'noPartition', String(at));
    }
    assert.equal(whyOf(withNode(firstCut, (node) => [{ field: 8, at: 1 }, node])), 'noPartition');
    // Cut once more by an interface no rule of this direction knows, all packets are there still.
    const finer = withNode(firstRegion, (node) => [{ field: 7, at: 'm' }, node, node]);
    assert.equal(whyOf(finer), 'holds');
  });

  it('refuses a region that several rules decide', () => {
    const [four, six] = [nodes.find((node) => 'asked' in node), nodes.at(-1)];
    assert.ok(four !== undefined && six !== undefined);
    assert.equal(whyOf(forged(() => ({ nodes: [four, six] }))), 'asked');
  });

  it('refuses a wrong rule or verdict, on whatever side', () => {
    const [direction] = honest.directions;
    assert.ok(direction !== undefined);
    for (const side of ['asked', 'strict', 'generous'] as const) {
      const list: readonly unknown[] = side === 'asked' ? direction.asked : direction.inForce;
      for (const [place, node] of nodes.entries()) {
        if (place % 80 > 1 || 'field' in node) continue;
        for (const other of [-1, ...list.keys()]) {
          if (other === node[side]) continue;
          assert.equal(whyOf(withNode(place, (own) => [{ ...own, [side]: other }])), side);
        }
      }
    }
    const lie = forged(({ inForce: deciders }) => ({
      inForce: deciders.map((each) => ({
        ...each,
        verdict: each.verdict === 'accept' ? 'drop' : 'accept',
      })),
    }));
    assert.equal(whyOf(lie), 'strict');
  });

  it('refuses a certificate of other rules, and one that leaves a direction out', () => {
    assert.equal(check(honest, asked, asked).holds, false);
    assert.equal(whyOf({ ...honest, directions: honest.directions.slice(1) }), 'directions');
    const [first] = honest.directions;
    assert.ok(first !== undefined);
    assert.equal(whyOf({ ...honest, directions: [first, ...honest.directions] }), 'directions');
  });

  it('reads nothing that is no certificate', () => {
    for (const content of ['', '{}', '[]', printCertificate(honest).replace('"in"', '"inwards"')]) {
      assert.throws(() => parseCertificate({ name: 'c.json', content }), {
        code: 'USHER_RULES_UNREADABLE',
        message: /^c\.json:1: /u,
      });
    }
  });
});
