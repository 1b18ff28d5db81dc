import { isIPv4 } from 'node:net';
import { messageOf, type Clock } from '#base';
import { listenersOf, sipsPort, type Plan } from '#ports';
import { locate, type Located, type Place, type Resolver } from '#sip';

/** A record as a zone file has it; names are absolute, with their dot. */
export interface DnsRecord {
  readonly name: string;
  readonly type: 'NAPTR' | 'SRV' | 'A' | 'AAAA';
  readonly data: string;
}

/** What the DNS says about one SIP domain. */
export interface DomainProof {
  readonly domain: string;
  /** It leads to Edges of the topology, and nowhere else. */
  readonly ok: boolean;
  readonly by?: Located['by'];
  readonly places: readonly Place[];
  /** Those of the places where no Edge takes remote users in. */
  readonly astray: readonly Place[];
  /** Why the DNS did not answer. */
  readonly failure?: string;
}

/** Milliseconds the DNS may take for one domain. */
const patience = 10_000;

/** How the ports of an Edge are ranked: the first gets through most firewalls. */
const priorities = { accessEdge: 10, accessEdgeAlternate: 20 } as const;

/** A socket remote users are to find. */
interface Door {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly priority: number;
}

function doorsOf(plan: Plan): readonly Door[] {
  return plan.topology.edges.flatMap((edge) =>
    listenersOf(plan, edge.fqdn).flatMap(({ service, address, port }) =>
      service === 'accessEdge' || service === 'accessEdgeAlternate'
        ? [
            {
              name: edge.external?.fqdns[0] ?? edge.fqdn,
              address,
              port,
              priority: priorities[service],
            },
          ]
        : [],
    ),
  );
}

/**
 * The records by which remote users find the Edges from nothing but their SIP domain (RFC 3263 4), as
 * they belong into the zones outside; none without an Edge.
 */
export function recordsFor(plan: Plan): readonly DnsRecord[] {
  const doors = doorsOf(plan);
  if (doors.length === 0) return [];
  const ofDomains = plan.topology.sipDomains.flatMap((domain): DnsRecord[] => {
    const service = `_sips._tcp.${domain}.`;
    return [
      { name: `${domain}.`, type: 'NAPTR', data: `10 10 "s" "SIPS+D2T" "" ${service}` },
      ...doors.map(({ name, port, priority }): DnsRecord => ({
        name: service,
        type: 'SRV',
        data: `${priority} 10 ${port} ${name}.`,
      })),
    ];
  });
  const ofHosts = doors.map(({ name, address }): DnsRecord => ({
    name: `${name}.`,
    type: isIPv4(address) ? 'A' : 'AAAA',
    data: address,
  }));
  // An Edge has several ports at one address, and perhaps two addresses with the same ports.
  const records = [...ofDomains, ...ofHosts];
  return [...new Map(records.map((one) => [Object.values(one).join(' '), one])).values()];
}

/** Asks the DNS for every SIP domain, as a remote client would, and compares with the Edges. */
export async function proveDns(
  plan: Plan,
  resolver: Resolver,
  clock: Clock,
): Promise<readonly DomainProof[]> {
  const doors = new Set(doorsOf(plan).map(({ address, port }) => `${address} ${port}`));
  const prove = async (domain: string): Promise<DomainProof> => {
    try {
      const { by, places } = await locate(
        { host: domain },
        { resolver, random: Math.random, clock, patience, defaultPort: sipsPort },
      );
      const astray = places.filter(({ address, port }) => !doors.has(`${address} ${port}`));
      return { domain, ok: places.length > 0 && astray.length === 0, by, places, astray };
    } catch (error) {
      return { domain, ok: false, places: [], astray: [], failure: messageOf(error) };
    }
  };
  return Promise.all(plan.topology.sipDomains.map(prove));
}
