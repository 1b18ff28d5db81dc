import {
  between,
  everyPort,
  everyProtocol,
  exactly,
  matching,
  portProtocols,
  protocols,
  sameIntervals,
} from './model.ts';
import type { Interval, IntervalSet, Match, Rule } from './model.ts';
import { inexpressible } from './text.ts';

/** What objects of a configuration call a service: one protocol, one range of each port. */
export interface Service {
  /** IANA number; undefined for every protocol. */
  readonly protocol: number | undefined;
  /** Undefined for every port. */
  readonly sourcePort: Interval<number> | undefined;
  /** Undefined for every port; of ICMP one type with all its codes, or one of them. */
  readonly destinationPort: Interval<number> | undefined;
}

/** Every packet. */
export const anyService: Service = {
  protocol: undefined,
  sourcePort: undefined,
  destinationPort: undefined,
};

/** True for ICMP and ICMPv6, whose types the model calls ports. */
export const isIcmp = (protocol: number | undefined): boolean =>
  protocol === protocols.icmp || protocol === protocols.icmpv6;

/**
 * The services a rule is about, each once.
 *
 * @throws UsherError `USHER_RULES_INEXPRESSIBLE` for ports of a protocol that has none, or protocol 0
 */
export function servicesOf(rule: Rule): readonly Service[] {
  const { protocol, sourcePort, destinationPort } = rule.match;
  const sources = rangesOf(sourcePort);
  const destinations = rangesOf(destinationPort);
  const ported = sources[0] !== undefined || destinations[0] !== undefined;
  if (sameIntervals(protocol, everyProtocol) && !ported) return [anyService];
  return protocol.flatMap(numbersIn).flatMap((number): Service[] => {
    if (number === 0) throw inexpressible(rule, 'protocol 0, which command lines take for any');
    const types = isIcmp(number) && sources[0] === undefined;
    if (ported && !types && !portProtocols.some(({ from }) => from === number)) {
      throw inexpressible(rule, `ports of protocol ${number}, which has none`);
    }
    const wanted = types ? destinations.flatMap(typesIn) : destinations;
    return sources.flatMap((from) =>
      wanted.map((to) => ({ protocol: number, sourcePort: from, destinationPort: to })),
    );
  });
}

const rangesOf = (set: IntervalSet<number>): readonly (Interval<number> | undefined)[] =>
  sameIntervals(set, everyPort) ? [undefined] : set;

const numbersIn = ({ from, until }: Interval<number>): readonly number[] =>
  Array.from({ length: until - from }, (_, index) => from + index);

/** Whole types where all codes are in, single codes elsewhere. */
function typesIn(range: Interval<number> | undefined): readonly (Interval<number> | undefined)[] {
  if (range === undefined) return [undefined];
  const { from, until } = range;
  const types: Interval<number>[] = [];
  for (let at = from; at < until;) {
    const next = at % 256 === 0 && at + 256 <= until ? at + 256 : at + 1;
    types.push({ from: at, until: next });
    at = next;
  }
  return types;
}

/** Type and, unless all are meant, code of an ICMP service. */
export function icmpOf({ from, until }: Interval<number>): {
  readonly type: number;
  readonly code: number | undefined;
} {
  return { type: Math.floor(from / 256), code: until === from + 1 ? from % 256 : undefined };
}

/** The ICMP packets of a type, or of one of its codes; undefined when there is no such type. */
export function icmpRange(type: number, code?: number): Interval<number> | undefined {
  if (type > 255 || (code !== undefined && code > 255)) return undefined;
  const first = type * 256 + (code ?? 0);
  return { from: first, until: first + (code === undefined ? 256 : 1) };
}

/** The packets of a service, between any addresses. */
export function packetsOfService({ protocol, sourcePort, destinationPort }: Service): Match {
  return matching({
    ...(protocol === undefined ? {} : { protocol: exactly(protocol) }),
    ...(sourcePort === undefined ? {} : { sourcePort: [sourcePort] }),
    ...(destinationPort === undefined ? {} : { destinationPort: [destinationPort] }),
  });
}

/** A range as `5000` or, with what stands between its ends, `5000-5010`. */
export const rangeText = ({ from, until }: Interval<number>, dash = '-'): string =>
  until === from + 1 ? `${from}` : `${from}${dash}${until - 1}`;

/** A decimal number up to `last`; undefined for anything else. */
export function numberIn(text: string | undefined, last: number): number | undefined {
  return text !== undefined && /^\d{1,5}$/u.test(text) && Number(text) <= last
    ? Number(text)
    : undefined;
}

/** Ports as `5000` or `5000-5010`; undefined when the text is neither. */
export function portRange(text: string, dash = '-'): Interval<number> | undefined {
  const [low, high = low, more] = text.split(dash);
  const [from, to] = [numberIn(low, 65_535), numberIn(high, 65_535)];
  if (from === undefined || to === undefined || more !== undefined || from > to) return undefined;
  return between(from, to)[0];
}

/** IANA number of a protocol by number or name; undefined when the name is not known. */
export function protocolNumber(text: string): number | undefined {
  const name = text.toLowerCase();
  if (Object.hasOwn(numbers, name)) return numbers[name];
  return numberIn(text, 255);
}

const numbers: Readonly<Record<string, number>> = {
  ...protocols,
  icmp6: protocols.icmpv6,
  'ipv6-icmp': protocols.icmpv6,
  igmp: 2,
  ipip: 4,
  ipinip: 4,
  igrp: 9,
  eigrp: 88,
  ahp: protocols.ah,
  pim: 103,
  pcp: 108,
};
