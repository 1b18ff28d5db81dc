import type { Leg } from '#ports';
import { addressesOf, exactly, matching, protocols } from '../model/index.ts';
import type { Match, Rule } from '../model/index.ts';

/** What one device has to let pass of one leg: the first packets of a connection. */
export interface Permit {
  /** Row id of the leg, see `rowOf`. */
  readonly row: string;
  readonly sources: readonly string[];
  readonly destination: string;
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

/** The leg as it is, seen on the way between its ends. */
export function permitOf(leg: Leg): Permit {
  const { address, port } = leg.destination;
  return { row: rowOf(leg), sources: leg.source.addresses, destination: address, port };
}

/** Lists under the keys they share, in the order of their first element. */
const grouped = <Value>(
  values: readonly Value[],
  keyOf: (value: Value) => string,
): readonly (readonly Value[])[] => [...Map.groupBy(values, keyOf).values()];

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)];

/** One rule's packets: everything from these sources to these destinations, at one port. */
interface Block {
  readonly row: string;
  readonly match: Match;
}

/** Sources that may reach the same destinations become one block: no pair too many, few rules. */
function blocksOf(permits: readonly Permit[]): readonly Block[] {
  const bySource = grouped(permits, ({ sources }) => sources.join(' ')).map((own) => ({
    sources: own[0]?.sources ?? [],
    destinations: unique(own.map(({ destination }) => destination)).toSorted(),
  }));
  const alike = grouped(bySource, ({ destinations }) => destinations.join(' '));
  return permits.slice(0, 1).flatMap(({ row, port }) =>
    alike.map((group) => ({
      row,
      match: matching({
        source: addressesOf(group.flatMap(({ sources }) => sources)),
        destination: addressesOf(group[0]?.destinations ?? []),
        protocol: exactly(protocols.tcp),
        destinationPort: exactly(port),
        states: ['new'],
      }),
    })),
  );
}

/** Equal for equal matches; sets of the model have one form each. */
const keyOf = ({ source, destination, destinationPort }: Match): string =>
  [source.v4, source.v6, destination.v4, destination.v6, destinationPort]
    .map((set) => set.map(({ from, until }) => `${from}-${until}`).join())
    .join(' ');

/**
 * The rules that let these connections begin, in the order of the rows. Rows about the same packets
 * (a member's traffic and its probe, behind source NAT) share a rule that bears the first one's id
 * and names the others.
 *
 * @param reasons why, by row id
 */
export function rulesFor(
  permits: readonly Permit[],
  reasons: ReadonlyMap<string, string>,
): readonly Rule[] {
  const blocks = grouped(permits, ({ row }) => row).flatMap(blocksOf);
  return grouped(blocks, ({ match }) => keyOf(match)).flatMap((group): Rule[] => {
    const [first, ...others] = group;
    if (first === undefined) return [];
    const also = others.map(({ row }) => `[${row}] `).join('');
    return [
      {
        id: first.row,
        match: first.match,
        action: { kind: 'accept' },
        comment: also + (reasons.get(first.row) ?? ''),
      },
    ];
  });
}
