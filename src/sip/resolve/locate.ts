import type { Clock } from '#base';

/** A NAPTR record (RFC 3403 4.1), as far as SIP reads it. */
export interface Naptr {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly replacement: string;
}

/** An SRV record (RFC 2782). */
export interface Srv {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly name: string;
}

/** Asks the DNS. Each answers with no record when there is none, and rejects when the DNS does not answer. */
export interface Resolver {
  naptr(name: string): Promise<readonly Naptr[]>;
  srv(name: string): Promise<readonly Srv[]>;
  /** IPv4 and IPv6 literals. */
  addresses(name: string): Promise<readonly string[]>;
}

/** Where one server of a domain listens. */
export interface Place {
  readonly address: string;
  readonly port: number;
  /** The host the address is of. */
  readonly host: string;
}

/** Servers of a domain, in the order to try them: each is the fail-over of those before (RFC 3263 4.3). */
export interface Located {
  /** What led there: an address or a port in the target itself, or the kind of record. */
  readonly by: 'address' | 'port' | 'NAPTR' | 'SRV' | 'host';
  readonly places: readonly Place[];
}

/** What to find servers of. */
export interface Wanted {
  /** Domain, host name or address literal, as a SIP URI has it. */
  readonly host: string;
  /** Of the URI, if it names one. */
  readonly port?: number;
}

/** How to find them. */
export interface Finding {
  readonly resolver: Resolver;
  /** A number from 0 up to, not including, 1; anew each time. */
  readonly random: () => number;
  readonly clock: Clock;
  /** Milliseconds for everything together. */
  readonly patience: number;
  /** Port of SIP over TLS where nothing names one. */
  readonly defaultPort: number;
}

/** An IPv4 address; a host name's last label has a letter (RFC 3261 25.1), and IPv6 has colons. */
const dotted = /^(?:\d{1,3}\.){3}\d{1,3}$/u;

/** SRV records followed, and places answered: a domain may have hundreds, and a call cannot wait for all. */
const most = { servers: 10, places: 20 } as const;

/**
 * Finds the servers of a domain for SIP over TLS, the only transport we speak (RFC 3263 4.1 and 4.2): an
 * address is taken as it is; a port asks for addresses only; else NAPTR records lead to SRV records,
 * without them `_sips._tcp` does, and without those the domain's own addresses.
 *
 * No places: the DNS answered, and the domain has no such server. Rejects when the DNS does not answer,
 * and after `patience`. Whoever connects has to see that the certificate names the domain asked for,
 * never the name a record led to (RFC 5922 4): without DNSSEC anybody may have written that.
 */
export async function locate(wanted: Wanted, finding: Finding): Promise<Located> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = finding.clock.after(finding.patience, () =>
    reject(new Error(`the DNS said nothing about ${wanted.host} in ${finding.patience} ms`)),
  );
  try {
    return await Promise.race([promise, find(wanted, finding)]);
  } finally {
    stop();
  }
}

async function find({ host, port }: Wanted, finding: Finding): Promise<Located> {
  const { resolver, defaultPort } = finding;
  const literal = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (literal.includes(':') || dotted.test(literal)) {
    return { by: 'address', places: [{ address: literal, port: port ?? defaultPort, host }] };
  }
  if (port !== undefined) return { by: 'port', places: await placesOf(host, port, resolver) };
  for (const { replacement } of forTls(await resolver.naptr(host))) {
    const servers = await resolver.srv(replacement);
    if (servers.length > 0) return { by: 'NAPTR', places: await follow(servers, finding) };
  }
  const servers = await resolver.srv(`_sips._tcp.${host}`);
  if (servers.length > 0) return { by: 'SRV', places: await follow(servers, finding) };
  return { by: 'host', places: await placesOf(host, defaultPort, resolver) };
}

/** The records that lead to TLS over TCP, the preferred ones first (RFC 3403 4.1, RFC 3263 4.1). */
function forTls(records: readonly Naptr[]): readonly Naptr[] {
  return records
    .filter(
      ({ flags, service }) => flags.toLowerCase() === 's' && service.toUpperCase() === 'SIPS+D2T',
    )
    .toSorted((a, b) => a.order - b.order || a.preference - b.preference)
    .slice(0, most.servers);
}

async function follow(servers: readonly Srv[], finding: Finding): Promise<readonly Place[]> {
  // A single record that names the root says that the service is not offered (RFC 2782).
  const offered = servers.filter(({ name }) => name !== '' && name !== '.');
  const chosen = inOrder(offered, finding.random).slice(0, most.servers);
  const found = await Promise.all(
    chosen.map(({ name, port }) => placesOf(name, port, finding.resolver)),
  );
  return found.flat().slice(0, most.places);
}

/** By priority; within one, drawn by weight without putting back (RFC 2782, "Usage rules"). */
export function inOrder(servers: readonly Srv[], random: () => number): readonly Srv[] {
  const priorities = [...new Set(servers.map(({ priority }) => priority))].toSorted(
    (a, b) => a - b,
  );
  return priorities.flatMap((priority) => {
    // Those of weight 0 stand first, so that they have a small chance beside others.
    const left = servers
      .filter((server) => server.priority === priority)
      .toSorted((a, b) => a.weight - b.weight);
    const drawn: Srv[] = [];
    while (left.length > 0) {
      const sum = left.reduce((total, { weight }) => total + weight, 0);
      const mark = Math.floor(random() * (sum + 1));
      let running = 0;
      const at = left.findIndex(({ weight }) => (running += weight) >= mark);
      drawn.push(...left.splice(Math.max(0, at), 1));
    }
    return drawn;
  });
}

async function placesOf(host: string, port: number, resolver: Resolver): Promise<readonly Place[]> {
  const addresses = await resolver.addresses(host);
  return addresses.slice(0, most.places).map((address) => ({ address, port, host }));
}
