import { describe, test } from 'node:test';
import { scenarios } from './scenarios/index.ts';
import { Stage } from './scenarios/stage.ts';

describe('proxy and registrar scenarios', () => {
  for (const [name, scenario] of scenarios) {
    test(`${name}: ${scenario.rule}`, async () => {
      await new Stage(scenario).play(scenario.script);
    });
  }
});
