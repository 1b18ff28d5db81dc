import { calls } from './calls.ts';
import { registrations } from './registrations.ts';
import type { Scenario, Scenarios } from './scenario.ts';

const written: Scenarios = { ...calls, ...registrations };

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
