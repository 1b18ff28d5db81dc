import { UsherError } from '#base';
import { addressEnd, connectionStates, protocols } from '../model/index.ts';
import type { ConnectionState, Family, IntervalSet, Match } from '../model/index.ts';

/** The fields of a packet in the order boxes have them, the most telling first. */
export const fields = [
  'destination',
  'destinationPort',
  'source',
  'protocol',
  'sourcePort',
  'state',
  'inInterface',
  'outInterface',
] as const;
export const width = fields.length;

/** Packets that are alike in every respect a set of matches can tell. */
export interface Packet {
  readonly family: Family;
  readonly source: bigint;
  readonly destination: bigint;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly state: ConnectionState;
  /** Empty for an interface no rule names. */
  readonly inInterface: string;
  readonly outInterface: string;
}

/** Rules with lists in several fields come apart into at most this many boxes together. */
const mostBoxes = 8_000_000;

type Value = bigint | number | string;
type Axis = readonly Value[];

/**
 * Both families on one line: IPv6 starts where IPv4 ends, so no interval of one touches the other.
 * IPv4 has plain numbers there, which are faster to order and to find.
 */
const offset = addressEnd(4);
const border = Number(offset);
const lineEnd = offset + addressEnd(6);

const lower = (set: IntervalSet<bigint>): IntervalSet<number> =>
  set.map(({ from, until }) => ({ from: Number(from), until: Number(until) }));

const upper = (set: IntervalSet<bigint>): IntervalSet<Value> =>
  set.map(({ from, until }) => ({
    from: from === 0n ? border : from + offset,
    until: until + offset,
  }));

const stateSets = new Map<string, IntervalSet<number>>();

/** States as numbers, their order in `connectionStates`. */
function statesOf(states: readonly ConnectionState[]): IntervalSet<number> {
  const key = states.join(' ');
  const known = stateSets.get(key);
  if (known !== undefined) return known;
  const set = connectionStates.flatMap((state, index) =>
    states.includes(state) ? [{ from: index, until: index + 1 }] : [],
  );
  stateSets.set(key, set);
  return set;
}

type Sets = readonly IntervalSet<Value>[];

/** A match as products of interval sets, one a family, in the order of `fields`. */
function productsOf(match: Match): readonly Sets[] {
  const rest = (destination: IntervalSet<Value>, source: IntervalSet<Value>): Sets => [
    destination,
    match.destinationPort,
    source,
    match.protocol,
    match.sourcePort,
    statesOf(match.states),
    match.inInterface,
    match.outInterface,
  ];
  const { source, destination } = match;
  return [
    ...(destination.v4.length === 0 || source.v4.length === 0
      ? []
      : [rest(lower(destination.v4), lower(source.v4))]),
    ...(destination.v6.length === 0 || source.v6.length === 0
      ? []
      : [rest(upper(destination.v6), upper(source.v6))]),
  ].filter((sets) => sets.every((set) => set.length > 0));
}

/** Boxes a match comes apart into: the parts of its products. */
function sizeOf(match: Match): number {
  const { source, destination, states } = match;
  const pairs = source.v4.length * destination.v4.length + source.v6.length * destination.v6.length;
  const { protocol, sourcePort, destinationPort, inInterface, outInterface } = match;
  return [
    protocol,
    sourcePort,
    destinationPort,
    statesOf(states),
    inInterface,
    outInterface,
  ].reduce((size, set) => size * set.length, pairs);
}

const ends: readonly Axis[] = [
  [0, border, lineEnd],
  [0, 65_536],
  [0, border, lineEnd],
  [0, 256],
  [0, 65_536],
  [0, 1, 2, 3, 4, 5],
  ['', '\uFFFF'],
  ['', '\uFFFF'],
];

const ascending = (a: Value, b: Value): number => (a < b ? -1 : a > b ? 1 : 0);

/** A region of ranks, `[low[f], high[f])` in field `f`. */
export interface Root {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

/** Boxes of ranks: box `i` has `[low[i × width + f], high[i × width + f])` in field `f`. */
export interface Boxes {
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** The index of the match a box comes from; ascending. */
  readonly owner: Int32Array;
  readonly count: number;
}

/**
 * The packet space as some lists of matches see it: every border they draw, in order, so that all
 * later work is on small numbers.
 */
export class Space {
  readonly axes: readonly Axis[];
  readonly #ranks: readonly ReadonlyMap<Value, number>[];

  constructor(lists: readonly (readonly Match[])[]) {
    const values = ends.map((axis) => new Set<Value>(axis));
    for (const list of lists) {
      for (const match of list) {
        for (const sets of productsOf(match)) {
          for (const [field, set] of sets.entries()) {
            for (const { from, until } of set) values[field]?.add(from).add(until);
          }
        }
      }
    }
    this.axes = values.map((axis) => [...axis].toSorted(ascending));
    this.#ranks = this.axes.map((axis) => new Map(axis.map((value, rank) => [value, rank])));
  }

