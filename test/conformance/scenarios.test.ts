import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { scenarios } from './scenarios/index.ts';
import { notApplicable } from './scenarios/not-applicable.ts';
import { Stage } from './scenarios/stage.ts';

/** The list of names lies beside the repository. */
const names = new URL('../../../shared/torture/repro-scenario-names.txt', import.meta.url);
const skip = existsSync(names) ? false : 'no scenario names at ../shared/torture';
const fewest = 150;

describe('proxy and registrar scenarios', () => {
  let passed = 0;
  for (const [name, scenario] of scenarios) {
    test(`${name}: ${scenario.rule}`, async () => {
      await new Stage(scenario).play(scenario.script);
      passed += 1;
    });
  }

  test('every name of the list is in the table, with a script or a reason', { skip }, () => {
    const listed = readFileSync(names, 'utf8').split('\n');
    const known = [...scenarios.keys(), ...Object.keys(notApplicable)];
    assert.deepEqual(known.toSorted(), listed.filter((name) => name !== '').toSorted());
    assert.ok(scenarios.size >= fewest);
  });

  test('in sum', (context) => {
    const others = Object.keys(notApplicable).length;
    context.diagnostic(
      `${scenarios.size + others} names, ${scenarios.size} applicable, ${passed} passed, ${others} not applicable`,
    );
    assert.equal(passed, scenarios.size);
  });
});

describe('a scene that goes otherwise than written fails', () => {
  const rings = 'alice -> INVITE bob | bob <- INVITE | bob -> 180 | alice <- 180';
  const answered = `${rings} | bob -> 200 | alice <- 200`;
  const wrong: Readonly<Record<string, [script: string, says: RegExp]>> = {
    'another answer': [`${rings} | bob -> 486 | bob <- ACK | alice <- 480`, /alice <- 480.*\n.*/u],
    'a message that did not come': [`${rings} | alice <- 183`, /"alice <- 183": nothing came/u],
    'a message nobody has read': [`${answered} | alice -> ACK`, /bob has not read: ACK/u],
    'a header that differs': ['alice -> INVITE bob | bob <- INVITE [Max-Forwards: 70]', /'69'/u],
    'a call that never ends': [rings, /long after the end alice has not read: .* 487/u],
    'a place that is not bound': [
      'alice registers | alice -> REGISTER [signed] | alice <- 200 [contact desk]',
      /bound at "alice" instead of "desk"/u,
    ],
    'a line that is no step': ['alice says hello', /No step: alice says hello/u],
    'a note that is none': ['alice -> INVITE bob [loudly]', /no such note: loudly/u],
  };
  for (const [what, [script, says]] of Object.entries(wrong)) {
    test(what, async () => {
      const on = what === 'a place that is not bound' ? 'front-end' : 'proxy';
      await assert.rejects(new Stage({ on }).play(script), says);
    });
  }
});
