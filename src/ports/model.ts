import type { Text } from '#base';
import type { Affinity, Balancing, EngineName, NatMode, Role, Service, Topology } from '#topology';

/** Where a flow is known from. The default table prints `table` and `prose`. */
export type Origin = 'table' | 'prose' | 'derived' | 'option';

/** One end of a flow. */
export interface Party {
  /** `directorOrFrontEnd`: the servers of both roles together, where the reference names both. */
  readonly role:
    | Role
    | 'directorOrFrontEnd'
    | 'internalClient'
    | 'remoteClient'
    | 'logController'
    | 'any';
  readonly interface?: 'internal' | 'external';
  /** Destinations only: the load balancer's address, or each member by itself. */
  readonly via?: 'vip' | 'member';
  /** FQDN of the pool, when the end is one pool. */
  readonly pool?: string;
  /** FQDNs of the topology's hosts at this end, for a VIP the members; empty for clients and `any`. */
  readonly hosts: readonly string[];
  /**
   * IP addresses or CIDR blocks, of either family; for `via: 'vip'` those of the VIP alone; `['any']` for
   * anywhere. A flow joins those of one family with each other (decision 28).
   */
  readonly addresses: readonly string[];
}

/** One permitted conversation: a row of the port table, and the cause of every socket. */
export interface Flow {
  /** Row id, unique in the plan, e.g. `DH-06`; further pools of one role add `@<pool fqdn>`. */
  readonly id: string;
  readonly origin: Origin;
  readonly service: Service;
  /** `peers`: the protocol by which one HAProxy tells another its tables. */
  readonly application: 'HTTP' | 'HTTPS' | 'SIP' | 'CLS' | 'peers';
  readonly security: 'none' | 'TLS' | 'MTLS';
  readonly transport: 'TCP';
  readonly port: number;
  readonly source: Party;
  readonly destination: Party;
  readonly note: Text;
}

/** The deployment and everything that follows from it; built once, read everywhere. */
export interface Plan {
  readonly topology: Topology;
  /** Added to every port, so that a deployment runs where low ports are refused; 0 in production. */
  readonly portOffset: number;
  readonly flows: readonly Flow[];
  readonly listeners: readonly Listener[];
  readonly virtualServices: readonly VirtualService[];
  readonly legs: readonly Leg[];
}

/** Where a host has to connect to reach a server or pool, and whom it must meet there. */
export interface Hop {
  readonly address: string;
  readonly port: number;
  /** TLS name the peer must prove: the pool's for a VIP, the host's for a member. */
  readonly name: string;
  /** FQDN of the host; absent when a VIP leads to any of several. */
  readonly host?: string;
  /** Id of the flow that permits the connection. */
  readonly flow: string;
  /** The same by the other address family, where both ends have it: for when this one does not connect. */
  readonly otherwise?: Hop;
}

/** A flow as one device sees it, by one address family; `any` stands for either. */
export interface Leg {
  /** Id of the flow the leg belongs to. */
  readonly flow: string;
  readonly kind: 'direct' | 'clientToVip' | 'balancerToMember' | 'healthProbe';
  readonly source: { readonly host?: string; readonly addresses: readonly string[] };
  readonly destination: { readonly host?: string; readonly address: string; readonly port: number };
}

/** A socket one host has to open, and the flows that ask for it. */
export interface Listener {
  /** FQDN of the host that opens it. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly service: Service;
  readonly security: 'none' | 'TLS' | 'MTLS';
  /** Every flow that ends at this socket, balanced flows included. */
  readonly flows: readonly Flow[];
  /**
   * Hosts (FQDN) whose certificate admits them here: the sources of the mutual-TLS flows, and the
   * balancer that probes the port. Every host for log collection, whose source is `any`.
   */
  readonly trustedPeers: readonly string[];
  /** True when some flow lets in clients that present no certificate. */
  readonly anonymousClients: boolean;
}

/**
 * One port of a VIP in one address family: what the balancer serves and whom it hands the connection to,
 * in the same family.
 */
export interface VirtualService {
  /** Pool FQDN. */
  readonly pool: string;
  /** FQDN of the balancer host. */
  readonly balancer: string;
  /** FQDN of the balancer host that takes the VIP over. */
  readonly standby?: string;
  readonly service: Service;
  readonly address: string;
  /** Which of the two it is, where the VIP has both. */
  readonly family?: 4 | 6 | undefined;
  readonly port: number;
  readonly flows: readonly Flow[];
  readonly members: readonly {
    readonly host: string;
    readonly address: string;
    readonly port: number;
  }[];
  /** `source`: one client address stays with one member for `balancing.affinityTime`. */
  readonly affinity: Affinity;
  readonly nat: NatMode;
  readonly engine: EngineName;
  readonly balancing: Balancing;
  /** Seconds. */
  readonly idleTimeout: number;
}
