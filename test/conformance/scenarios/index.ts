import { calls } from './calls.ts';
import { collisions } from './collisions.ts';
import { forks } from './forks.ts';
import { home } from './home.ts';
import { messages } from './messages.ts';
import { races } from './races.ts';
import { registrations } from './registrations.ts';
import { spirals } from './spirals.ts';
import { tampering } from './tampering.ts';
import type { Scenario, Scenarios } from './scenario.ts';

const written: Scenarios = {
  ...calls,
  ...collisions,
  ...forks,
  ...home,
  ...messages,
  ...races,
  ...registrations,
  ...spirals,
  ...tampering,
};

/** A scenario, or its twin. */
export type Playable = Scenario & { readonly outbound: boolean };

/** Everything that can be played, by name. */
export const scenarios: ReadonlyMap<string, Playable> = new Map(
  Object.entries(written).flatMap(([name, scenario]): [string, Playable][] => {
    const plain: [string, Playable] = [name, { ...scenario, outbound: false }];
    if (scenario.twin !== true) return [plain];
    return [plain, [`${name}WithOutbound`, { ...scenario, outbound: true }]];
  }),
);
