import { formatAddress } from '#topology';
import type { Network } from '#topology';
import { addressBits, everyName, ofFamily, prefixesOf, sameIntervals } from './model.ts';
import type { AddressSet, Family, IntervalSet, Match, Rule } from './model.ts';
import { packetsOf } from './family.ts';
import { inexpressible } from './text.ts';

const families: readonly Family[] = [4, 6];

/** Source and destination of a rule; undefined where any address will do. */
export interface Sides {
  readonly source: readonly Network[] | undefined;
  readonly destination: readonly Network[] | undefined;
}

/**
 * The addresses of a rule as blocks of both families, to be written side by side: a packet is of one
 * family, so blocks of different ones never meet. A side is left out where the other one says enough.
 */
export function sidesOf(match: Match): Sides {
  const asked = families.filter((family) => hasFamily(match, family));
  const isFull = (side: 'source' | 'destination'): boolean =>
    asked.every((family) => isWhole(match[side], family));
  const [anySource, anyDestination] = [isFull('source'), isFull('destination')];
  const blocks = (side: 'source' | 'destination'): readonly Network[] =>
    asked.flatMap((family) => prefixesOf(family, ofFamily(match[side], family)));
  const both = asked.length === families.length;
  return {
    source: anySource && (both || !anyDestination) ? undefined : blocks('source'),
    destination: anyDestination && (both || !anySource) ? undefined : blocks('destination'),
  };
}

/** True when packets of the family can be meant. */
export const hasFamily = ({ source, destination }: Match, family: Family): boolean =>
  ofFamily(source, family).length > 0 && ofFamily(destination, family).length > 0;

/** True when a set has every address of a family. */
export const isWhole = (set: AddressSet, family: Family): boolean =>
  sameIntervals(ofFamily(set, family), ofFamily(packetsOf(family).source, family));

/**
 * The blocks of one family, as separate rules for each family need them; undefined for every address.
 */
export const blocksOf = (set: AddressSet, family: Family): readonly Network[] | undefined =>
  isWhole(set, family) ? undefined : prefixesOf(family, ofFamily(set, family));

/**
 * The zones of a rule by name; undefined for every one.
 *
 * @throws UsherError `USHER_RULES_INEXPRESSIBLE` for patterns of names
 */
export function zonesOf(set: IntervalSet<string>, rule: Rule): readonly string[] | undefined {
  if (sameIntervals(set, everyName)) return undefined;
  return set.map(({ from, until }) => {
    if (until !== `${from}\u0000` || !/^[\w.-]{1,31}$/u.test(from)) {
      throw inexpressible(rule, 'zones by a pattern of their names');
    }
    return from;
  });
}

/** Refuses a rule about interfaces where the kind of firewall has none. */
export function refuseInterfaces(rule: Rule): void {
  for (const side of ['inInterface', 'outInterface'] as const) {
    if (!sameIntervals(rule.match[side], everyName)) {
      throw inexpressible(rule, 'an interface; rules here are about addresses');
    }
  }
}

/** The mask of a block as four numbers: `255.255.255.0`. */
export function maskOf({ prefix }: Network): string {
  const value = (1n << 32n) - (1n << BigInt(32 - prefix));
  return formatAddress({ family: 4, value });
}

/** The wildcard of a block, the mask's complement: `0.0.0.255`. */
export const wildcardOf = ({ prefix }: Network): string =>
  formatAddress({ family: 4, value: (1n << BigInt(32 - prefix)) - 1n });

/** True for a block of one address. */
export const isHost = ({ family, prefix }: Network): boolean => prefix === addressBits(family);
