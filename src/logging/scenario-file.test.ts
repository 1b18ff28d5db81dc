import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alwaysOnScenario } from './scenario.ts';
import { readScenarios } from './scenario-file.ts';

const sound = alwaysOnScenario(1_700_000_000_000);

describe('the file of scenarios', () => {
  test('gives back what was written', () => {
    const named = { ...sound, name: 'Mine', uri: 'sip:bob@contoso.com', endsAt: 1, level: 'Debug' };
    const written: unknown = JSON.parse(JSON.stringify({ scenarios: [sound, named] }));
    assert.deepEqual(readScenarios(written), [sound, named]);
    assert.deepEqual(readScenarios({ scenarios: [] }), []);
  });

  const faults: readonly (readonly [unknown, RegExp])[] = [
    [null, /no list of up to 64/u],
    [{ scenarios: {} }, /no list of up to 64/u],
    [{ scenarios: Array.from({ length: 65 }, () => sound) }, /no list of up to 64/u],
    [{ scenarios: [sound, 7] }, /^scenarios\.1 is no object$/u],
    [{ scenarios: [[]] }, /^scenarios\.0 is no object$/u],
    [{ scenarios: [{ ...sound, extra: 1 }] }, /has extra, which no scenario has/u],
    [{ scenarios: [{ ...sound, name: '1st' }] }, /as name "1st", allowed is a letter/u],
    [{ scenarios: [{ ...sound, level: 'Loud' }] }, /as level "Loud", allowed is Fatal/u],
    [{ scenarios: [{ ...sound, bodies: undefined }] }, /as bodies undefined, allowed is none/u],
    [{ scenarios: [{ ...sound, uri: 'x'.repeat(513) }] }, /as uri/u],
    [{ scenarios: [{ ...sound, startedAt: '0' }] }, /as startedAt "0", allowed is a number/u],
    [{ scenarios: [{ ...sound, endsAt: true }] }, /as endsAt true, allowed is null or/u],
    [{ scenarios: [{ ...sound, startedBy: null }] }, /as startedBy null/u],
  ];
  for (const [content, message] of faults) {
    test(`is refused with its first fault: ${String(message)}`, () => {
      assert.throws(() => readScenarios(content), { message });
    });
  }
});
