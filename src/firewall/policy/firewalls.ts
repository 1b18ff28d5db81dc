import type { Language } from '#base';
import { findHost, findPool, hostsOf } from '#topology';
import type { Host, Topology } from '#topology';
import type { Leg, Plan } from '#ports';
import {
  addressesOf,
  addressesWithin,
  addressesWithout,
  joinAddresses,
  noAddress,
  otherAddresses,
  sameAddresses,
} from '../model/index.ts';
import type { AddressSet, RuleSet, Zone } from '../model/index.ts';
import { replies } from './basics.ts';
import { permitOf, rulesFor } from './permits.ts';

type Reasons = ReadonlyMap<string, string>;

/** What the outside may reach: the outer addresses of Edges and reverse proxies. */
const publishedOf = (topology: Topology): AddressSet =>
  addressesOf(hostsOf(topology).flatMap(({ external }) => external?.address ?? []));

const inside = (hosts: readonly Host[]): AddressSet =>
  addressesOf(hosts.map(({ address }) => address));

/** The parts of the inside; an address belongs to the first that names it, so they never overlap. */
function insideZones(topology: Topology): readonly Zone[] {
  const { networks, pools, edges, reverseProxies, balancers, trustedPeers } = topology;
  const named: readonly Zone[] = [
    ...pools.map(({ fqdn, network, vip, members }) => ({
      name: fqdn,
      addresses: joinAddresses([inside(members), addressesOf([network ?? '', vip ?? ''])]),
    })),
    { name: 'edge', addresses: inside(edges) },
    { name: 'reverseProxy', addresses: inside(reverseProxies) },
    { name: 'balancer', addresses: inside(balancers) },
    { name: 'trustedPeer', addresses: inside(trustedPeers) },
    { name: 'administration', addresses: addressesOf(networks.administration) },
    { name: 'internalClients', addresses: addressesOf(networks.internalClients) },
  ];
  return named
    .map(({ name, addresses }, index) => {
      const taken = joinAddresses(named.slice(0, index).map((zone) => zone.addresses));
      return { name, addresses: addressesWithout(addresses, taken) };
    })
    .filter(({ addresses }) => !sameAddresses(addresses, noAddress));
}

function firewall(
  device: string,
  zones: readonly Zone[],
  legs: readonly Leg[],
  reasons: Reasons,
  language: Language,
): RuleSet {
  const rules = [replies(language), ...rulesFor(legs.map(permitOf), reasons)];
  return {
    device,
    zones,
    chains: [{ name: 'forward', direction: 'forward', policy: 'drop', rules }],
  };
}

/** Where packets of a leg set out: behind the balancer from it, whatever source they bear. */
function originOf(plan: Plan, leg: Leg): AddressSet {
  const flow = plan.flows.find(({ id }) => id === leg.flow);
  const pool = findPool(plan.topology, flow?.destination.pool ?? '');
  const balancer = findHost(plan.topology, pool?.balancer ?? '');
  return leg.kind === 'balancerToMember' && balancer !== undefined
    ? addressesOf([balancer.address])
    : addressesOf(leg.source.addresses);
}

/** The firewall between the outside and the addresses published there. */
export function perimeterRules(plan: Plan, reasons: Reasons, language: Language): RuleSet {
  const published = publishedOf(plan.topology);
  const known = insideZones(plan.topology).map(({ addresses }) => addresses);
  const zones = [
    { name: 'outside', addresses: otherAddresses(joinAddresses([published, ...known])) },
    { name: 'published', addresses: published },
  ];
  const legs = plan.legs.filter(({ destination }) =>
    addressesWithin(addressesOf([destination.address]), published),
  );
  return firewall('perimeter', zones, legs, reasons, language);
}

/** The firewall between the zones of the inside; what stays within a zone never comes to it. */
export function gatewayRules(plan: Plan, reasons: Reasons, language: Language): RuleSet {
  const zones = insideZones(plan.topology);
  const published = publishedOf(plan.topology);
  const passes = (leg: Leg): boolean => {
    const destination = addressesOf([leg.destination.address]);
    if (addressesWithin(destination, published)) return false;
    const zone = zones.find(({ addresses }) => addressesWithin(destination, addresses));
    return zone === undefined || !addressesWithin(originOf(plan, leg), zone.addresses);
  };
  return firewall('gateway', zones, plan.legs.filter(passes), reasons, language);
}
