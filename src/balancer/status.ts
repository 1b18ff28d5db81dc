import type { EngineName, Service } from '#topology';
import type { VirtualService } from '#ports';
import type { Refusals, ServiceCounters } from './engine.ts';
import type { HealthState, MemberHealth } from './policy/health.ts';
import { type ProbeTarget, serviceKey } from './targets.ts';

/** One member of one service, as the status table shows it. Plain data, fit for JSON. */
export type MemberStatus = {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly state: HealthState;
  /** ISO 8601. */
  readonly since: string;
  readonly reason: string;
  /** Milliseconds until the next probe; null while one runs or none is planned. */
  readonly nextProbeIn: number | null;
  readonly consecutive: number;
  /** Connections now, since the start, not accepted, and cut. */
  readonly connections: number;
  readonly total: number;
  readonly failed: number;
  readonly cut: number;
  /** Milliseconds until a requested drain cuts what is left; null without one. */
  readonly drainEndsIn: number | null;
};

/** One virtual service, as the status table shows it. */
export type ServiceStatus = {
  readonly pool: string;
  readonly service: Service;
  readonly address: string;
  readonly port: number;
  /** Ids of the rows it serves. */
  readonly rows: readonly string[];
  readonly affinity: 'none' | 'source';
  /** Client addresses bound to a member. */
  readonly boundClients: number;
  /** Seconds. */
  readonly idleTimeout: number;
  readonly idleClosed: number;
  readonly refusals: { readonly [Reason in keyof Refusals]: number };
  readonly bytesToMembers: number | null;
  readonly bytesToClients: number | null;
  readonly members: readonly MemberStatus[];
};

/** Everything a balancer can say about itself. */
export type BalancerStatus = {
  readonly balancer: string;
  readonly engine: EngineName;
  /** The other balancer of its pair, and where the VIPs are; null for a balancer by itself. */
  readonly pair: {
    readonly partner: string;
    readonly vip: 'here' | 'elsewhere';
    /** ISO 8601. */
    readonly since: string;
  } | null;
  /** Why the engine could not follow the last change; null when it did. */
  readonly engineFault: string | null;
  /** Why a restart would not know the present drains and health; null when it would. */
  readonly memoryFault: string | null;
  readonly services: readonly ServiceStatus[];
  /** Members whose SIP service is probed only because their web services follow it. */
  readonly watched: readonly {
    readonly pool: string;
    readonly service: Service;
    readonly host: string;
    readonly state: HealthState;
    readonly reason: string;
  }[];
};

/** True for what this version of a balancer tells of itself. */
export function isBalancerStatus(value: unknown): value is BalancerStatus {
  return (
    typeof value === 'object' &&
    value !== null &&
    'balancer' in value &&
    'services' in value &&
    Array.isArray(value.services) &&
    'watched' in value &&
    Array.isArray(value.watched)
  );
}

/** What the status is made of. */
export interface StatusSources {
  readonly balancer: string;
  readonly engine: EngineName;
  readonly pair: BalancerStatus['pair'];
  readonly engineFault: string | undefined;
  readonly memoryFault: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly services: readonly VirtualService[];
  readonly targets: readonly ProbeTarget[];
  readonly counters: readonly ServiceCounters[];
  /** When each requested drain runs out, by host; milliseconds since the epoch. */
  readonly drains: ReadonlyMap<string, number>;
  health(key: string): MemberHealth;
}

/** Puts the status table together; pure. */
export function statusOf(sources: StatusSources): BalancerStatus {
  const { balancer, engine, services, targets } = sources;
  const served = new Set(services.map(serviceKey));
  return {
    balancer,
    engine,
    pair: sources.pair,
    engineFault: sources.engineFault ?? null,
    memoryFault: sources.memoryFault ?? null,
    services: services.map((service) => serviceStatus(sources, service)),
    watched: targets
      .filter((target) => !served.has(target.serviceKey))
      .map(({ key, pool, service, host }) => {
        const { state, lastReason: reason } = sources.health(key);
        return { pool, service, host, state, reason };
      }),
  };
}

function serviceStatus(sources: StatusSources, virtual: VirtualService): ServiceStatus {
  const key = serviceKey(virtual);
  const counters = sources.counters.find((one) => one.key === key);
  const { pool, service, address, port, flows, affinity, idleTimeout } = virtual;
  return {
    pool,
    service,
    address,
    port,
    rows: flows.map((flow) => flow.id),
    affinity,
    boundClients: counters?.affinity ?? 0,
    idleTimeout,
    idleClosed: counters?.idle ?? 0,
    refusals: counters?.refusals ?? {
      noMember: 0,
      full: 0,
      perSource: 0,
      silent: 0,
      exhausted: 0,
    },
    bytesToMembers: counters?.bytes?.toMembers ?? null,
    bytesToClients: counters?.bytes?.toClients ?? null,
    members: virtual.members.map((member): MemberStatus => {
      const health = sources.health(`${key}/${member.host}`);
      const counted = counters?.members.find((one) => one.host === member.host);
      const drainEnd = sources.drains.get(member.host);
      return {
        host: member.host,
        address: member.address,
        port: member.port,
        state: health.state,
        since: new Date(health.since).toISOString(),
        reason: health.lastReason,
        nextProbeIn:
          health.nextProbe === undefined ? null : Math.max(0, health.nextProbe - sources.now),
        consecutive: health.consecutive,
        connections: counted?.open ?? 0,
        total: counted?.total ?? 0,
        failed: counted?.failed ?? 0,
        cut: counted?.cut ?? 0,
        drainEndsIn: drainEnd === undefined ? null : Math.max(0, drainEnd - sources.now),
      };
    }),
  };
}
