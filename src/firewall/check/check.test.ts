import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadPlan } from '#ports';
import { audit } from '../audit/index.ts';
import { certify } from '../audit/certificate.ts';
import type { Certificate, CertifiedDirection, CertifiedRegion } from '../audit/certificate.ts';
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

const withRegion = (
  place: number,
  change: (region: CertifiedRegion) => readonly CertifiedRegion[],
): Certificate =>
  forged(({ regions }) => ({
    regions: regions.flatMap((region, index) => (index === place ? change(region) : [region])),
  }));

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

  it('refuses regions that are not all packets, or some twice', () => {
    assert.equal(whyOf(withRegion(3, () => [])), 'noPartition');
    assert.equal(whyOf(withRegion(3, (region) => [region, region])), 'noPartition');
    assert.equal(whyOf(forged(() => ({ regions: [] }))), 'noPartition');
    const shorter = withRegion(0, (region) => [
      { ...region, box: { ...region.box, high: region.box.high.with(4, 65_535) } },
    ]);
    assert.equal(whyOf(shorter), 'noPartition');
    const empty = withRegion(0, (region) => [
      { ...region, box: { ...region.box, high: region.box.low } },
      region,
    ]);
    assert.equal(whyOf(empty), 'noPartition');
  });

  it('refuses a region that several rules decide', () => {
    const four = honest.directions[0]?.regions.findLast(({ box }) => box.family === 4);
    const six = honest.directions[0]?.regions.findLast(({ box }) => box.family === 6);
    assert.ok(four !== undefined && six !== undefined);
    const all = { low: [0n, 0, 0n, 0, 0, 0, '', ''] };
    const whole = (region: CertifiedRegion, end: bigint): CertifiedRegion => ({
      ...region,
      box: {
        family: region.box.family,
        ...all,
        high: [end, 65_536, end, 256, 65_536, 5, '\uFFFF', '\uFFFF'],
      },
    });
    const coarse = forged(() => ({ regions: [whole(four, 1n << 32n), whole(six, 1n << 128n)] }));
    assert.equal(whyOf(coarse), 'asked');
  });

  it('refuses a wrong rule or verdict, on whatever side', () => {
    const [direction] = honest.directions;
    assert.ok(direction !== undefined);
    for (const side of ['asked', 'strict', 'generous'] as const) {
      const list: readonly unknown[] = side === 'asked' ? direction.asked : direction.inForce;
      for (const [place, region] of direction.regions.entries()) {
        if (place % 40 !== 0) continue;
        for (const other of [-1, ...list.keys()]) {
          if (other === region[side]) continue;
          assert.equal(whyOf(withRegion(place, (own) => [{ ...own, [side]: other }])), side);
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
