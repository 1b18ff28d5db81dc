import fc from 'fast-check';
import { everyAddress, inFamily, joinAddresses } from './addresses.ts';
import { unionOf } from './intervals.ts';
import type { IntervalSet } from './intervals.ts';
import { connectionStates, everyName, matching, named, namedLike } from './match.ts';
import type { Match } from './match.ts';

/** One packet, as fields of small numbers. */
export interface SmallPacket {
  readonly family: 4 | 6;
  readonly source: bigint;
  readonly destination: bigint;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly state: (typeof connectionStates)[number];
  readonly inInterface: string;
  readonly outInterface: string;
}

/** Numbers of small fields: every set of them can be tried out. */
const small = 8;

const numbers: fc.Arbitrary<IntervalSet<number>> = fc
  .array(
    fc
      .tuple(fc.nat({ max: small - 1 }), fc.integer({ min: 1, max: small }))
      .map(([from, length]) => ({ from, until: Math.min(small, from + length) })),
    { minLength: 1, maxLength: 2 },
  )
  .map(unionOf);

const family = numbers.map((set) =>
  set.map(({ from, until }) => ({ from: BigInt(from), until: BigInt(until) })),
);

const addresses = fc.oneof(
  { weight: 3, arbitrary: family.map((set) => inFamily(4, set)) },
  family.map((set) => inFamily(6, set)),
  fc.tuple(family, family).map(([v4, v6]) => joinAddresses([inFamily(4, v4), inFamily(6, v6)])),
  fc.constant(everyAddress),
);

const names = fc.constantFrom(everyName, named('lan0'), namedLike('lan'), named('wan'));

/** Matches over small fields: some full, some narrow. */
export const smallMatch: fc.Arbitrary<Match> = fc
  .record(
    {
      source: addresses,
      destination: addresses,
      protocol: numbers,
      sourcePort: numbers,
      destinationPort: numbers,
      states: fc.subarray([...connectionStates], { minLength: 1 }),
      inInterface: names,
      outInterface: names,
    },
    { requiredKeys: [] },
  )
  .map(matching);

/** Packets that lie where small matches draw their borders. */
export const smallPacket: fc.Arbitrary<SmallPacket> = fc.record({
  family: fc.constantFrom(4, 6),
  source: fc.bigInt({ min: 0n, max: BigInt(small) }),
  destination: fc.bigInt({ min: 0n, max: BigInt(small) }),
  protocol: fc.nat({ max: small }),
  sourcePort: fc.nat({ max: small }),
  destinationPort: fc.nat({ max: small }),
  state: fc.constantFrom(...connectionStates),
  inInterface: fc.constantFrom('lan0', 'lan1', 'wan'),
  outInterface: fc.constantFrom('lan0', 'lan1', 'wan'),
});

const within = <N extends bigint | number | string>(set: IntervalSet<N>, value: N): boolean =>
  set.some(({ from, until }) => value >= from && value < until);

/** Whether a match takes a packet, field by field: the plain meaning everything else is held against. */
export function takes(match: Match, packet: SmallPacket): boolean {
  const half = packet.family === 4 ? ('v4' as const) : ('v6' as const);
  return (
    within(match.source[half], packet.source) &&
    within(match.destination[half], packet.destination) &&
    within(match.protocol, packet.protocol) &&
    within(match.sourcePort, packet.sourcePort) &&
    within(match.destinationPort, packet.destinationPort) &&
    match.states.includes(packet.state) &&
    within(match.inInterface, packet.inInterface) &&
    within(match.outInterface, packet.outInterface)
  );
}