  #rank(field: number, value: Value): number {
    return this.#ranks[field]?.get(value) ?? 0;
  }

  /** The regions packets live in, one a family; no packet has one address of each. */
  roots(): readonly Root[] {
    return [
      [0, border],
      [border, lineEnd],
    ].map(([from = 0, until = 0]) => {
      const low = new Int32Array(width);
      const high = Int32Array.from(this.axes, (axis) => axis.length - 1);
      for (const field of [0, 2]) {
        low[field] = this.#rank(field, from);
        high[field] = this.#rank(field, until);
      }
      return { low, high };
    });
  }

  /** @throws UsherError `USHER_RULES_TOO_LARGE` when lists in several fields multiply beyond 8,000,000 boxes */
  boxesOf(matches: readonly Match[]): Boxes {
    const count = matches.reduce((sum, match) => sum + sizeOf(match), 0);
    if (count > mostBoxes) {
      throw new UsherError('USHER_RULES_TOO_LARGE', `The rules come apart into ${count} boxes.`, {
        remedy: `At most ${mostBoxes} are looked at together; give the rules of fewer devices at once.`,
      });
    }
    const low = new Int32Array(count * width);
    const high = new Int32Array(count * width);
    const owner = new Int32Array(count);
    let box = 0;
    for (const [index, match] of matches.entries()) {
      for (const sets of productsOf(match)) {
        const size = sets.reduce((product, set) => product * set.length, 1);
        for (let part = 0; part < size; part += 1) {
          let left = part;
          for (const [field, set] of sets.entries()) {
            const interval = set[left % set.length];
            left = Math.floor(left / set.length);
            if (interval === undefined) continue;
            low[box * width + field] = this.#rank(field, interval.from);
            high[box * width + field] = this.#rank(field, interval.until);
          }
          owner[box] = index;
          box += 1;
        }
      }
    }
    return { low, high, owner, count };
  }

  #interval(low: Int32Array, high: Int32Array, field: number): { from: Value; until: Value } {
    const axis = this.axes[field] ?? [];
    return { from: axis[low[field] ?? 0] ?? 0, until: axis[high[field] ?? 0] ?? 0 };
  }

  /** The value a rank of a field stands for; in the fields of addresses an address of its family. */
  valueAt(field: number, rank: number): Value {
    const value = this.axes[field]?.[rank] ?? 0;
    if (field !== 0 && field !== 2) return value;
    const place = BigInt(value);
    return place < offset ? place : place - offset;
  }

  /** A region of ranks as the match that takes exactly its packets. */
  matchOf(low: Int32Array, high: Int32Array): Match {
    const address = (field: number) => {
      const { from, until } = this.#interval(low, high, field);
      const [first, end] = [BigInt(from), BigInt(until)];
      return first < offset
        ? { v4: [{ from: first, until: end }], v6: [] }
        : { v4: [], v6: [{ from: first - offset, until: end - offset }] };
    };
    const number = (field: number): IntervalSet<number> => {
      const { from, until } = this.#interval(low, high, field);
      return [{ from: Number(from), until: Number(until) }];
    };
    const name = (field: number): IntervalSet<string> => {
      const { from, until } = this.#interval(low, high, field);
      return [{ from: String(from), until: String(until) }];
    };
    return {
      destination: address(0),
      destinationPort: number(1),
      source: address(2),
      protocol: number(3),
      sourcePort: number(4),
      states: connectionStates.slice(low[5], high[5]),
      inInterface: name(6),
      outInterface: name(7),
    };
  }
}

/** A number of the set people recognise, or its first. */
function pick(set: IntervalSet<number>, liked: readonly number[]): number {
  const found = liked.find((value) =>
    set.some(({ from, until }) => from <= value && value < until),
  );
  return found ?? set[0]?.from ?? 0;
}

/** The first port of the dynamic range (RFC 6335), where clients' ports come from. */
const firstDynamicPort = 49_152;

/** One packet of a match that is not empty: TCP from a dynamic port where it can be. */
export function packetOf(match: Match): Packet {
  const family: Family = match.source.v4.length > 0 && match.destination.v4.length > 0 ? 4 : 6;
  const half = family === 4 ? 'v4' : 'v6';
  return {
    family,
    source: match.source[half][0]?.from ?? 0n,
    destination: match.destination[half][0]?.from ?? 0n,
    protocol: pick(match.protocol, [protocols.tcp, protocols.udp]),
    sourcePort: pick(match.sourcePort, [firstDynamicPort]),
    destinationPort: match.destinationPort[0]?.from ?? 0,
    state: match.states[0] ?? 'new',
    inInterface: match.inInterface[0]?.from ?? '',
    outInterface: match.outInterface[0]?.from ?? '',
  };
}
