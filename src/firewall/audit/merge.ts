import { connectionStates, joinAddresses, noAddress, unionOf } from '../model/index.ts';
import type { AddressSet, Match } from '../model/index.ts';

/** How two matches become one in each field, from the field regions differ in most to the one they do least. */
const joins = {
  sourcePort: (a, b) => ({ sourcePort: unionOf([...a.sourcePort, ...b.sourcePort]) }),
  states: (a, b) => ({
    states: connectionStates.filter(
      (state) => a.states.includes(state) || b.states.includes(state),
    ),
  }),
  inInterface: (a, b) => ({ inInterface: unionOf([...a.inInterface, ...b.inInterface]) }),
  outInterface: (a, b) => ({ outInterface: unionOf([...a.outInterface, ...b.outInterface]) }),
  protocol: (a, b) => ({ protocol: unionOf([...a.protocol, ...b.protocol]) }),
  source: (a, b) => ({ source: joinAddresses([a.source, b.source]) }),
  destinationPort: (a, b) => ({
    destinationPort: unionOf([...a.destinationPort, ...b.destinationPort]),
  }),
  destination: (a, b) => ({ destination: joinAddresses([a.destination, b.destination]) }),
} satisfies { readonly [Name in keyof Match]: (a: Match, b: Match) => Pick<Match, Name> };

type Field = keyof Match;
const fields = [
  'sourcePort',
  'states',
  'inInterface',
  'outInterface',
  'protocol',
  'source',
  'destinationPort',
  'destination',
] as const satisfies readonly Field[];

const textOf = (value: AddressSet | readonly unknown[]): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));

/** Lists of matches that are alike in these fields. */
const alike = (
  matches: readonly Match[],
  same: readonly Field[],
): readonly (readonly Match[])[] => [
  ...Map.groupBy(matches, (match) => same.map((field) => textOf(match[field])).join(' ')).values(),
];

/** Joins matches that differ in one field alone. */
const joinedIn = (matches: readonly Match[], field: Field): readonly Match[] =>
  alike(
    matches,
    fields.filter((each) => each !== field),
  ).flatMap((group) =>
    group.length < 2 ? group : [group.reduce((a, b) => ({ ...a, ...joins[field](a, b) }))],
  );

const half = (match: Match, name: 'v4' | 'v6'): Match => ({
  ...match,
  source: { ...noAddress, [name]: match.source[name] },
  destination: { ...noAddress, [name]: match.destination[name] },
});

const isOf = ({ source, destination }: Match, name: 'v4' | 'v6'): boolean =>
  source[name].length > 0 && destination[name].length > 0;

/**
 * The same packets as disjoint regions, as few and as large as joining can make them: no two are left that
 * differ in a single field. Both families go together where only the addresses tell them apart.
 */
export function merged(matches: readonly Match[]): readonly Match[] {
  const families = (['v4', 'v6'] as const).flatMap((name) => {
    let parts: readonly Match[] = matches
      .filter((match) => isOf(match, name))
      .map((match) => half(match, name));
    for (let before = Infinity; parts.length < before;) {
      before = parts.length;
      for (const field of fields) parts = joinedIn(parts, field);
    }
    return parts;
  });
  const rest = fields.filter((field) => field !== 'source' && field !== 'destination');
  return alike(families, rest).flatMap((group) => {
    const four = group.filter((match) => isOf(match, 'v4'));
    const six = group.filter((match) => isOf(match, 'v6'));
    // A match has the packets of its v4 halves and those of its v6 halves, and none across.
    return Array.from({ length: Math.max(four.length, six.length) }, (_, index) => {
      const both = [four[index], six[index]].filter((match) => match !== undefined);
      return both.reduce((a, b) => ({ ...a, ...joins.source(a, b), ...joins.destination(a, b) }));
    });
  });
}
