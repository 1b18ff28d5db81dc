import {
  addressesOf,
  commonAddresses,
  connectionStates,
  differenceOf,
  everyName,
  everyPort,
  everyProtocol,
  everything,
  exactly,
  intersect,
  matching,
  named,
  namedLike,
  otherAddresses,
  parseAddresses,
  portProtocols,
  protocols,
  unionOf,
} from '../model.ts';
import type { IntervalSet, Match } from '../model.ts';
import { onlyIPv4, onlyIPv6 } from '../family.ts';

/** What stands left of a comparison. */
export interface Field {
  /** The packets whose field has one of the values; undefined when a value says nothing to us. */
  readonly is: (values: readonly string[]) => Match | undefined;
  /** The packets that have the field, with another value. */
  readonly isNot: (values: readonly string[]) => Match | undefined;
}

/** A field of one of the model's interval sets; `implied` are the packets that have it. */
function intervals<N extends number | string>(
  all: IntervalSet<N>,
  read: (value: string) => IntervalSet<N> | undefined,
  put: (set: IntervalSet<N>) => Match,
): Field {
  const union = (values: readonly string[]): IntervalSet<N> | undefined => {
    const sets = values.map(read);
    return sets.includes(undefined) ? undefined : unionOf(sets.flatMap((set) => set ?? []));
  };
  return {
    is: (values) => {
      const set = union(values);
      return set && put(set);
    },
    isNot: (values) => {
      const set = union(values);
      return set && put(differenceOf(all, set));
    },
  };
}

/** Reads `22`, `80-90` and names; a number above `last` is none. */
function numbers(
  last: number,
  names: Readonly<Record<string, number>>,
): (value: string) => IntervalSet<number> | undefined {
  const one = (text: string): number | undefined => {
    const value = Object.hasOwn(names, text)
      ? names[text]
      : /^\d+$/u.test(text)
        ? Number(text)
        : -1;
    return value === undefined || value < 0 || value > last ? undefined : value;
  };
  return (text) => {
    const whole = one(text);
    if (whole !== undefined) return exactly(whole);
    const [low = '', high = '', more] = text.split('-');
    const from = one(low);
    const to = one(high);
    if (from === undefined || to === undefined || more !== undefined) return undefined;
    return from <= to ? [{ from, until: to + 1 }] : undefined;
  };
}

function addresses(side: 'source' | 'destination', family: 4 | 6): Field {
  const whole = family === 4 ? onlyIPv4 : onlyIPv6;
  const read = (values: readonly string[]): ReturnType<typeof addressesOf> | undefined => {
    const known = values.every((value) => {
      const set = parseAddresses(value);
      return set !== undefined && (family === 4 ? set.v6 : set.v4).length === 0;
    });
    return known ? addressesOf(values) : undefined;
  };
  return {
    is: (values) => {
      const set = read(values);
      return set && { ...whole, [side]: commonAddresses(whole[side], set) };
    },
    isNot: (values) => {
      const set = read(values);
      return set && { ...whole, [side]: otherAddresses(set, family) };
    },
  };
}

const protocolNames = { ...protocols, 'ipv6-icmp': protocols.icmpv6 };

const protocolField = (within: Match): Field =>
  intervals(everyProtocol, numbers(255, protocolNames), (protocol) => ({ ...within, protocol }));

const ports = (side: 'sourcePort' | 'destinationPort', protocol: IntervalSet<number>): Field =>
  intervals(everyPort, numbers(65_535, {}), (set) => matching({ protocol, [side]: set }));

const interfaces = (side: 'inInterface' | 'outInterface'): Field =>
  intervals(
    everyName,
    (name) => (name.endsWith('*') ? namedLike(name.slice(0, -1)) : named(name)),
    (set) => matching({ [side]: set }),
  );

const icmpTypes = {
  'echo-reply': 0,
  'destination-unreachable': 3,
  'source-quench': 4,
  redirect: 5,
  'echo-request': 8,
  'router-advertisement': 9,
  'router-solicitation': 10,
  'time-exceeded': 11,
  'parameter-problem': 12,
  'timestamp-request': 13,
  'timestamp-reply': 14,
};

const icmpv6Types = {
  'destination-unreachable': 1,
  'packet-too-big': 2,
  'time-exceeded': 3,
  'parameter-problem': 4,
  'echo-request': 128,
  'echo-reply': 129,
  'mld-listener-query': 130,
  'mld-listener-report': 131,
  'mld-listener-done': 132,
  'nd-router-solicit': 133,
  'nd-router-advert': 134,
  'nd-neighbor-solicit': 135,
  'nd-neighbor-advert': 136,
  'nd-redirect': 137,
  'mld2-listener-report': 143,
};

/** A type takes all its codes along. */
const icmp = (names: Readonly<Record<string, number>>, protocol: number, family: Match): Field =>
  intervals([{ from: 0, until: 256 }], numbers(255, names), (types) =>
    intersect(
      family,
      matching({
        protocol: exactly(protocol),
        destinationPort: types.map(({ from, until }) => ({ from: from * 256, until: until * 256 })),
      }),
    ),
  );

const states: Field = {
  is: (values) =>
    values.every((value) => connectionStates.some((state) => state === value))
      ? matching({ states: connectionStates.filter((state) => values.includes(state)) })
      : undefined,
  isNot: (values) =>
    values.every((value) => connectionStates.some((state) => state === value))
      ? matching({ states: connectionStates.filter((state) => !values.includes(state)) })
      : undefined,
};

const families: Field = {
  is: (values) => familyMatch(values, true),
  isNot: (values) => familyMatch(values, false),
};

function familyMatch(values: readonly string[], wanted: boolean): Match | undefined {
  if (!values.every((value) => value === 'ipv4' || value === 'ipv6')) return undefined;
  const four = values.includes('ipv4') === wanted;
  const six = values.includes('ipv6') === wanted;
  if (four && six) return everything;
  if (four) return onlyIPv4;
  return six ? onlyIPv6 : matching({ states: [] });
}

const transports: readonly (readonly [string, IntervalSet<number>])[] = [
  ['th', portProtocols],
  ['tcp', exactly(protocols.tcp)],
  ['udp', exactly(protocols.udp)],
  ['sctp', exactly(protocols.sctp)],
  ['dccp', exactly(protocols.dccp)],
  ['udplite', exactly(protocols.udplite)],
];

/** Every field that has a model, by the words that name it. */
export const fields: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['ip saddr', addresses('source', 4)],
  ['ip daddr', addresses('destination', 4)],
  ['ip6 saddr', addresses('source', 6)],
  ['ip6 daddr', addresses('destination', 6)],
  ['ip protocol', protocolField(onlyIPv4)],
  ['meta l4proto', protocolField(everything)],
  ['meta nfproto', families],
  ['ct state', states],
  ['icmp type', icmp(icmpTypes, protocols.icmp, onlyIPv4)],
  ['icmpv6 type', icmp(icmpv6Types, protocols.icmpv6, onlyIPv6)],
  ...transports.flatMap(([name, protocol]): [string, Field][] => [
    [`${name} sport`, ports('sourcePort', protocol)],
    [`${name} dport`, ports('destinationPort', protocol)],
  ]),
  ...['iif', 'iifname', 'meta iif', 'meta iifname'].map((name): [string, Field] => [
    name,
    interfaces('inInterface'),
  ]),
  ...['oif', 'oifname', 'meta oif', 'meta oifname'].map((name): [string, Field] => [
    name,
    interfaces('outInterface'),
  ]),
]);
