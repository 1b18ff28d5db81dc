import { levels } from './level.ts';
import { bodyPolicies } from './policy.ts';
import { scenarioName, scenarioNameForm, type Scenario } from './scenario.ts';

/** The most scenarios that can run at once. */
const most = 64;

const isText = (value: unknown, longest: number): boolean =>
  typeof value === 'string' && value.length <= longest;
const isNumber = (value: unknown): boolean => Number.isFinite(value);
const isOneOf = (value: unknown, words: readonly unknown[]): boolean => words.includes(value);

/** What each value of a scenario may be, and the same in words. */
const values: {
  readonly [Key in keyof Scenario]-?: readonly [(value: unknown) => boolean, string];
} = {
  name: [(value) => typeof value === 'string' && scenarioName.test(value), scenarioNameForm],
  level: [(value) => isOneOf(value, levels), levels.join(', ')],
  bodies: [(value) => isOneOf(value, bodyPolicies), bodyPolicies.join(', ')],
  uri: [(value) => value === null || isText(value, 512), 'null or up to 512 characters'],
  startedAt: [isNumber, 'a number'],
  endsAt: [(value) => value === null || isNumber(value), 'null or a number'],
  startedBy: [(value) => isText(value, 255), 'up to 255 characters'],
};

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with a scenario, English, for a person; undefined: nothing. */
function faultOf(value: unknown): string | undefined {
  if (!isRecord(value)) return 'is no object';
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(values, key));
  if (unknown !== undefined) return `has ${unknown}, which no scenario has`;
  for (const [key, [holds, allowed]] of Object.entries(values)) {
    const found = value[key];
    if (!holds(found)) return `has as ${key} ${JSON.stringify(found)}, allowed is ${allowed}`;
  }
  return undefined;
}

/** True for a scenario as it is kept and told. */
export function isScenario(value: unknown): value is Scenario {
  return faultOf(value) === undefined;
}

/**
 * Reads the content of the file that makes scenarios outlive a restart and reach every process of a host.
 *
 * @throws Error which names the first fault, in English
 */
export function readScenarios(content: unknown): readonly Scenario[] {
  const list = isRecord(content) ? content['scenarios'] : undefined;
  if (!Array.isArray(list) || list.length > most) {
    throw new Error(`scenarios is no list of up to ${most} scenarios`);
  }
  return list.map((value: unknown, index) => {
    if (isScenario(value)) return value;
    throw new Error(`scenarios.${index} ${faultOf(value)}`);
  });
}
