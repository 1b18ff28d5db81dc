/** What a host does in the deployment. */
export type Role =
  | 'director'
  | 'frontEnd'
  | 'edge'
  | 'reverseProxy'
  | 'balancer'
  /** A SIP server of another make that is believed about its users, e.g. a gateway or an application. */
  | 'trustedPeer';

/** One machine of the topology. Its names and addresses are unique in the deployment. */
export interface Host {
  readonly fqdn: string;
  readonly role: Role;
  /** The FQDN of the pool it belongs to; only Directors and Front Ends have one. */
  readonly pool?: string;
  /**
   * On the inside (literals), IPv6 before IPv4, at most one of each; all a Director, Front End or balancer
   * has.
   */
  readonly addresses: readonly string[];
  /** Present on a trusted peer, and on a Front End somebody else's SIP server takes the place of. */
  readonly software?: 'other';
  /** The outside interface of an Edge or a reverse proxy. */
  readonly external?: { readonly addresses: readonly string[]; readonly fqdns: readonly string[] };
}

export type LoadBalancing = 'none' | 'dns' | 'hardware';
export type NatMode = 'source' | 'destination';
export type EngineName = 'embedded' | 'nftables' | 'haproxy';

export type Affinity = 'none' | 'source';
/**
 * `leastConnections`: fewest connections for its weight; `roundRobin`: in turn, by weight; `maglev`: by
 * a hash of the client, so that few clients move when a member comes or goes.
 */
export type Scheduling = 'leastConnections' | 'roundRobin' | 'maglev';

/** How a pool's connections are shared among its members; every default filled in. */
export interface Balancing {
  readonly scheduling: Scheduling;
  /** Seconds a member that returns takes to its full share; 0: at once. */
  readonly slowStart: number;
  /** Connections of one service a member holds at most; undefined: no limit. */
  readonly connectionsPerMember: number | undefined;
  /** Services that differ from the reference's affinity. */
  readonly affinity: Readonly<Partial<Record<Service, Affinity>>>;
  /** Seconds a client address stays with its member after its last connection. */
  readonly affinityTime: number;
  /** What becomes of the sessions of a member that has failed for certain. */
  readonly onFailure: 'reset' | 'keep';
}

/** Several servers of one role that answer to one name. */
export interface Pool {
  readonly fqdn: string;
  readonly role: 'director' | 'frontEnd';
  readonly loadBalancing: LoadBalancing;
  /** CIDR blocks, at most one of each family, every member (and the VIP) lies in; empty: nobody said. */
  readonly networks: readonly string[];
  /**
   * IPv6 before IPv4, at most one of each; empty without a VIP. Required for `hardware`; for `dns` the
   * addresses of the web services only.
   */
  readonly vips: readonly string[];
  readonly nat: NatMode;
  readonly engine: EngineName;
  readonly balancing: Balancing;
  /** FQDN of the balancer host that serves the VIP; set whenever there is one. */
  readonly balancer?: string;
  /** FQDN of the balancer host that takes the VIP over from `balancer` (VRRP). */
  readonly standby?: string;
  /** Front End pools only: FQDN of the pool that takes over. */
  readonly backupPool?: string;
  readonly members: readonly Host[];
  /** Names of the internal and external web sites. */
  readonly web: { readonly internal: string; readonly external: string };
}

/**
 * Everything that listens somewhere; the keys of the `ports:` section of the topology.
 * Their default numbers live in `#ports`, nowhere else.
 */
export const services = [
  'webInternalPlain',
  'webInternal',
  'webExternalPlain',
  'webExternal',
  'interServer',
  'sip',
  'accessEdge',
  'accessEdgeAlternate',
  'publishedPlain',
  'published',
  'logControl',
  'logStatus',
  'logTransfer',
  'affinityExchange',
] as const;
export type Service = (typeof services)[number];

/**
 * Services of the site that have a port of their own; the keys of `service:` under `policy:`. Their numbers
 * live in `#ports`, nowhere else.
 */
