import { UsherError } from '#base';
import { unfold } from '../model/index.ts';
import type { Direction, FlatRule, Rule, RuleSet, Verdict } from '../model/index.ts';
import { directionsOf } from './audit.ts';
import { divide } from './compare.ts';

/** As the first line of a certificate names it. */
export const certificateFormat = 'usher-firewall-certificate-2';

/** The fields of a packet, in their order. */
export const packetFields = [
  'destination',
  'destinationPort',
  'source',
  'protocol',
  'sourcePort',
  'state',
  'inInterface',
  'outInterface',
] as const;

/**
 * Cuts packets in two: those with a smaller value in a field, by its place in `packetFields`, and the others. A
 * state counts as its place in `connectionStates`; interfaces are compared as text.
 */
export interface Cut {
  readonly field: number;
  readonly at: bigint | number | string;
}

/** What decides: a rule by the places of its chain and itself, or the default. */
export interface Decider {
  readonly verdict: Verdict;
  readonly chain?: number;
  readonly rule?: number;
  /** What people call the rule: its row id, or `file:line`. */
  readonly name?: string;
}

/** Packets that one rule of each side decides; places in the lists of deciders, -1 where none is certain to. */
export interface CertifiedRegion {
  readonly asked: number;
  /** Of the rules in force, as strictly as unknown conditions can be meant. */
  readonly strict: number;
  /** As generously as they can be meant. */
  readonly generous: number;
}

export interface CertifiedDirection {
  readonly direction: Direction;
  readonly asked: readonly Decider[];
  readonly inForce: readonly Decider[];
  /**
   * First of all IPv4 packets, then of all IPv6 packets: a region, or a cut, followed by the same of the packets
   * below it and of the others. So the regions are disjoint, and together every packet there is.
   */
  readonly nodes: readonly (Cut | CertifiedRegion)[];
}

/** The whole outcome of an audit, in a form that needs no trust in who made it. */
export interface Certificate {
  readonly format: typeof certificateFormat;
  readonly device: string;
  readonly directions: readonly CertifiedDirection[];
}

/** Two rule sets that differ everywhere come apart into more regions than anybody wants to read. */
const mostRegions = 2_000_000;

/** The deciders of one side, each once. */
class Deciders {
  readonly list: Decider[] = [];
  readonly #places = new Map<string, number>();
  readonly #rules: ReadonlyMap<Rule, readonly [chain: number, rule: number]>;
  readonly #flat: readonly FlatRule[];

  constructor({ chains }: RuleSet, flat: readonly FlatRule[]) {
    this.#flat = flat;
    this.#rules = new Map(
      chains.flatMap(({ rules }, chain) => rules.map((rule, place) => [rule, [chain, place]])),
    );
  }

  /** The place of what decides by a rule of the flat list. */
  of(index: number): number {
    const flat = this.#flat[index];
    if (flat === undefined) return -1;
    const { verdict, rule } = flat;
    const [chain, place] = (rule && this.#rules.get(rule)) ?? [];
    const key = `${verdict} ${chain} ${place}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.list.length);
    const name = rule?.id || (rule?.position && `${rule.position.file}:${rule.position.line}`);
    return (
      this.list.push({
        verdict,
        ...(chain === undefined || place === undefined ? {} : { chain, rule: place }),
        ...(name === undefined ? {} : { name }),
      }) - 1
    );
  }
}

const tooMany = (): UsherError =>
  new UsherError(
    'USHER_RULES_TOO_LARGE',
    `The audit comes apart into more than ${mostRegions} regions.`,
    {
      remedy: 'Certify the rules of one device at a time, or leave the certificate out.',
    },
  );

/**
 * Certifies an audit of the same two rule sets: for every packet which rule decides on either side. Pure.
 *
 * @throws UsherError `USHER_RULES_UNFOLDABLE`, `USHER_RULES_TOO_LARGE` above 2,000,000 regions
 */
export function certify(asked: RuleSet, inForce: RuleSet): Certificate {
  let count = 0;
  const directions = directionsOf(asked).map((direction): CertifiedDirection => {
    const [left, right] = [unfold(asked, direction), unfold(inForce, direction)];
    const [wanted, real] = [new Deciders(asked, left), new Deciders(inForce, right)];
    const nodes: (Cut | CertifiedRegion)[] = [];
    const found = ([one = -1, least = -1, most = -1]: readonly number[]): void => {
      count += 1;
      if (count > mostRegions) throw tooMany();
      nodes.push({
        asked: wanted.of(one),
        strict: real.of(least),
        generous: real.of(most),
      });
    };
    divide(
      [
        { rules: left, reading: 'lower' },
        { rules: right, reading: 'lower' },
        { rules: right, reading: 'upper' },
      ],
      { found, cut: (field, at) => void nodes.push({ field, at }) },
    );
    return { direction, asked: wanted.list, inForce: real.list, nodes };
  });
  return { format: certificateFormat, device: asked.device, directions };
}
