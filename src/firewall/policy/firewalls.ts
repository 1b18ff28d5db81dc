import { balancersOf, findPool, hostsOf } from '#topology';
import type { Host, Topology } from '#topology';
import type { Leg } from '#ports';
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
import type { Context } from './context.ts';
import { acrossZones, siteRules } from './site.ts';
import type { Ways } from './site.ts';
import { permitOf, rulesFor } from './permits.ts';

/** What the outside may reach: the outer addresses of Edges and reverse proxies. */
const publishedOf = (topology: Topology): AddressSet =>
  addressesOf(hostsOf(topology).flatMap(({ external }) => external?.addresses ?? []));

const inside = (hosts: readonly Host[]): AddressSet =>
  addressesOf(hosts.flatMap(({ addresses }) => addresses));

/** The parts of the inside; an address belongs to the first that names it, so they never overlap. */
function insideZones(topology: Topology): readonly Zone[] {
  const { networks, pools, edges, reverseProxies, balancers, trustedPeers } = topology;
  const named: readonly Zone[] = [
    ...pools.map(({ fqdn, networks: blocks, vips, members }) => ({
      name: fqdn,
      addresses: joinAddresses([inside(members), addressesOf([...blocks, ...vips])]),
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
  ways: Ways,
  context: Context,
): RuleSet {
  const rules = [
    replies(context.language),
    ...rulesFor(context, legs.map(permitOf(context))),
    ...siteRules(context.plan.topology, ways, context.today),
  ];
  return {
    device,
    zones,
    chains: [{ name: 'forward', direction: 'forward', policy: 'drop', rules }],
  };
}

/** Where packets of a leg set out: behind the balancer from it, whatever source they bear. */
function originsOf({ plan, legs }: Context): (leg: Leg) => AddressSet {
  const flows = new Map(plan.flows.map((flow) => [flow.id, flow]));
  return (leg) => {
    const pool =
      leg.kind === 'balancerToMember'
        ? findPool(plan.topology, flows.get(leg.flow)?.destination.pool ?? '')
        : undefined;
    const balancers = pool === undefined ? [] : balancersOf(plan.topology, pool);
    const addresses =
      balancers.length === 0
        ? leg.source.addresses
        : balancers.flatMap(({ addresses: own }) => own);
    return joinAddresses(addresses.map((address) => legs.at(address)));
  };
}

/** The firewall between the outside and the addresses published there. */
export function perimeterRules(context: Context): RuleSet {
  const { topology, legs } = context.plan;
  const published = publishedOf(topology);
  const known = insideZones(topology).map(({ addresses }) => addresses);
  const zones = [
    { name: 'outside', addresses: otherAddresses(joinAddresses([published, ...known])) },
    { name: 'published', addresses: published },
  ];
  const leading = legs.filter(({ destination }) =>
    addressesWithin(context.legs.at(destination.address), published),
  );
  // Between published addresses and the outside; the inside is behind the other firewall.
  const behind = joinAddresses(known);
  const ways: Ways = ({ source, destination }) =>
    acrossZones([{ name: 'published', addresses: published }])({
      source: addressesWithout(source, behind),
      destination: addressesWithout(destination, behind),
    });
  return firewall('perimeter', zones, leading, ways, context);
}

/** The firewall between the zones of the inside; what stays within a zone never comes to it. */
export function gatewayRules(context: Context): RuleSet {
  const { topology, legs } = context.plan;
  const zones = insideZones(topology);
  const published = publishedOf(topology);
  const places = [{ name: 'published', addresses: published }, ...zones];
  const addresses = new Set(legs.map(({ destination }) => destination.address));
  const placeOf = new Map(
    [...addresses].map((address) => {
      const set = context.legs.at(address);
      return [address, places.find((place) => addressesWithin(set, place.addresses))];
    }),
  );
  const originOf = originsOf(context);
  const passes = (leg: Leg): boolean => {
    const place = placeOf.get(leg.destination.address);
    if (place === undefined) return true;
    return place !== places[0] && !addressesWithin(originOf(leg), place.addresses);
  };
  // What is published lies before the other firewall.
  const ways: Ways = ({ source, destination }) =>
    acrossZones(zones)({
      source: addressesWithout(source, published),
      destination: addressesWithout(destination, published),
    });
  return firewall('gateway', zones, legs.filter(passes), ways, context);
}
