import { levelRank, type Level } from './level.ts';
import type { Bodies, RecordingPolicy } from './policy.ts';
import { aorKey } from './record.ts';

/** The scenario that runs from the first start on, without an end. */
export const alwaysOn = 'AlwaysOn';

/** Names are free; these letters only, so that a name can stand in a file and on a command line. */
export const scenarioName = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/u;
export const scenarioNameForm = 'a letter, then up to 63 letters, digits, . _ -';

/** A running scenario, as it is kept and told: what is recorded beyond nothing, and until when. */
export interface Scenario {
  readonly name: string;
  readonly level: Level;
  readonly bodies: Bodies;
  /** Bodies are kept only of messages from or to this address-of-record; null: of all. */
  readonly uri: string | null;
  /** Milliseconds since the epoch, as is the end; null: until stopped. */
  readonly startedAt: number;
  readonly endsAt: number | null;
  /** FQDN of the controller's host. */
  readonly startedBy: string;
}

/** Default duration of a named scenario, as in the reference: 4 hours, in milliseconds. */
export const defaultDuration = 4 * 60 * 60 * 1000;
/** The longest a named scenario may run: 30 days, in milliseconds. */
export const longestDuration = 30 * 24 * 60 * 60 * 1000;

/** What a scenario keeps when its start says nothing else, by name; other names get the last line. */
export function scenarioDefaults(name: string): { level: Level; bodies: Bodies } {
  switch (name) {
    case alwaysOn:
      return { level: 'Info', bodies: 'none' };
    case 'Authentication':
      return { level: 'Verbose', bodies: 'none' };
    case 'IncomingAndOutgoingCall':
    case 'AudioVideoConferencingIssue':
    case 'MediaConnectivity':
      return { level: 'Info', bodies: 'signalling' };
    case 'IMAndPresence':
      return { level: 'Info', bodies: 'signalling' };
    default:
      return { level: 'Verbose', bodies: 'signalling' };
  }
}

/** AlwaysOn as it starts by itself. */
export function alwaysOnScenario(now: number): Scenario {
  return {
    name: alwaysOn,
    ...scenarioDefaults(alwaysOn),
    uri: null,
    startedAt: now,
    endsAt: null,
    startedBy: '',
  };
}

/** The scenarios still running at `now`. */
export function running(scenarios: readonly Scenario[], now: number): Scenario[] {
  return scenarios.filter((scenario) => scenario.endsAt === null || scenario.endsAt > now);
}

/** Adds up the running scenarios: the highest level, every wish for bodies. */
export function policyOf(scenarios: readonly Scenario[]): RecordingPolicy | null {
  let level: Level | undefined;
  for (const scenario of scenarios) {
    if (level === undefined || levelRank(scenario.level) > levelRank(level)) level = scenario.level;
  }
  if (level === undefined) return null;
  const bodies = scenarios
    .filter((scenario) => scenario.bodies !== 'none')
    .map(({ bodies: wish, uri }) => ({ bodies: wish, uri: uri === null ? null : aorKey(uri) }));
  return { level, bodies };
}
