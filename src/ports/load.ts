import type { Fault } from '#base';
import { inFileOrder, parseTopology } from '#topology';
import type { ParsedTopology, Service } from '#topology';
import { familyFaults } from './families.ts';
import { hairpinFaults } from './hairpin.ts';
import type { Plan } from './model.ts';
import { makePlan } from './plan.ts';
import type { PlanOptions } from './plan.ts';

/** A plan, or everything that is wrong with the file. */
export type LoadedPlan =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Two services that would have to share one socket, and one address where they do. */
interface Collision {
  readonly services: readonly [Service, Service];
  readonly port: number;
  readonly addresses: readonly string[];
}

/** Every pair of services that meet at one port of one address, VIPs included. */
function collisionsOf(plan: Plan): readonly Collision[] {
  const sockets = new Map<string, Service>();
  const found = new Map<string, Collision>();
  for (const { address, port, service } of [...plan.listeners, ...plan.virtualServices]) {
    const socket = `${address} ${port}`;
    const other = sockets.get(socket) ?? service;
    sockets.set(socket, other);
    if (other === service) continue;
    const pair = `${other} ${service}`;
    const addresses = [...(found.get(pair)?.addresses ?? []), address];
    found.set(pair, { services: [other, service], port, addresses });
  }
  return [...found.values()];
}

/** Documented ports never meet, so a port of the file is at fault: the later one of the two. */
function collisionFaults(plan: Plan, file: string, locate: ParsedTopology['locate']): Fault[] {
  return collisionsOf(plan).map(({ services, port, addresses }) => {
    const [first, second] = services;
    const culprit = plan.topology.ports[second] === undefined ? first : second;
    const other = culprit === first ? second : first;
    const [address, ...further] = addresses;
    const more = further.length === 0 ? '' : ` and ${further.length} more`;
    return {
      file,
      ...locate(['ports', culprit]),
      path: `ports.${culprit}`,
      code: 'port-collision',
      found: `${port}, which ${other} has already on ${address ?? ''}${more}`,
      allowed: `a port no other service has on the same address`,
      remedy: `Give ${culprit} or ${other} another port.`,
    };
  });
}

/**
 * Reads a topology file's text into a plan; `file` is the name faults carry. All faults of schema,
 * structure and ports come back at once. Throws `USHER_PORT_OFFSET` as `makePlan` does.
 */
export function loadPlan(text: string, file: string, options: PlanOptions = {}): LoadedPlan {
  const { topology, faults, locate } = parseTopology(text, file);
  if (topology === undefined) return { ok: false, faults };
  const documented = makePlan(topology);
  const derived = [
    ...collisionFaults(documented, file, locate),
    ...hairpinFaults(documented, file, locate),
    ...familyFaults(documented, file, locate),
  ];
  if (faults.length > 0 || derived.length > 0) {
    return { ok: false, faults: inFileOrder([...faults, ...derived]) };
  }
  const { portOffset = 0 } = options;
  return { ok: true, plan: portOffset === 0 ? documented : makePlan(topology, options) };
}
