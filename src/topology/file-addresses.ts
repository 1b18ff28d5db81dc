import { z } from 'zod';
import { firstOf, parseAddress, parseNetwork } from './address.ts';

const allowed = {
  address: 'the IPv4 or IPv6 address of one host, such as 10.1.1.11 or fd00:1::11',
  addresses: 'one address, or a list of an IPv4 and an IPv6 address',
  network: 'a CIDR block without host bits, such as 10.30.0.0/16 or fd00:30::/64',
  networks: 'one CIDR block, or a list of an IPv4 and an IPv6 block',
} as const;

/** Stable fault codes of the kinds of values here, by what they allow. */
export const addressCodes: readonly (readonly [string, string])[] = [
  [allowed.address, 'bad-address'],
  [allowed.addresses, 'bad-address'],
  [allowed.network, 'bad-network'],
  [allowed.networks, 'bad-network'],
];

/** One machine's own unicast address: no wildcard, no multicast, no IPv4 in IPv6 clothes. */
function isHostAddress(text: string): boolean {
  const address = parseAddress(text);
  if (address === undefined || address.value === 0n) return false;
  if (address.family === 4) return address.value >> 24n < 224n && address.value >> 24n > 0n;
  return address.value >> 120n !== 0xffn && address.value >> 32n !== 0xffffn;
}

/** One value, or one of each address family. */
function oneOrBoth<Element extends z.ZodType>(element: Element, error: string) {
  return z.union([element, z.array(element, { error }).min(1, { error }).max(2, { error })], {
    error,
  });
}

/** Where one interface is reached: an address, or one of each family. */
export const address = oneOrBoth(
  z.string({ error: allowed.address }).refine(isHostAddress, { error: allowed.address }),
  allowed.addresses,
);

function isNetwork(text: string): boolean {
  const network = parseNetwork(text);
  return network !== undefined && firstOf(network).value === network.value;
}

/** A block of addresses. */
export const network = z
  .string({ error: allowed.network })
  .refine(isNetwork, { error: allowed.network });

/** What members of a pool lie in: a block, or one of each family. */
export const networks = oneOrBoth(network, allowed.networks);
