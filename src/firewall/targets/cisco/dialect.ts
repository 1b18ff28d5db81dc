import { portNamed } from '#ports';
import { parseAddress } from '#topology';
import { inFamily } from '../model.ts';
import type { AddressSet } from '../model.ts';
import { numberIn } from '../services.ts';

/** What differs between the access lists of ASA, IOS and IOS for IPv6. */
export interface Dialect {
  /** The family of the list; undefined for lists of both. */
  readonly family: 4 | 6 | undefined;
  /** The addresses of `10.0.0.0 255.0.0.0` or `10.0.0.0 0.255.255.255`. */
  readonly masked: (address: string, mask: string) => AddressSet | undefined;
}

/** A port by number or by the name Cisco prints for it. */
export const portIn = (word: string): number | undefined =>
  numberIn(word, 65_535) ?? portNamed(word);

/** All bits of an IPv4 address. */
const ones = (1n << 32n) - 1n;

/** The addresses of a block and the bits that may differ; undefined when those have gaps. */
function block(address: string, free: bigint | undefined): AddressSet | undefined {
  const parsed = parseAddress(address);
  if (parsed?.family !== 4 || free === undefined || (free & (free + 1n)) !== 0n) return undefined;
  const from = parsed.value & ~free & ones;
  return inFamily(4, [{ from, until: from + free + 1n }]);
}

const bits = (text: string): bigint | undefined => {
  const parsed = parseAddress(text);
  return parsed?.family === 4 ? parsed.value : undefined;
};

/** `10.0.0.0 255.0.0.0` */
export function underMask(address: string, mask: string): AddressSet | undefined {
  const value = bits(mask);
  return block(address, value === undefined ? undefined : ones ^ value);
}

/** `10.0.0.0 0.255.255.255` */
export const underWildcard = (address: string, wildcard: string): AddressSet | undefined =>
  block(address, bits(wildcard));
