/*
 * How the audit of a firewall grows: 1,000, 10,000 and 100,000 rules of three shapes, each held against
 * a copy in which one rule is gone and one is wider. `npm run bench:firewall [-- SIZE…]`.
 */
import { audit, between, exactly, inFamily, matching, prefixesOf, protocols } from '#firewall';
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
const shapes: Readonly<Record<string, Shape>> = {
  'host pairs': (index, random) => ({
    match: tcp(
      block(0x0a00_0000 + random(2 ** 24), 32),
      block(0xac10_0000 + index, 32),
      1024 + random(4096),
      5119,
    ),
    action: accept,
  }),
  'nested prefixes': (_, random) => {
    const bits = 12 + random(21);
    return {
      match: tcp(
        block(0x0a00_0000 + random(2 ** 24), 8 + random(17)),
        block(0x0a00_0000 + random(2 ** 24), bits),
        0,
        65_535,
      ),
      action: random(3) === 0 ? { kind: 'drop' } : accept,
    };
  },
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
};

const bits = ({ match }: Rule): number => prefixesOf(4, match.destination.v4)[0]?.prefix ?? 0;

function ruleSet(shape: Shape, size: number): RuleSet {
  const random = numbers(5);
  const rules = Array.from({ length: size }, (_, index): Rule => ({
    id: `r${index}`,
    ...shape(index, random),
  }));
  // As people write them: the more special rule first.
  const sorted = rules.toSorted((a, b) => bits(b) - bits(a));
  return {
    device: 'bench',
    chains: [{ name: 'forward', direction: 'forward', policy: 'drop', rules: sorted }],
    zones: [],
  };
}

/** The rule set with one rule gone and one wider. */
function mutated(set: RuleSet): RuleSet {
  return {
    ...set,
    chains: set.chains.map((chain) => ({
      ...chain,
      rules: chain.rules.flatMap((rule, index) => {
        if (index === 10) return [];
        const wider = { ...rule, match: { ...rule.match, destinationPort: between(0, 65_535) } };
        return index === 20 ? [wider] : [rule];
      }),
    })),
  };
}

const sizes = process.argv.slice(2).map(Number);
const rows: Record<string, string | number>[] = [];
for (const [name, shape] of Object.entries(shapes)) {
  let before: number | undefined;
  for (const size of sizes.length > 0 ? sizes : [1000, 10_000, 100_000]) {
    const set = ruleSet(shape, size);
    const other = mutated(set);
    const start = process.cpuUsage();
    const { missing, excess, shadowed } = audit(set, other);
    const { user, system } = process.cpuUsage(start);
    const seconds = (user + system) / 1e6;
    rows.push({
      shape: name,
      rules: size,
      'CPU s': Number(seconds.toFixed(2)),
      growth: before === undefined ? '' : `× ${(seconds / before).toFixed(1)}`,
      missing: missing.length,
      excess: excess.length,
      shadowed: shadowed.length,
      'peak MB': Math.round(process.resourceUsage().maxRSS / 1024),
    });
    before = seconds;
  }
}
console.table(rows);
