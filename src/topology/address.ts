/** An IP address as a number, so that two spellings of one address compare equal. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A CIDR block: the addresses whose first `prefix` bits are those of `value`. */
export interface Network extends Address {
  /** Bits, 0 to 32 or 128. */
  readonly prefix: number;
}

const bitsOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

function parseIPv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    // A leading zero is refused: some tools read 010 as eight.
    if (!/^(?:0|[1-9]\d{0,2})$/u.test(part) || Number(part) > 255) return undefined;
    value = value * 256n + BigInt(part);
  }
  return value;
}

/** The 16-bit groups of one side of `::`; a trailing dotted quad counts as two groups. */
function parseGroups(text: string): bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const quad = parseIPv4(part);
      if (quad === undefined) return undefined;
      groups.push(quad >> 16n, quad & 0xffffn);
    } else if (/^[\da-f]{1,4}$/iu.test(part)) {
      groups.push(BigInt(`0x${part}`));
    } else {
      return undefined;
    }
  }
  return groups;
}

function parseIPv6(text: string): bigint | undefined {
  const sides = text.split('::');
  if (sides.length > 2) return undefined;
  const left = parseGroups(sides[0] ?? '');
  const right = parseGroups(sides[1] ?? '');
  if (left === undefined || right === undefined) return undefined;
  // Only the last side may end in a dotted quad.
  if (sides.length === 2 && (sides[0] ?? '').includes('.')) return undefined;
  const missing = 8 - left.length - right.length;
  if (sides.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...Array.from({ length: missing }, () => 0n), ...right];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** Reads an IPv4 or IPv6 literal (RFC 4291, no zone); undefined when it is neither. */
export function parseAddress(text: string): Address | undefined {
  const four = parseIPv4(text);
  if (four !== undefined) return { family: 4, value: four };
  const six = parseIPv6(text);
  return six === undefined ? undefined : { family: 6, value: six };
}

/** Writes an address in its one canonical form (RFC 5952 for IPv6). */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) {
    return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - index * 16)) & 0xffffn).toString(16),
  );
  const text = groups.join(':');
  const runs = text.match(/(?<=^|:)0(?::0)+(?=:|$)/gu) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return text;
  const at = text.search(new RegExp(`(?<=^|:)${longest}(?=:|$)`, 'u'));
  const before = text.slice(0, at).replace(/:$/u, '');
  const after = text.slice(at + longest.length).replace(/^:/u, '');
  return `${before}::${after}`;
}

/** Reads a CIDR block such as `10.1.0.0/16`; undefined when it is none. */
export function parseNetwork(text: string): Network | undefined {
  const cut = text.lastIndexOf('/');
  const address = cut < 0 ? undefined : parseAddress(text.slice(0, cut));
  const bits = text.slice(cut + 1);
  if (address === undefined || !/^\d{1,3}$/u.test(bits)) return undefined;
  const prefix = Number(bits);
  return prefix > bitsOf(address.family) ? undefined : { ...address, prefix };
}

/**
 * The family of an address or CIDR block; undefined for what is neither, such as `any`. Goes by the look of
 * it: asked for every leg of a plan.
 */
export function familyOf(text: string): 4 | 6 | undefined {
  if (text.includes(':')) return 6;
  return /^\d[\d./]*$/u.test(text) ? 4 : undefined;
}

/** Of the addresses of one interface the one that can talk to `other`: the one of its family. */
export function addressFor(addresses: readonly string[], other: string): string | undefined {
  const family = familyOf(other);
  return addresses.find((address) => familyOf(address) === family);
}

/** The first address of the block, with the block's length: `10.1.2.3/16` becomes `10.1.0.0/16`. */
export function firstOf(network: Network): Network {
  const host = BigInt(bitsOf(network.family) - network.prefix);
  return { ...network, value: (network.value >> host) << host };
}

/** Writes a CIDR block in its canonical form. */
export function formatNetwork(network: Network): string {
  return `${formatAddress(network)}/${network.prefix}`;
}

/** True when the address lies in the block. */
export function contains(network: Network, address: Address): boolean {
  if (network.family !== address.family) return false;
  const host = BigInt(bitsOf(network.family) - network.prefix);
  return network.value >> host === address.value >> host;
}
