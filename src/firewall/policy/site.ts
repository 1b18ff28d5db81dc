import { siteRow, siteTraffic } from '#ports';
import type { Plan, SiteTraffic } from '#ports';
import type { SiteFlow, Topology } from '#topology';
import {
  addressesOf,
  addressesWithout,
  between,
  commonAddresses,
  exactly,
  isEmpty,
  joinAddresses,
  matching,
  protocols,
  unionOf,
} from '../model/index.ts';
import type { AddressSet, Match, Rule, Zone } from '../model/index.ts';

/** True when the last day of a flow is over; days are compared as text, `2027-06-30`. */
export const isExpired = ({ expires }: SiteFlow, today: string | undefined): boolean =>
  expires !== undefined && today !== undefined && expires < today;

/** The plan as it is on a day: without the flows of the site that are over. */
export function planOn(plan: Plan, today: string): Plan {
  const policy = plan.topology.policy.filter((flow) => !isExpired(flow, today));
  return { ...plan, topology: { ...plan.topology, policy } };
}

/** The first packets of connections, of whatever addresses; ports of one protocol go together. */
function packetsOf(traffic: readonly SiteTraffic[]): readonly Match[] {
  return [...Map.groupBy(traffic, ({ protocol }) => protocol)].map(([protocol, own]) =>
    matching({
      protocol: exactly(protocols[protocol]),
      destinationPort: unionOf(own.flatMap(({ first, last }) => between(first, last))),
      states: ['new'],
    }),
  );
}

/** From whom to whom a device lets packets pass. */
export interface Way {
  readonly source: AddressSet;
  readonly destination: AddressSet;
}

/** The parts of a flow a device sees. */
export type Ways = (flow: Way) => readonly Way[];

/** To a host with these addresses, from others. */
export const arriving =
  (own: AddressSet): Ways =>
  ({ source, destination }) => [
    { source: addressesWithout(source, own), destination: commonAddresses(destination, own) },
  ];

/** From a host with these addresses, to others. */
export const leaving =
  (own: AddressSet): Ways =>
  ({ source, destination }) => [
    { source: commonAddresses(source, own), destination: addressesWithout(destination, own) },
  ];

/**
 * Between zones: into each from outside of it. What leads out of all zones is let pass when it comes out of
 * one: strangers among themselves are no business of this firewall.
 */
export const acrossZones =
  (zones: readonly Zone[]): Ways =>
  ({ source, destination }) => {
    const all = joinAddresses(zones.map(({ addresses }) => addresses));
    return [
      ...zones.map(({ addresses }) => ({
        source: addressesWithout(source, addresses),
        destination: commonAddresses(destination, addresses),
      })),
      {
        source: commonAddresses(source, all),
        destination: addressesWithout(destination, all),
      },
    ];
  };

/** The rules for the site's own flows on a device; those of flows that are over are left out. */
export function siteRules(
  { policy }: Topology,
  ways: Ways,
  today: string | undefined,
): readonly Rule[] {
  return policy
    .filter((flow) => !isExpired(flow, today))
    .flatMap((flow) => {
      const whole = { source: addressesOf(flow.from), destination: addressesOf(flow.to) };
      const comment = `${flow.reason} (${flow.owner}${flow.expires === undefined ? '' : `, ${flow.expires}`})`;
      return ways(whole).flatMap((way) =>
        packetsOf(siteTraffic(flow))
          .map((packets): Match => ({ ...packets, ...way }))
          .filter((match) => !isEmpty(match))
          .map((match): Rule => ({
            id: siteRow(flow),
            match,
            action: { kind: 'accept' },
            comment,
          })),
      );
    });
}
