import type { Clock } from '#base';
import type { Affinity, EngineName, NatMode, Scheduling, Service } from '#topology';
import type { Credentials } from '#trust';
import type { EngineLimits } from './constants.ts';
import type { BalancerRecord } from './exports/record.ts';
import type { FailureCause, HealthState } from './policy/health.ts';
import type { SlowStart } from './policy/scheduling.ts';

/** A member of a service as an engine sees it. */
export interface EngineMember {
  /** FQDN. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly state: HealthState;
  /** When the state began, milliseconds since the epoch. */
  readonly since: number;
  /** Up again after a fall or a drain: takes its share slowly. */
  readonly recovered: boolean;
  /** What becomes of the sessions it holds: cut on both sides, or left alone. */
  readonly sessions: 'keep' | 'reset';
}

/** A virtual service with the present health of its members: all an engine needs to work. */
export interface EngineService {
  /** `<pool>/<service>`, unique on one balancer. */
  readonly key: string;
  readonly pool: string;
  readonly service: Service;
  readonly address: string;
  readonly port: number;
  /** The address may be at the other balancer of a pair: it need not be here for the service to stand ready. */
  readonly floating: boolean;
  /** Whom members see as the client: the balancer or the client itself. */
  readonly nat: NatMode;
  readonly affinity: Affinity;
  /** Milliseconds a client address stays with its member after its last connection. */
  readonly affinityTime: number;
  readonly scheduling: Scheduling;
  readonly slowStart: SlowStart;
  /** Connections a member holds at most; undefined: no limit. */
  readonly connectionsPerMember: number | undefined;
  /** Seconds. */
  readonly idleTimeout: number;
  /** Client addresses that are hosts of the topology; the limit per source does not bind them. */
  readonly trustedSources: ReadonlySet<string>;
  readonly members: readonly EngineMember[];
}

/** What the data path noticed about a member; health decides what follows from it. */
export interface PassiveSignal {
  readonly kind: 'refused' | 'suspect';
  readonly service: string;
  readonly host: string;
  readonly cause: FailureCause;
  readonly reason: string;
}

/** Connections of one service through one member. */
export interface MemberCounters {
  readonly host: string;
  readonly open: number;
  /** Since the start of the engine. */
  readonly total: number;
  /** Attempts the member did not accept. */
  readonly failed: number;
  /** Sessions cut because the member fell or its drain ran out. */
  readonly cut: number;
}

/** Why clients were turned away, since the start of the engine. */
export interface Refusals {
  /** No member was up, or none accepted. */
  readonly noMember: number;
  /** The limit over all services. */
  readonly full: number;
  /** The limit per client address. */
  readonly perSource: number;
  /** No byte within the time for the first one. */
  readonly silent: number;
  /** The balancer itself could not open a connection: source ports or descriptors used up. */
  readonly exhausted: number;
}

/** Counters of one service. Bytes are counted when the engine can, else undefined. */
export interface ServiceCounters {
  readonly key: string;
  readonly members: readonly MemberCounters[];
  readonly refusals: Refusals;
  /** Sessions ended because nothing moved for the idle time. */
  readonly idle: number;
  readonly bytes: { readonly toMembers: number; readonly toClients: number } | undefined;
  /** Client addresses bound to a member; 0 without affinity. */
  readonly affinity: number;
}

/**
 * A data path: takes connections at the VIPs and hands them to members. It decides nothing about
 * health; it is told by `apply` and reports what it sees through `EngineContext.report`.
 */
export interface Engine {
  readonly name: EngineName;
  /** Opens what the services ask for; rejects, having released everything, when it cannot. */
  start(services: readonly EngineService[]): Promise<void>;
  /**
   * Makes the whole of `services` true: members, their health, services gone or new. Sessions of a
   * member stay unless its `sessions` say `reset` or the member is gone. The last call wins.
   */
  apply(services: readonly EngineService[]): Promise<void>;
  /**
   * Waits until the member holds no session, at most `deadline` milliseconds; then cuts the rest.
   * Resolves with how many it cut: 0 when all left by themselves or `givenUp` was aborted.
   */
  drainMember(host: string, deadline: number, givenUp: AbortSignal): Promise<number>;
  /** Ends every session and goes on: the VIPs have gone to another machine, and their clients with them. */
  abandon(): Promise<void>;
  /** False while what carries the connections has ended and could not be started again. */
  works(): boolean;
  /** Takes no new connection and resolves when the old are done or after `deadline` ms. */
  drain(deadline: number): Promise<void>;
  stats(): readonly ServiceCounters[];
  /** Ends every session and frees every address; idempotent. */
  close(): Promise<void>;
}

/** What an engine is made with. */
export interface EngineContext {
  /** The virtual services in the words of exported configurations. */
  record(): BalancerRecord;
  /** The balancer's certificate and key, as they are now. */
  credentials(): Credentials;
  /** A folder of the engine's own, mode 0700, which need not exist; absent: one that goes with the engine. */
  readonly directory?: string | undefined;
  /** The balancer's own, one a family: the source of every connection to a member (source NAT). */
  readonly localAddresses: readonly string[];
  readonly clock: Clock;
  readonly limits: EngineLimits;
  report(signal: PassiveSignal): void;
}

export type EngineFactory = (context: EngineContext) => Engine;
