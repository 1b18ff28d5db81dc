import {
  addressesWithout,
  commonAddresses,
  everyAddress,
  noAddress,
  sameAddresses,
} from './addresses.ts';
import type { AddressSet } from './addresses.ts';
import { differenceOf, intersectionOf, sameIntervals } from './intervals.ts';
import type { IntervalSet } from './intervals.ts';

/**
 * What connection tracking says of a packet. `new` opens a connection, or would; `untracked` is what
 * a filter without memory sees.
 */
export const connectionStates = ['new', 'established', 'related', 'invalid', 'untracked'] as const;
export type ConnectionState = (typeof connectionStates)[number];

/** IANA protocol numbers that rule sets call by name. */
export const protocols = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  ospf: 89,
  vrrp: 112,
  sctp: 132,
  udplite: 136,
} as const;

/** Protocols whose packets carry ports. */
export const portProtocols: IntervalSet<number> = [
  protocols.tcp,
  protocols.udp,
  protocols.dccp,
  protocols.sctp,
  protocols.udplite,
].map((number) => ({ from: number, until: number + 1 }));

/**
 * The packets a rule is about: a packet is matched when each of its fields is in the set of that
 * field. Every field is given; `everything` has them all full, `matching` fills the rest in.
 *
 * A packet is of one family, so the v4 half of `source` goes with the v4 half of `destination` only.
 * A reader that narrows a port has to narrow `protocol` to those that have ports (`portProtocols`).
 */
export interface Match {
  readonly source: AddressSet;
  readonly destination: AddressSet;
  /** IANA numbers, 0 to 255. */
  readonly protocol: IntervalSet<number>;
  /** 0 to 65535. */
  readonly sourcePort: IntervalSet<number>;
  /** 0 to 65535; of ICMP and ICMPv6 type × 256 + code. */
  readonly destinationPort: IntervalSet<number>;
  /** In the order of `connectionStates`, each once. */
  readonly states: readonly ConnectionState[];
  /** Interface or zone the packet came in by; see `named` and `namedLike`. */
  readonly inInterface: IntervalSet<string>;
  /** Interface or zone it leaves by. */
  readonly outInterface: IntervalSet<string>;
}

export const everyProtocol: IntervalSet<number> = [{ from: 0, until: 256 }];
export const everyPort: IntervalSet<number> = [{ from: 0, until: 65_536 }];
/** Every name there can be: names have no character above U+FFFE. */
export const everyName: IntervalSet<string> = [{ from: '', until: '\uFFFF' }];

export const everything: Match = {
  source: everyAddress,
  destination: everyAddress,
  protocol: everyProtocol,
  sourcePort: everyPort,
  destinationPort: everyPort,
  states: connectionStates,
  inInterface: everyName,
  outInterface: everyName,
};

/** The packets these fields describe, whatever the others are. */
export function matching(fields: Partial<Match>): Match {
  return { ...everything, ...fields };
}

/** One number of a port or protocol field. */
export function exactly(value: number): IntervalSet<number> {
  return [{ from: value, until: value + 1 }];
}

/** The numbers from `first` to `last`, both included. */
export function between(first: number, last: number): IntervalSet<number> {
  return [{ from: first, until: last + 1 }];
}

/** One interface or zone. */
export function named(name: string): IntervalSet<string> {
  // Nothing sorts between a name and the name with the lowest character added.
  return [{ from: name, until: `${name}\u0000` }];
}

/** Every interface whose name starts like this (`eth+`, `eth*`). */
export function namedLike(start: string): IntervalSet<string> {
  return start === '' ? everyName : [{ from: start, until: `${start}\uFFFF` }];
}

/** True when no packet is matched. */
export function isEmpty(match: Match): boolean {
  const { source, destination } = match;
  const noFamily =
    (source.v4.length === 0 || destination.v4.length === 0) &&
    (source.v6.length === 0 || destination.v6.length === 0);
  return (
    noFamily ||
    match.protocol.length === 0 ||
    match.sourcePort.length === 0 ||
    match.destinationPort.length === 0 ||
    match.states.length === 0 ||
    match.inInterface.length === 0 ||
    match.outInterface.length === 0
  );
}

/** The packets both match; may be empty. */
export function intersect(a: Match, b: Match): Match {
  return {
    source: commonAddresses(a.source, b.source),
    destination: commonAddresses(a.destination, b.destination),
    protocol: intersectionOf(a.protocol, b.protocol),
    sourcePort: intersectionOf(a.sourcePort, b.sourcePort),
    destinationPort: intersectionOf(a.destinationPort, b.destinationPort),
    states: a.states === b.states ? a.states : a.states.filter((state) => b.states.includes(state)),
    inInterface: intersectionOf(a.inInterface, b.inInterface),
    outInterface: intersectionOf(a.outInterface, b.outInterface),
  };
}

/** The packets the first matches and the second does not, as disjoint parts; none is empty. */
export function subtract(a: Match, b: Match): readonly Match[] {
  if (isEmpty(intersect(a, b))) return isEmpty(a) ? [] : [a];
  const halves: readonly Match[] = [
    {
      ...a,
      source: { ...noAddress, v4: a.source.v4 },
      destination: { ...noAddress, v4: a.destination.v4 },
    },
    {
      ...a,
      source: { ...noAddress, v6: a.source.v6 },
      destination: { ...noAddress, v6: a.destination.v6 },
    },
  ];
  return halves.flatMap((half) => peel(half, b)).filter((part) => !isEmpty(part));
}

/** Peels one field after the other off: what differs in it, the others as they have become. */
function peel(a: Match, b: Match): readonly Match[] {
  if (isEmpty(a)) return [];
  const common = intersect(a, b);
  if (isEmpty(common)) return [a];
  const parts: Match[] = [];
  let core = a;
  const take = (rest: Partial<Match>, inner: Partial<Match>): void => {
    parts.push({ ...core, ...rest });
    core = { ...core, ...inner };
  };
  take(
    { destination: addressesWithout(core.destination, b.destination) },
    { destination: common.destination },
  );
  take({ source: addressesWithout(core.source, b.source) }, { source: common.source });
  take({ protocol: differenceOf(core.protocol, b.protocol) }, { protocol: common.protocol });
  take(
    { destinationPort: differenceOf(core.destinationPort, b.destinationPort) },
    { destinationPort: common.destinationPort },
  );
  take(
    { sourcePort: differenceOf(core.sourcePort, b.sourcePort) },
    { sourcePort: common.sourcePort },
  );
  take(
    { states: core.states.filter((state) => !b.states.includes(state)) },
    { states: common.states },
  );
  take(
    { inInterface: differenceOf(core.inInterface, b.inInterface) },
    { inInterface: common.inInterface },
  );
  take(
    { outInterface: differenceOf(core.outInterface, b.outInterface) },
    { outInterface: common.outInterface },
  );
  return parts;
}

/** True when both are about the same packets, field by field. */
export function sameMatch(a: Match, b: Match): boolean {
  return (
    sameAddresses(a.source, b.source) &&
    sameAddresses(a.destination, b.destination) &&
    sameIntervals(a.protocol, b.protocol) &&
    sameIntervals(a.sourcePort, b.sourcePort) &&
    sameIntervals(a.destinationPort, b.destinationPort) &&
    a.states.join(' ') === b.states.join(' ') &&
    sameIntervals(a.inInterface, b.inInterface) &&
    sameIntervals(a.outInterface, b.outInterface)
  );
}
