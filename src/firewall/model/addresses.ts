import { firstOf, formatAddress, formatNetwork, parseAddress, parseNetwork } from '#topology';
import type { Network } from '#topology';
import { differenceOf, intersectionOf, isWithin, sameIntervals, unionOf } from './intervals.ts';
import type { Interval, IntervalSet } from './intervals.ts';

/** Addresses of both families, each as a number of 32 or 128 bits. An empty half matches no packet of it. */
export interface AddressSet {
  readonly v4: IntervalSet<bigint>;
  readonly v6: IntervalSet<bigint>;
}

export type Family = 4 | 6;

/** Bits of an address. */
export const addressBits = (family: Family): 32 | 128 => (family === 4 ? 32 : 128);

/** One past the last address of a family. */
export const addressEnd = (family: Family): bigint => 1n << BigInt(addressBits(family));

const allOf = (family: Family): IntervalSet<bigint> => [{ from: 0n, until: addressEnd(family) }];

const everyV4 = allOf(4);
const everyV6 = allOf(6);

export const noAddress: AddressSet = { v4: [], v6: [] };
export const everyIPv4: AddressSet = { v4: everyV4, v6: [] };
export const everyIPv6: AddressSet = { v4: [], v6: everyV6 };
/** Any address of either family. */
export const everyAddress: AddressSet = { v4: everyV4, v6: everyV6 };

/** The addresses of one family. */
export function ofFamily(set: AddressSet, family: Family): IntervalSet<bigint> {
  return family === 4 ? set.v4 : set.v6;
}

/** A set of one family's addresses. */
export function inFamily(family: Family, intervals: readonly Interval<bigint>[]): AddressSet {
  const set = unionOf(intervals);
  return family === 4 ? { v4: set, v6: [] } : { v4: [], v6: set };
}

function parseOne(text: string): AddressSet | undefined {
  if (text === 'any') return everyAddress;
  const network = parseNetwork(text);
  if (network !== undefined) {
    const { family, value, prefix } = firstOf(network);
    const until = value + (1n << BigInt(addressBits(family) - prefix));
    return inFamily(family, [{ from: value, until }]);
  }
  const [low = '', high, ...more] = text.split('-');
  const first = parseAddress(low.trim());
  const last = high === undefined ? first : parseAddress(high.trim());
  if (first === undefined || last === undefined || more.length > 0) return undefined;
  if (first.family !== last.family || last.value < first.value) return undefined;
  return inFamily(first.family, [{ from: first.value, until: last.value + 1n }]);
}

/**
 * Reads an address, a CIDR block (host bits are ignored, as every firewall does), a range `low-high`
 * or `any`; undefined when it is none of these.
 */
export function parseAddresses(text: string): AddressSet | undefined {
  return parseOne(text.trim());
}

/** Everything in any of the sets. */
export function joinAddresses(sets: readonly AddressSet[]): AddressSet {
  const [only, ...more] = sets;
  if (only !== undefined && more.length === 0) return only;
  return {
    v4: unionOf(sets.flatMap(({ v4 }) => v4)),
    v6: unionOf(sets.flatMap(({ v6 }) => v6)),
  };
}

/** Addresses, blocks and ranges of a list together; texts that are none are left out. */
export function addressesOf(texts: readonly string[]): AddressSet {
  return joinAddresses(texts.flatMap((text) => parseAddresses(text) ?? []));
}

/** What both sets have. */
export function commonAddresses(a: AddressSet, b: AddressSet): AddressSet {
  return { v4: intersectionOf(a.v4, b.v4), v6: intersectionOf(a.v6, b.v6) };
}

/** What the first set has and the second has not. */
export function addressesWithout(a: AddressSet, b: AddressSet): AddressSet {
  return { v4: differenceOf(a.v4, b.v4), v6: differenceOf(a.v6, b.v6) };
}

/** Every address but these; with `family`, every one of that family. */
export function otherAddresses(set: AddressSet, family?: Family): AddressSet {
  const all = family === undefined ? everyAddress : family === 4 ? everyIPv4 : everyIPv6;
  return addressesWithout(all, set);
}

/** True when both sets hold the same addresses. */
export function sameAddresses(a: AddressSet, b: AddressSet): boolean {
  return sameIntervals(a.v4, b.v4) && sameIntervals(a.v6, b.v6);
}

/** True when every address of the first set is in the second. */
export function addressesWithin(a: AddressSet, b: AddressSet): boolean {
  return isWithin(a.v4, b.v4) && isWithin(a.v6, b.v6);
}

/** The fewest CIDR blocks that make up the intervals, in ascending order. */
export function prefixesOf(family: Family, intervals: IntervalSet<bigint>): readonly Network[] {
  const bits = addressBits(family);
  const networks: Network[] = [];
  for (const { from, until } of intervals) {
    let value = from;
    while (value < until) {
      let free = 0;
      // The largest block that starts here on its own boundary and does not pass the end.
      while (free < bits) {
        const next = 1n << BigInt(free + 1);
        if ((value & (next - 1n)) !== 0n || value + next > until) break;
        free += 1;
      }
      networks.push({ family, value, prefix: bits - free });
      value += 1n << BigInt(free);
    }
  }
  return networks;
}

/** A block as people write it: a single address without its prefix length. */
export function formatPrefix(network: Network): string {
  return network.prefix === addressBits(network.family)
    ? formatAddress(network)
    : formatNetwork(network);
}

/** Both families as blocks and single addresses; `any` for every address of both. */
export function formatAddresses(set: AddressSet): readonly string[] {
  if (sameAddresses(set, everyAddress)) return ['any'];
  return [...prefixesOf(4, set.v4), ...prefixesOf(6, set.v6)].map(formatPrefix);
}
