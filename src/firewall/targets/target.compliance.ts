import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { UsherError } from '#base';
import type { Rule, RuleFile, RuleSet, Target } from './model.ts';
import { assertSamePackets } from './rules.fixture.ts';

/** What a target's own test brings along. */
export interface Compliance {
  readonly target: Target;
  /** Rule sets it can say. */
  readonly sets: fc.Arbitrary<RuleSet>;
  /** Texts it cannot read, with the message: `f:LINE: what was met`. */
  readonly faults: readonly (readonly [content: string, message: RegExp])[];
  /** Words of its language, to be thrown together. */
  readonly words: readonly string[];
}

const idsOf = ({ chains }: RuleSet): ReadonlySet<string> =>
  new Set(chains.flatMap(({ rules }) => rules.map(({ id }) => id)));

/** One text of all files, lines lost, doubled or put elsewhere. */
function damaged(files: readonly RuleFile[], picks: readonly number[]): readonly RuleFile[] {
  return files.map(({ name, content }) => {
    const lines = content.split('\n');
    for (const [index, pick] of picks.entries()) {
      const at = pick % lines.length;
      const [line = ''] = lines.splice(at, 1);
      if (index % 3 === 1) lines.splice(pick % 7, 0, line, line);
      if (index % 3 === 2) lines.splice(at, 0, line.split(' ').toReversed().join(' '));
    }
    return { name, content: lines.join('\n') };
  });
}

/** Reads, or fails with an error of its own. */
function readOrRefuse(target: Target, files: readonly RuleFile[]): void {
  try {
    target.read(files);
  } catch (error) {
    assert.ok(error instanceof UsherError, String(error));
    assert.equal(error.code, 'USHER_RULES_UNREADABLE');
    assert.match(error.message, /^[^\n]*:\d+: /u);
  }
}

/** What every kind of firewall has to keep to; its own test adds what is its own. */
export function describeTarget({ target, sets, faults, words }: Compliance): void {
  describe(`${target.name}, as every target`, () => {
    test('reads what it writes back to the identical packets, with the same row ids', () => {
      fc.assert(
        fc.property(sets, (given) => {
          const wanted = target.becomes?.(given) ?? given;
          const [found, ...more] = target.read(target.render([given], {}));
          assert.equal(more.length, 0);
          assert.equal(found?.device, wanted.device);
          assertSamePackets(found, wanted);
          assert.deepEqual(idsOf(found).difference(new Set([...idsOf(wanted), ''])), new Set());
        }),
        { numRuns: 60 },
      );
    });

    test('writes the same bytes every time', () => {
      fc.assert(
        fc.property(sets, (set) => {
          assert.deepEqual(target.render([set], {}), target.render([set], {}));
        }),
        { numRuns: 20 },
      );
    });

    test('never lets a reason begin a line, leave its quotation marks or become an expression', () => {
      const comment =
        'x" \' ${var.x} $(y) `z` {{q}} \\\n! # */ permit ip any any\u2028\u0000exit ü ? [a] <b>';
      fc.assert(
        fc.property(sets, (given) => {
          const chains = given.chains.map((chain) => ({
            ...chain,
            rules: chain.rules.map((rule): Rule => ({ ...rule, comment })),
          }));
          const wanted = target.becomes?.({ ...given, chains }) ?? { ...given, chains };
          assertSamePackets(target.read(target.render([{ ...given, chains }], {}))[0], wanted);
        }),
        { numRuns: 30 },
      );
    });

    test('names file, line and what it met when it cannot go on', () => {
      for (const [content, message] of faults) {
        assert.throws(() => target.read([{ name: 'f', content }]), {
          code: 'USHER_RULES_UNREADABLE',
          message,
        });
      }
    });

    test('survives its own files damaged, and every text: rules, or an error of its own', () => {
      const picks = fc.array(fc.nat(10_000), { minLength: 1, maxLength: 9 });
      fc.assert(
        fc.property(sets, picks, (set, damage) => {
          readOrRefuse(target, damaged(target.render([set], {}), damage));
        }),
        { numRuns: 60 },
      );
      const word = fc.oneof(
        fc.constantFrom(...words, '\n', '\n', ' '),
        fc.string({ maxLength: 4 }),
      );
      const text = fc.array(word, { maxLength: 40 }).map((parts) => parts.join(' '));
      fc.assert(
        fc.property(text, (content) => {
          readOrRefuse(target, [{ name: 'f', content }]);
        }),
        { numRuns: 500 },
      );
    });
  });
}
