import {
  between,
  connectionStates,
  everyAddress,
  exactly,
  inFamily,
  isEmpty,
  joinAddresses,
  matching,
  protocols,
} from '#firewall';
import type { Action, AddressSet, Chain, Match, Rule, RuleSet } from '#firewall';
import type { Dice } from './dice.ts';

/** A block or range in 10.0.0.0/16, or in 2001:db8::/32; sometimes both, sometimes anything. */
function addresses(roll: Dice): AddressSet {
  const kind = roll(8);
  if (kind === 0) return everyAddress;
  const four = (): AddressSet => {
    const size = 2 ** roll(13);
    const from = 0x0a00_0000 + Math.floor(roll(2 ** 16) / size) * size;
    const length = roll(4) === 0 ? 1 + roll(300) : size;
    return inFamily(4, [{ from: BigInt(from), until: BigInt(from + length) }]);
  };
  const six = (): AddressSet => {
    const shift = BigInt(64 + roll(16));
    const from = (0x2001_0db8n << 96n) + (BigInt(roll(2 ** 16)) << shift);
    return inFamily(6, [{ from, until: from + (1n << BigInt(64 + roll(16))) }]);
  };
  if (kind === 1) return joinAddresses([four(), six()]);
  return kind === 2 ? six() : joinAddresses([four(), ...(roll(3) === 0 ? [four()] : [])]);
}

function match(roll: Dice): Match {
  const first = roll(65_000);
  const ports = roll(3) === 0 ? exactly(first) : between(first, first + roll(535));
  const protocol = exactly(roll(2) === 0 ? protocols.tcp : protocols.udp);
  const found = matching({
    source: addresses(roll),
    destination: addresses(roll),
    // Ports are narrowed only where there are some, as the model asks.
    ...(roll(3) === 0 ? {} : { protocol, ...(roll(3) > 0 ? { destinationPort: ports } : {}) }),
    ...(roll(9) === 0 ? { protocol, sourcePort: between(1024, 65_535) } : {}),
    states: roll(4) === 0 ? connectionStates.filter(() => roll(2) === 0) : connectionStates,
  });
  return isEmpty(found) ? match(roll) : found;
}

const verdict = (roll: Dice): Action => ({ kind: roll(3) === 0 ? 'drop' : 'accept' });

const rulesOf = (
  roll: Dice,
  chain: string,
  size: number,
  calls: readonly string[],
): readonly Rule[] =>
  Array.from({ length: size }, (_, index): Rule => {
    const called = calls[roll(Math.max(1, calls.length * 6))];
    const kind = roll(2) === 0 ? ('jump' as const) : ('goto' as const);
    const action: Action =
      called !== undefined
        ? { kind, chain: called }
        : calls.length === 0 && chain !== 'base' && roll(8) === 0
          ? { kind: 'return' }
          : verdict(roll);
    return { id: `${chain}-${index}`, match: match(roll), action };
  });

/** Twenty to sixty rules over addresses and ports of every size; flat, or in chains that call others. */
export function mediumRuleSet(roll: Dice, options: { readonly flat?: true } = {}): RuleSet {
  const base = (name: string, calls: readonly string[]): Chain => ({
    name,
    direction: 'forward',
    policy: roll(4) === 0 ? 'accept' : 'drop',
    rules: rulesOf(roll, name, 20 + roll(options.flat ? 40 : 15), calls),
  });
  const chains =
    options.flat === true
      ? [base('base', [])]
      : [
          base('base', ['web', 'sip']),
          ...(roll(3) === 0 ? [base('second', [])] : []),
          { name: 'web', rules: rulesOf(roll, 'web', 8, ['sip']) },
          { name: 'sip', rules: rulesOf(roll, 'sip', 8, []) },
        ];
  return { device: 'medium', chains, zones: [] };
}

/** The set after a few slips: rules gone, moved, turned round or about other packets. */
export function mutated(set: RuleSet, roll: Dice): RuleSet {
  const slip = (rules: readonly Rule[]): readonly Rule[] => {
    const at = roll(Math.max(1, rules.length));
    const rule = rules[at];
    if (rule === undefined) return rules;
    const other: Rule = { ...rule, match: match(roll) };
    const next = rules[at + 1];
    return (
      [
        rules.toSpliced(at, 1),
        rules.toSpliced(at, 1, other),
        rules.toSpliced(at, 1, { ...rule, action: verdict(roll) }),
        next === undefined ? rules : rules.toSpliced(at, 2, next, rule),
      ][roll(4)] ?? rules
    );
  };
  return {
    ...set,
    chains: set.chains.map((chain) => ({ ...chain, rules: slip(slip(chain.rules)) })),
  };
}
