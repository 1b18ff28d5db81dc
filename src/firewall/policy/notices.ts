import { remoteAdministration, siteRow } from '#ports';
import type { Plan } from '#ports';
import {
  between,
  differenceOf,
  everyName,
  exactly,
  intersect,
  isEmpty,
  matching,
  named,
  protocols,
} from '../model/index.ts';
import type { RuleSet } from '../model/index.ts';

/** A flow of the site that is over, or soon will be. */
export interface Expiry {
  readonly row: string;
  readonly owner: string;
  readonly expires: string;
  /** Days it is valid yet, today included; 0 or less when it is over. */
  readonly days: number;
}

const day = 24 * 60 * 60 * 1000;

/** Flows of the site that are over on a day, or within 30 days of it, in file order. */
export function expiringFlows({ topology }: Plan, today: string): readonly Expiry[] {
  return topology.policy
    .flatMap(({ name, owner, expires }): Expiry[] => {
      if (expires === undefined) return [];
      const days = Math.round((Date.parse(expires) - Date.parse(today)) / day) + 1;
      return [{ row: siteRow({ name }), owner, expires, days }];
    })
    .filter(({ days }) => days <= 30);
}

/** Packets by which people administer a host from afar. */
const administering = remoteAdministration.map(({ protocol, first, last }) =>
  matching({
    protocol: exactly(protocols[protocol]),
    destinationPort: between(first, last),
    states: ['new'],
    inInterface: differenceOf(everyName, named('lo')),
  }),
);

/** True for the rules of a host that let nobody administer it from afar: loaded, they lock everybody out. */
export function locksOut({ chains, zones }: RuleSet): boolean {
  const incoming = chains.filter(({ direction }) => direction === 'in');
  return (
    zones.length === 0 &&
    incoming.some(({ policy }) => policy !== 'accept') &&
    !incoming.every(({ rules }) =>
      rules.some(
        ({ match, action }) =>
          action.kind === 'accept' &&
          administering.some((packets) => !isEmpty(intersect(match, packets))),
      ),
    )
  );
}
