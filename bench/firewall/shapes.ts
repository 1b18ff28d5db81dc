import { between, exactly, inFamily, matching, prefixesOf, protocols } from '#firewall';
import type { AddressSet, Match, Rule, RuleSet } from '#firewall';

/** Numerical Recipes' generator: the same rules in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const block = (value: number, bits: number): AddressSet => {
  const size = 2 ** (32 - bits);
  const from = BigInt(Math.floor(value / size) * size);
  return inFamily(4, [{ from, until: from + BigInt(size) }]);
};

const tcp = (source: AddressSet, destination: AddressSet, first: number, last: number): Match =>
  matching({
    source,
    destination,
    protocol: exactly(protocols.tcp),
    destinationPort: between(first, last),
    states: ['new'],
  });

type Shape = (index: number, random: (below: number) => number) => Pick<Rule, 'match' | 'action'>;

const accept = { kind: 'accept' } as const;

/** Where the rules of each shape come from. */
const shapes = {
  /** One server and one client each; nothing overlaps. */
  'host pairs': (index, random) => ({
    match: tcp(
      block(0x0a00_0000 + random(2 ** 24), 32),
      block(0xac10_0000 + index, 32),
      1024 + random(4096),
      5119,
    ),
    action: accept,
  }),
  /** Blocks within blocks on both sides, a third of them denied: everything overlaps. */
  'nested prefixes': (_, random) => {
    const length = 12 + random(21);
    return {
      match: tcp(
        block(0x0a00_0000 + random(2 ** 24), 8 + random(17)),
        block(0x0a00_0000 + random(2 ** 24), length),
        0,
        65_535,
      ),
      action: random(3) === 0 ? { kind: 'drop' } : accept,
    };
  },
  /** Small blocks and ranges of ports, a quarter of them denied. */
  'port ranges': (_, random) => {
    const first = random(65_000);
    return {
      match: tcp(
        block(random(2 ** 32), 16 + random(17)),
        block(0x0a00_0000 + random(2 ** 24), 20 + random(13)),
        first,
        first + random(535),
      ),
      action: random(4) === 0 ? { kind: 'drop' } : accept,
    };
  },
} satisfies Record<string, Shape>;

export type ShapeName = keyof typeof shapes;
export const shapeNames: readonly ShapeName[] = ['host pairs', 'nested prefixes', 'port ranges'];

const bits = ({ match }: Rule): number => prefixesOf(4, match.destination.v4)[0]?.prefix ?? 0;

/** So many rules of a shape, as people write them: the more special one first. */
export function rulesOf(name: ShapeName, size: number): readonly Rule[] {
  const random = numbers(5);
  const rules = Array.from({ length: size }, (_, index): Rule => ({
    id: `r${index}`,
    ...shapes[name](index, random),
  }));
  return rules.toSorted((a, b) => bits(b) - bits(a));
}

/** The rules as a firewall between zones has them. */
export const ruleSetOf = (rules: readonly Rule[]): RuleSet => ({
  device: 'bench',
  chains: [{ name: 'forward', direction: 'forward', policy: 'drop', rules }],
  zones: [],
});

/** The same with one rule gone and one wider. */
export const changed = (rules: readonly Rule[]): readonly Rule[] =>
  rules.flatMap((rule, index) => {
    if (index === 10) return [];
    const wider = { ...rule, match: { ...rule.match, destinationPort: between(0, 65_535) } };
    return index === 20 ? [wider] : [rule];
  });

/** The same packets in other words: every rule in two halves. */
export const reworded = (rules: readonly Rule[]): readonly Rule[] =>
  rules.flatMap((rule) =>
    [between(0, 29_999), between(30_000, 65_535)].map((sourcePort) => ({
      ...rule,
      match: { ...rule.match, sourcePort },
    })),
  );
