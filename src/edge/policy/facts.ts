import { UsherError, hostInUri } from '#base';
import { listenersOf, nextHops, servicePort, type Plan } from '#ports';
import type { SipHop } from '#sip';
import type { Topology } from '#topology';

/** An Edge of the topology. */
export type EdgeHost = Topology['edges'][number];

/** What the deciders of one Edge know about themselves and their neighbours. */
export interface EdgeFacts {
  /** FQDN on the inside. */
  readonly inside: string;
  /** `host:port` other servers reach us at. */
  readonly insideEndpoint: string;
  /** FQDN clients know us by. */
  readonly outside: string;
  /** Every name and address of ours as URIs have them, lower case. */
  readonly own: ReadonlySet<string>;
  /** Labels of the connections that clients come by. */
  readonly outsideLabels: ReadonlySet<string>;
  /** Where requests go that carry no route of ours: the Director pool. */
  readonly nextHop: readonly SipHop[];
  /** Where a host of the topology is reached; empty when no flow leads there from this Edge. */
  hopsTo(host: string): readonly SipHop[];
}

/** Collects the facts of an Edge from the plan; throws `USHER_NO_FLOW` when it has no next hop. */
export function factsOf(plan: Plan, host: EdgeHost): EdgeFacts {
  const outsideNames = host.external?.fqdns ?? [];
  const outsideLabels = listenersOf(plan, host.fqdn)
    .filter(({ service }) => service === 'accessEdge' || service === 'accessEdgeAlternate')
    .map(({ service }) => service);
  const known = new Map<string, readonly SipHop[]>();
  return {
    inside: host.fqdn,
    insideEndpoint: `${host.fqdn}:${servicePort(plan, 'sip')}`,
    outside: outsideNames[0] ?? host.fqdn,
    own: new Set(
      [
        host.fqdn,
        ...outsideNames,
        ...[...host.addresses, ...(host.external?.addresses ?? [])].map(hostInUri),
      ].map((name) => name.toLowerCase()),
    ),
    outsideLabels: new Set(outsideLabels),
    nextHop: nextHops(plan, host.fqdn, host.nextHop, 'sip'),
    hopsTo(name) {
      // Only names of the topology are kept, or a client could fill the memory.
      const hops = known.get(name) ?? permittedHops(plan, host.fqdn, name);
      if (hops.length > 0) known.set(name, hops);
      return hops;
    },
  };
}

function permittedHops(plan: Plan, from: string, to: string): readonly SipHop[] {
  try {
    return nextHops(plan, from, to, 'sip');
  } catch (error) {
    if (error instanceof UsherError && error.code === 'USHER_NO_FLOW') return [];
    throw error;
  }
}