export const siteServices = [
  'ssh',
  'rdp',
  'dns',
  'ntp',
  'ldap',
  'ldaps',
  'kerberos',
  'snmp',
  'syslog',
] as const;
export type SiteService = (typeof siteServices)[number];

export const siteProtocols = ['tcp', 'udp'] as const;
export type SiteProtocol = (typeof siteProtocols)[number];

/** A flow of the site, not of the deployment; every name resolved. */
export interface SiteFlow {
  readonly name: string;
  /** Addresses and CIDR blocks; `any` for anywhere. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** Given, or else `protocol` and `ports` are. */
  readonly service: SiteService | undefined;
  readonly protocol: SiteProtocol;
  /** Both included. */
  readonly ports: readonly { readonly first: number; readonly last: number }[];
  readonly owner: string;
  readonly reason: string;
  /** The last day it is valid, `YYYY-MM-DD`; undefined: for good. */
  readonly expires: string | undefined;
}

/** A SIP server of another make that says who its users are. */
export interface TrustedPeer extends Host {
  /** Requests a second each process takes from it; undefined: as many as it likes. */
  readonly rate: number | undefined;
}

/** The deployment as the file describes it: validated, defaults filled in, nothing derived yet. */
export interface Topology {
  readonly name: string;
  /** SIP domains served, lower case; the first is the primary one. */
  readonly sipDomains: readonly string[];
  readonly networks: {
    /** CIDR blocks internal clients live in. */
    readonly internalClients: readonly string[];
    /** CIDR blocks of administrators; log controllers outside the hosts live here. */
    readonly administration: readonly string[];
  };
  readonly pools: readonly Pool[];
  /** `nextHop` is the FQDN of the Director (or Front End) pool. */
  readonly edges: readonly (Host & { readonly nextHop: string })[];
  readonly reverseProxies: readonly Host[];
  readonly balancers: readonly Host[];
  /** They bring requests of users to the Directors and vouch for who these are (RFC 3325). */
  readonly trustedPeers: readonly TrustedPeer[];
  /** Host names of the simple URLs, e.g. `meet.contoso.com`. */
  readonly simpleUrls: {
    readonly meet: readonly string[];
    readonly dialin: string | undefined;
    readonly admin: string | undefined;
  };
  /** The site's own flows; firewall rules follow from them, nothing listens. */
  readonly policy: readonly SiteFlow[];
  readonly ports: Readonly<Partial<Record<Service, number>>>;
  /** Requests a second each process takes of one sender. */
  readonly limits: {
    /** A client's address. */
    readonly source: number;
    readonly user: number;
  };
  readonly options: {
    /** Internal clients may sign in at the Director on the SIP port and are redirected (301). */
    readonly internalClientsSignInAtDirector: boolean;
    /** Log controllers are admitted from the administration networks and the hosts only. */
    readonly loggingFromAdministrationOnly: boolean;
    /** Also open inter-server traffic from Front Ends to the Directors (contradiction C4). */
    readonly interServerToDirector: boolean;
  };
  readonly users: {
    /** Digest algorithms offered, best first (RFC 8760). */
    readonly digest: readonly ('SHA-256' | 'MD5')[];
  };
  readonly trust: {
    /** PEM file of a CA of the site's own; undefined: the CA under the state directory. */
    readonly caFile: string | undefined;
    /** Directory with `<fqdn>.crt`/`<fqdn>.key` of the site's own; undefined: the state directory. */
    readonly certificateDirectory: string | undefined;
    /** PEM CRL of the site's own CA. */
    readonly crlFile: string | undefined;
  };
  readonly timers: {
    /** Seconds between two health probes of a member. Default 2. */
    readonly probeInterval: number;
    /** Seconds after which the balancer closes an idle connection. Default 1800. */
    readonly idleTimeout: number;
    /** Seconds after which clients of the SIP service break a silence; undefined: nobody said. */
    readonly keepAlive: number | undefined;
    /** Seconds the least patient firewall keeps an idle connection; undefined: nobody said. */
    readonly firewallSession: number | undefined;
  };
}
