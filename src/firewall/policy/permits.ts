import type { Leg } from '#ports';
import { addressesOf, exactly, joinAddresses, matching, protocols } from '../model/index.ts';
import type { AddressSet, Match, Rule } from '../model/index.ts';
import type { Context } from './context.ts';

/** What one device has to let pass of one leg: the first packets of a connection. */
export interface Permit {
  /** Row id of the leg, see `rowOf`. */
  readonly row: string;
  readonly sources: readonly string[];
  readonly destinations: AddressSet;
  readonly port: number;
}

const suffixes = {
  direct: '',
  clientToVip: '',
  balancerToMember: '/member',
  healthProbe: '/probe',
} as const satisfies Record<Leg['kind'], string>;

/** The row of the port table (`usher ports --all`) that prints this leg. */
export const rowOf = (leg: Leg): string => leg.flow + suffixes[leg.kind];

/** A leg as it is, seen on the way between its ends. */
export const permitOf =
  ({ legs }: Context) =>
  (leg: Leg): Permit => ({
    row: rowOf(leg),
    sources: leg.source.addresses,
    destinations: legs.at(leg.destination.address),
    port: leg.destination.port,
  });

/** Lists under the keys they share, in the order of their first element. */
const grouped = <Value>(
  values: readonly Value[],
  keyOf: (value: Value) => string,
): readonly (readonly Value[])[] => [...Map.groupBy(values, keyOf).values()];

/** One rule's packets: everything from these sources to these destinations, at one port. */
interface Block {
  readonly row: string;
  readonly match: Match;
}

/** The keys of sets that never change; legs share theirs. */
const setKeys = new WeakMap<AddressSet, string>();

/** Equal for equal sets, which have one form each. */
function setKey(set: AddressSet): string {
  const known = setKeys.get(set);
  if (known !== undefined) return known;
  const key = [set.v4, set.v6]
    .map((half) => half.map(({ from, until }) => `${from}-${until}`).join())
    .join(' ');
  setKeys.set(set, key);
  return key;
}

/** Sources that may reach the same destinations become one block: no pair too many, few rules. */
function blocksOf({ legs }: Context, permits: readonly Permit[]): readonly Block[] {
  const bySource = grouped(permits, ({ sources }) => sources.join(' ')).map((own) => ({
    sources: own[0]?.sources ?? [],
    destination: joinAddresses(own.map(({ destinations }) => destinations)),
  }));
  const alike = grouped(bySource, ({ destination }) => setKey(destination));
  return permits.slice(0, 1).flatMap(({ row, port }) =>
    alike.map((group) => ({
      row,
      match: matching({
        source: joinAddresses(group.flatMap(({ sources }) => sources.map((text) => legs.at(text)))),
        destination: group[0]?.destination ?? addressesOf([]),
        protocol: exactly(protocols.tcp),
        destinationPort: exactly(port),
        states: ['new'],
      }),
    })),
  );
}

const keyOf = ({ source, destination, destinationPort }: Match): string =>
  [setKey(source), setKey(destination), ...destinationPort.map(({ from }) => from)].join(' ');

/**
 * The rules that let these connections begin, in the order of the rows. Rows about the same packets
 * (a member's traffic and its probe, behind source NAT) share a rule that bears the first one's id
 * and names the others.
 */
export function rulesFor(context: Context, permits: readonly Permit[]): readonly Rule[] {
  const blocks = grouped(permits, ({ row }) => row).flatMap((own) => blocksOf(context, own));
  return grouped(blocks, ({ match }) => keyOf(match)).flatMap((group): Rule[] => {
    const [first, ...others] = group;
    if (first === undefined) return [];
    const also = others.map(({ row }) => `[${row}] `).join('');
    return [
      {
        id: first.row,
        match: first.match,
        action: { kind: 'accept' },
        comment: also + (context.reasons.get(first.row) ?? ''),
      },
    ];
  });
}
