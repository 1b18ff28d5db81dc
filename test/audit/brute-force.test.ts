import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { admits, audit, certify, check, compare, unfold } from '#firewall';
import type { Match, Region, RuleSet, Side } from '#firewall';
import { takes, verdictOf } from './support/device.ts';
import type { SmallPacket } from './support/device.ts';
import { dice } from './support/dice.ts';
import { ruleSetIn, smallWorld } from './support/world.ts';

/** 100,000 with `npm run test:audit`. */
const cases = Number(process.env['USHER_AUDIT_CASES'] ?? 300);
const inReach = { numRuns: Math.ceil(cases / 4) };
/** Seeds shrink badly, but a case is made in no time. */
const seed = fc.nat({ max: 2 ** 31 - 1 });

const always = (): boolean => true;
const never = (): boolean => false;
const passes = (set: RuleSet, packet: SmallPacket, holds: (rule: { id: string }) => boolean) =>
  verdictOf(set, packet, holds) === 'accept';

const regionsOf = (side: Side): readonly Region[] => {
  const regions: Region[] = [];
  compare([side], 'all', (region) => regions.push(region));
  return regions;
};

const hits = (regions: readonly Match[], packet: SmallPacket): number =>
  regions.filter((region) => takes(region, packet)).length;

describe('the audit, held against every packet of a small world', () => {
  it('decides each as the device does, chain by chain', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const roll = dice(number);
        const world = smallWorld(roll);
        const rules = ruleSetIn(world, roll, { unknown: false });
        const flat = unfold(rules, 'in');
        const regions = regionsOf({ rules: flat, reading: 'lower' });
        for (const packet of world.packets) {
          const own = regions.filter(({ match }) => takes(match, packet));
          assert.equal(own.length, 1, 'a packet lies in exactly one region');
          const decided = flat[own[0]?.deciders[0] ?? -1]?.verdict;
          assert.equal(decided, verdictOf(rules, packet, always));
        }
      }),
      inReach,
    );
  });

  it('finds each that two rule sets treat differently, once, and no other', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const roll = dice(number);
        const world = smallWorld(roll);
        const asked = ruleSetIn(world, roll, { unknown: false });
        const inForce = ruleSetIn(world, roll, { unknown: false });
        const found = audit(asked, inForce);
        const missing = found.missing.flatMap(({ regions }) => regions);
        const excess = found.excess.flatMap(({ regions }) => regions);
        for (const packet of world.packets) {
          const [wish, real] = [passes(asked, packet, always), passes(inForce, packet, always)];
          const follows = packet.state === 'established' || packet.state === 'related';
          assert.equal(hits(missing, packet), wish && !real ? 1 : 0);
          assert.equal(hits(excess, packet), real && !wish && !follows ? 1 : 0);
          for (const { rule, narrowed = [] } of found.excess) {
            const inRule = rule !== undefined && takes(rule.match, packet);
            assert.ok(
              hits(narrowed, packet) === 0 || (inRule && wish),
              'narrowed to what is asked',
            );
          }
        }
      }),
      inReach,
    );
  });

  it('keeps what unknown conditions may mean between its two readings', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const roll = dice(number);
        const world = smallWorld(roll);
        const rules = ruleSetIn(world, roll, { unknown: true });
        const flat = unfold(rules, 'in');
        const [most, least] = (['upper', 'lower'] as const).map((reading) => {
          const side = { rules: flat, reading };
          return regionsOf(side)
            .filter(({ deciders: [decider = -1] }) => admits(side, decider))
            .map(({ match }) => match);
        });
        const some = roll(2 ** 16);
        const sometimes = ({ id }: { id: string }): boolean =>
          ((some >> ((id.charCodeAt(1) * 5 + id.charCodeAt(3)) % 16)) & 1) === 1;
        for (const packet of world.packets) {
          const [in_, out] = [hits(most ?? [], packet) > 0, hits(least ?? [], packet) > 0];
          for (const holds of [always, never, sometimes]) {
            const real = passes(rules, packet, holds);
            assert.ok(!real || in_, 'within the upper reading');
            assert.ok(real || !out, 'beyond the lower reading');
          }
        }
      }),
      inReach,
    );
  });

  it('calls a rule never reached when no packet changes without it, whatever it did', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const roll = dice(number);
        const world = smallWorld(roll);
        const rules = ruleSetIn(world, roll, { unknown: false });
        for (const { rule } of audit(rules, rules).shadowed) {
          const others = (['accept', 'drop'] as const).map((kind) => ({
            ...rules,
            chains: rules.chains.map((chain) => ({
              ...chain,
              rules: chain.rules.map((each) =>
                each === rule ? { ...rule, action: { kind } } : each,
              ),
            })),
          }));
          for (const packet of world.packets) {
            const real = passes(rules, packet, always);
            for (const other of others) assert.equal(passes(other, packet, always), real);
          }
        }
      }),
      inReach,
    );
  });

  it('certifies what a checker with no code in common confirms, unknown conditions and all', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const roll = dice(number);
        const world = smallWorld(roll);
        const asked = ruleSetIn(world, roll, { unknown: false });
        const inForce = ruleSetIn(world, roll, { unknown: true });
        const checked = check(certify(asked, inForce), asked, inForce);
        assert.ok(checked.holds, JSON.stringify(checked));
        const { missing, excess } = audit(asked, inForce);
        assert.deepEqual(
          [checked.missing > 0, checked.excess > 0],
          [missing.length > 0, excess.length > 0],
        );
      }),
      { numRuns: Math.ceil(cases / 20) },
    );
  });
});
