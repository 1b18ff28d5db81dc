import type { Fault } from '#base';
import { contains, parseAddress, parseNetwork } from '#topology';
import type { ParsedTopology, Pool } from '#topology';
import type { Plan } from './model.ts';

/** True when the two, each one address or a CIDR block, have an address in common. */
function overlaps(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => {
    const address = parseAddress(text);
    const prefix = address?.family === 4 ? 32 : 128;
    return address === undefined ? parseNetwork(text) : { ...address, prefix };
  });
  if (a === undefined || b === undefined) return false;
  return a.prefix <= b.prefix ? contains(a, b) : contains(b, a);
}

/** Rows of the pool whose clients stand beside its members, as `id (address)`. */
function neighboursOf(plan: Plan, pool: Pool): readonly string[] {
  return plan.flows
    .filter(({ destination }) => destination.via === 'vip' && destination.pool === pool.fqdn)
    .flatMap((flow) =>
      flow.source.addresses
        .filter((address) => pool.networks.some((network) => overlaps(address, network)))
        .map((address) => `${flow.id} (${address})`),
    );
}

/**
 * The hairpin of destination NAT: a client in the network of the members is answered by the member
 * directly, past the balancer that would have to translate the address back. The client has asked the
 * VIP, hears a stranger and resets the connection.
 */
export function hairpinFaults(plan: Plan, file: string, locate: ParsedTopology['locate']): Fault[] {
  return plan.topology.pools.flatMap((pool, index) => {
    if (pool.nat !== 'destination' || pool.networks.length === 0) return [];
    const rows = neighboursOf(plan, pool);
    if (rows.length === 0) return [];
    return [
      {
        file,
        ...locate(['pools', index, 'nat']),
        path: `pools.${index}.nat`,
        code: 'nat-hairpin',
        found: `destination, with clients in ${pool.networks.join(' and ')}: ${rows.join(', ')}`,
        allowed: 'source, or clients outside the network of the members',
        remedy:
          'Use "nat: source". A member would answer these clients directly, past the balancer, from an address they never asked, and they would reset the connection.',
      },
    ];
  });
}
