import { UsherError } from '#base';
import type { Service, Topology } from '#topology';
import { defaultPorts, highestPort } from './defaults.ts';
import { flowsOf, portOf } from './flows.ts';
import { legsFor } from './legs.ts';
import type { Listener, Plan, VirtualService } from './model.ts';
import { listenersFor, virtualServicesFor } from './sockets.ts';

export interface PlanOptions {
  /** Added to every port. Default 0. */
  readonly portOffset?: number;
}

function checkOffset(topology: Topology, portOffset: number): void {
  const highest = Math.max(...Object.values({ ...defaultPorts, ...topology.ports }));
  const limit = highestPort - highest;
  if (Number.isInteger(portOffset) && portOffset >= 0 && portOffset <= limit) return;
  throw new UsherError('USHER_PORT_OFFSET', `The port offset ${portOffset} cannot be used.`, {
    remedy: `Choose a whole number from 0 to ${limit}: the highest port of this topology is ${highest}.`,
  });
}

/**
 * Derives flows, sockets, virtual services and legs from a topology. Pure; throws
 * `USHER_PORT_OFFSET` when the offset pushes a port out of range.
 */
export function makePlan(topology: Topology, options: PlanOptions = {}): Plan {
  const portOffset = options.portOffset ?? 0;
  checkOffset(topology, portOffset);
  const flows = flowsOf(topology, portOffset);
  return {
    topology,
    portOffset,
    flows,
    listeners: listenersFor(topology, flows),
    virtualServices: virtualServicesFor(topology, flows),
    legs: legsFor(topology, flows),
  };
}

/** The sockets this host opens; a balancer's are its virtual services, and not listed here. */
export function listenersOf(plan: Plan, hostFqdn: string): readonly Listener[] {
  const host = hostFqdn.toLowerCase();
  return plan.listeners.filter((listener) => listener.host === host);
}

/** The VIP ports this balancer serves, or takes over. */
export function virtualServicesOf(plan: Plan, balancerFqdn: string): readonly VirtualService[] {
  const balancer = balancerFqdn.toLowerCase();
  return plan.virtualServices.filter(
    (service) => service.balancer === balancer || service.standby === balancer,
  );
}

/** The port of a service in this plan, offset included. */
export function servicePort(plan: Plan, service: Service): number {
  return portOf(plan.topology, service) + plan.portOffset;
}
