import { addressFor, familyOf, pairOf, parseAddress } from '#topology';
import type { Host } from '#topology';
import { virtualServicesOf } from '#ports';
import type { Leg, Plan, VirtualService } from '#ports';
import { addressesOf } from '../model/index.ts';
import type {
  AddressSet,
  Chain,
  Direction,
  Endpoint,
  Rule,
  RuleSet,
  Translations,
} from '../model/index.ts';
import { loopback, neighbours, replies, vrrp } from './basics.ts';
import type { Context, Opening } from './context.ts';
import { arriving, leaving, siteRules } from './site.ts';
import { permitOf, rowOf, rulesFor } from './permits.ts';
import type { Permit } from './permits.ts';

/** The VIP ports the kernel of this balancer translates: no process of it sees their packets. */
function translatedAt(plan: Plan, host: Host): readonly VirtualService[] {
  return virtualServicesOf(plan, host.fqdn).filter(({ engine }) => engine === 'nftables');
}

/** True for a leg to one of these VIP ports. */
const leadsTo = ({ address, port }: VirtualService, { destination }: Leg): boolean =>
  destination.address === address && destination.port === port;

/** Connections a host takes: to its own addresses, or to a VIP one of its processes serves. */
function receivedBy(context: Context, host: Host): readonly Permit[] {
  const translated = translatedAt(context.plan, host);
  return context.legs
    .to(host)
    .filter((leg) => !translated.some((service) => leadsTo(service, leg)))
    .map(permitOf(context));
}

/** Own addresses from which a host can reach some of the destinations: those of their families. */
const sourcesFor = ({ addresses }: Host, { v4, v6 }: AddressSet): readonly string[] =>
  addresses.filter((own) => (familyOf(own) === 4 ? v4 : v6).length > 0);

/** Connections a host opens. */
function openedBy({ plan, legs }: Context, host: Host): readonly Permit[] {
  const translated = new Set(
    translatedAt(plan, host).flatMap(({ flows }) => flows.map(({ id }) => id)),
  );
  // A member may see the clients' own addresses, yet it is the balancer that sends. What its kernel
  // translates is forwarded, not sent.
  const opens = ({ leg: { flow, kind } }: Opening): boolean =>
    kind !== 'balancerToMember' || (host.role === 'balancer' && !translated.has(flow));
  return legs
    .from(host)
    .filter(opens)
    .map(({ leg, destinations }) => ({
      row: rowOf(leg),
      sources: sourcesFor(host, destinations),
      destinations,
      port: leg.destination.port,
    }));
}

/**
 * Connections the kernel of a balancer passes on. It filters them after destination NAT and before
 * source NAT: from the client, to the member.
 */
function translatedBy(context: Context, host: Host): readonly Permit[] {
  const translated = translatedAt(context.plan, host);
  if (translated.length === 0) return [];
  const clients = context.legs.to(host).filter(({ kind }) => kind === 'clientToVip');
  return clients.flatMap((leg) =>
    translated
      .filter((service) => leadsTo(service, leg))
      .flatMap(({ members }) =>
        members.map(({ address, port }) => ({
          ...permitOf(context)(leg),
          destinations: context.legs.at(address),
          port,
        })),
      ),
  );
}

const endpointOf = (address: string, port?: number): readonly Endpoint[] => {
  const parsed = parseAddress(address);
  if (parsed === undefined) return [];
  const { family, value } = parsed;
  return [{ family, address: value, ...(port === undefined ? {} : { port }) }];
};

const translating = (name: string, rules: readonly Rule[]): readonly Chain[] => [
  { name, direction: 'in', policy: 'accept', rules },
];

/** What a translating balancer leads on: connections to its VIP, to any of the members, as its own where it is asked to. */
function translationsAt(context: Context, host: Host): Translations | undefined {
  const clients = context.legs.to(host).filter(({ kind }) => kind === 'clientToVip');
  const services = translatedAt(context.plan, host).map((service) => ({
    ...service,
    rules: rulesFor(context, clients.filter((leg) => leadsTo(service, leg)).map(permitOf(context))),
  }));
  if (services.length === 0) return undefined;
  return {
    destination: translating(
      'destination',
      services.flatMap(({ rules, members }) => {
        const to = members.flatMap(({ address, port }) => endpointOf(address, port));
        return rules.map((rule) => ({ ...rule, to }));
      }),
    ),
    source: translating(
      'source',
      services.flatMap(({ rules, nat, address }) => {
        const own = endpointOf(addressFor(host.addresses, address) ?? '');
        return nat === 'source' ? rules.map((rule) => ({ ...rule, to: own })) : [];
      }),
    ),
  };
}

const usesIPv6 = (plan: Plan, host: Host): boolean =>
  [
    ...host.addresses,
    ...(host.external?.addresses ?? []),
    ...virtualServicesOf(plan, host.fqdn).map(({ address }) => address),
  ].some((text) => familyOf(text) === 6);

const chain = (direction: Direction, rules: readonly Rule[]): Chain => ({
  name: direction,
  direction,
  policy: 'drop',
  rules,
});

/** True when one interface has two addresses: one of each family. */
const hasBoth = ({ addresses, external }: Host): boolean =>
  [addresses, external?.addresses ?? []].some((own) => own.length > 1);

/** The rules of a host's own packet filter: to it, from it and, for a translating balancer, through it. */
export function hostRules(context: Context, host: Host): RuleSet {
  const { plan, language } = context;
  const links = usesIPv6(plan, host) ? [neighbours(language)] : [];
  const addresses = addressesOf([...host.addresses, ...(host.external?.addresses ?? [])]);
  const paired = pairOf(plan.topology, host);
  const pair = (direction: 'in' | 'out'): readonly Rule[] => {
    if (paired === undefined) return [];
    const { address, partner } = paired;
    const [from, to] = direction === 'in' ? [partner.address, address] : [address, partner.address];
    return [vrrp(from, to, language)];
  };
  const own = (direction: 'in' | 'out', permits: readonly Permit[]): Chain =>
    chain(direction, [
      replies(language),
      loopback(direction, language),
      ...links,
      ...pair(direction),
      ...rulesFor(context, permits),
      ...siteRules(
        plan.topology,
        direction === 'in' ? arriving(addresses) : leaving(addresses),
        context.today,
      ),
    ]);
  const translations = translationsAt(context, host);
  const through = rulesFor(context, translatedBy(context, host));
  return {
    device: host.fqdn,
    zones: [],
    chains: [
      own('in', receivedBy(context, host)),
      own('out', openedBy(context, host)),
      chain('forward', through.length === 0 ? [] : [replies(language), ...through]),
    ],
    ...(translations === undefined ? {} : { translations }),
    ...(hasBoth(host) ? { bothFamilies: true as const } : {}),
  };
}
