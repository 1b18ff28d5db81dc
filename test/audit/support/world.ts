import {
  connectionStates,
  inFamily,
  joinAddresses,
  matching,
  named,
  namedLike,
  unionOf,
} from '#firewall';
import type { Action, AddressSet, Chain, IntervalSet, Match, Rule, RuleSet } from '#firewall';
import type { SmallPacket } from './device.ts';
import type { Dice } from './dice.ts';

/** Values of a small field; the last one lies outside of everything rules name. */
const values = [0, 1, 2, 3];
const interfaces = ['lan0', 'lan1', 'wan'];

/** The fields packets differ in, and all values they take there. */
const everyValue = {
  family: [4, 6],
  source: values.map(BigInt),
  destination: values.map(BigInt),
  protocol: values,
  sourcePort: values,
  destinationPort: values,
  state: connectionStates,
  inInterface: interfaces,
  outInterface: interfaces,
} as const;

type Field = keyof typeof everyValue;
const fields: readonly Field[] = [
  'source',
  'destination',
  'protocol',
  'sourcePort',
  'destinationPort',
  'state',
  'inInterface',
  'outInterface',
  'family',
];

const plain: SmallPacket = {
  family: 4,
  source: 1n,
  destination: 1n,
  protocol: 1,
  sourcePort: 1,
  destinationPort: 1,
  state: 'new',
  inInterface: 'lan0',
  outInterface: 'lan0',
};

const numbers = (roll: Dice): IntervalSet<number> =>
  unionOf(
    Array.from({ length: 1 + roll(2) }, () => {
      const from = roll(3);
      return { from, until: from + 1 + roll(3 - from) };
    }),
  );

const addresses = (roll: Dice, families: boolean): AddressSet => {
  const half = (family: 4 | 6): AddressSet =>
    inFamily(
      family,
      numbers(roll).map(({ from, until }) => ({ from: BigInt(from), until: BigInt(until) })),
    );
  const which = families ? roll(3) : 0;
  return which === 2 ? joinAddresses([half(4), half(6)]) : half(which === 0 ? 4 : 6);
};

const names = (roll: Dice): IntervalSet<string> =>
  [named('lan0'), namedLike('lan'), named('wan')][roll(3)] ?? [];

/** A world so small that every packet of it can be tried: a few fields vary, the others are plain. */
export interface World {
  readonly packets: readonly SmallPacket[];
  readonly match: () => Match;
}

export function smallWorld(roll: Dice): World {
  const chosen = new Set<Field>();
  for (let count = roll(6) === 0 ? 4 : 2 + roll(2); count > 0; count -= 1)
    chosen.add(fields[roll(fields.length)] ?? 'source');
  let packets: readonly SmallPacket[] = [plain];
  for (const field of chosen) {
    packets = packets.flatMap((packet) =>
      everyValue[field].map((value) => ({ ...packet, [field]: value })),
    );
  }
  const families = chosen.has('family');
  const narrow = (field: Field): boolean => chosen.has(field) && roll(3) > 0;
  const match = (): Match =>
    matching({
      ...(narrow('source') ? { source: addresses(roll, families) } : {}),
      ...(narrow('destination') || narrow('family')
        ? { destination: addresses(roll, families) }
        : {}),
      ...(narrow('protocol') ? { protocol: numbers(roll) } : {}),
      ...(narrow('sourcePort') ? { sourcePort: numbers(roll) } : {}),
      ...(narrow('destinationPort') ? { destinationPort: numbers(roll) } : {}),
      ...(narrow('state') ? { states: connectionStates.filter(() => roll(2) > 0) } : {}),
      ...(narrow('inInterface') ? { inInterface: names(roll) } : {}),
      ...(narrow('outInterface') ? { outInterface: names(roll) } : {}),
    });
  return { packets, match };
}

const verdict = (roll: Dice): Action => ({
  kind: (['accept', 'drop', 'reject'] as const)[roll(3)] ?? 'drop',
});

/** Chain `n` of `chains` leads only to later ones, so that no walk is endless. */
function actionOf(roll: Dice, index: number, chains: number): Action {
  const further = chains - index - 1;
  const kind = roll(8);
  if (kind === 0) return { kind: 'return' };
  if (kind > 2 || further === 0) return verdict(roll);
  return { kind: kind === 1 ? 'jump' : 'goto', chain: `c${index + 1 + roll(further)}` };
}

/** One or two base chains and up to two others, of up to five rules each. */
export function ruleSetIn({ match }: World, roll: Dice, options: { unknown: boolean }): RuleSet {
  const bases = 1 + roll(2);
  const count = bases + roll(3);
  const chains = Array.from({ length: count }, (_, index): Chain => {
    const rules = Array.from({ length: roll(6) }, (__, at): Rule => ({
      id: `c${index}-${at}`,
      match: match(),
      // A base chain is never called.
      action: actionOf(roll, Math.max(index, bases - 1), count),
      ...(options.unknown && roll(4) === 0 ? { unknown: ['-m odd'] } : {}),
    }));
    const policy = roll(2) === 0 ? 'accept' : 'drop';
    return { name: `c${index}`, rules, ...(index < bases ? { direction: 'in', policy } : {}) };
  });
  return { device: 'small', chains, zones: [] };
}
