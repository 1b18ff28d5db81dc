import type { Language } from '#base';
import { parseAddress } from '#topology';
import type { Host } from '#topology';
import { virtualServicesOf } from '#ports';
import type { Flow, Leg, Plan, VirtualService } from '#ports';
import type { Chain, Direction, Rule, RuleSet } from '../model/index.ts';
import { loopback, neighbours, replies } from './basics.ts';
import { permitOf, rulesFor } from './permits.ts';
import type { Permit } from './permits.ts';

const idOf = ({ id }: Flow): string => id;

type Reasons = ReadonlyMap<string, string>;

/** The VIP ports the kernel of this balancer translates: no process of it sees their packets. */
function translatedAt(plan: Plan, host: Host): readonly VirtualService[] {
  return virtualServicesOf(plan, host.fqdn).filter(({ engine }) => engine === 'nftables');
}

/** True for a leg to one of these VIP ports. */
const leadsTo = ({ address, port }: VirtualService, { destination }: Leg): boolean =>
  destination.address === address && destination.port === port;

/** Connections a host takes: to its own addresses, or to a VIP one of its processes serves. */
function receivedBy(plan: Plan, host: Host): readonly Permit[] {
  const translated = translatedAt(plan, host);
  return plan.legs
    .filter((leg) => leg.destination.host === host.fqdn)
    .filter((leg) => !translated.some((service) => leadsTo(service, leg)))
    .map(permitOf);
}

/** What anybody may open on the inside, a host of ours may, too. */
const isForAnybody = ({ source, destination }: Flow): boolean =>
  source.role === 'any' && destination.interface !== 'external';

/** Connections a host opens. */
function openedBy(plan: Plan, host: Host): readonly Permit[] {
  const anybody = new Set(plan.flows.filter(isForAnybody).map(idOf));
  const translated = new Set(translatedAt(plan, host).flatMap(({ flows }) => flows.map(idOf)));
  const opens = ({ flow, kind, source, destination }: Leg): boolean => {
    // A member may see the clients' own addresses, yet it is the balancer that sends. What its
    // kernel translates is forwarded, not sent.
    if (kind === 'balancerToMember')
      return host.role === 'balancer' && source.host === host.fqdn && !translated.has(flow);
    return source.host === host.fqdn || (anybody.has(flow) && destination.host !== host.fqdn);
  };
  return plan.legs.filter(opens).map((leg) => ({ ...permitOf(leg), sources: [host.address] }));
}

/**
 * Connections the kernel of a balancer passes on. It filters them after destination NAT and before
 * source NAT: from the client, to the member.
 */
function translatedBy(plan: Plan, host: Host): readonly Permit[] {
  const translated = translatedAt(plan, host);
  const clients = plan.legs.filter(({ kind }) => kind === 'clientToVip');
  return clients.flatMap((leg) =>
    translated
      .filter((service) => leadsTo(service, leg))
      .flatMap(({ members }) =>
        members.map(({ address, port }) => ({ ...permitOf(leg), destination: address, port })),
      ),
  );
}

const usesIPv6 = (plan: Plan, host: Host): boolean =>
  [
    host.address,
    host.external?.address ?? '',
    ...virtualServicesOf(plan, host.fqdn).map(({ address }) => address),
  ].some((text) => parseAddress(text)?.family === 6);

const chain = (direction: Direction, rules: readonly Rule[]): Chain => ({
  name: direction,
  direction,
  policy: 'drop',
  rules,
});

/** The rules of a host's own packet filter: to it, from it and, for a translating balancer, through it. */
export function hostRules(plan: Plan, host: Host, reasons: Reasons, language: Language): RuleSet {
  const links = usesIPv6(plan, host) ? [neighbours(language)] : [];
  const own = (direction: 'in' | 'out', permits: readonly Permit[]): Chain =>
    chain(direction, [
      replies(language),
      loopback(direction, language),
      ...links,
      ...rulesFor(permits, reasons),
    ]);
  const through = rulesFor(translatedBy(plan, host), reasons);
  return {
    device: host.fqdn,
    zones: [],
    chains: [
      own('in', receivedBy(plan, host)),
      own('out', openedBy(plan, host)),
      chain('forward', through.length === 0 ? [] : [replies(language), ...through]),
    ],
  };
}
