import { UsherError } from '#base';
import { connectionStates, unfold } from '../model/index.ts';
import type { Direction, FlatRule, Match, Rule, RuleSet, Verdict } from '../model/index.ts';
import { directionsOf } from './audit.ts';
import { compare } from './compare.ts';
import type { Region } from './compare.ts';

/** As the first line of a certificate names it. */
export const certificateFormat = 'usher-firewall-certificate-1';

/** The fields of a box, in their order. */
export const boxFields = [
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
 * Packets alike in everything: of every field the values from `low` up to, not including, `high`. Addresses
 * are of one family; a state is its place in `connectionStates`; interfaces are compared as text.
 */
export interface Box {
  readonly family: 4 | 6;
  readonly low: readonly (bigint | number | string)[];
  readonly high: readonly (bigint | number | string)[];
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
  readonly box: Box;
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
  /** Disjoint, together every packet there is; in the order in which the space was cut in two, again and again. */
  readonly regions: readonly CertifiedRegion[];
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

/** A region of the audit as a box; it has one interval in every field. */
function boxOf({ source, destination, states, ...match }: Match): Box {
  const family = source.v4.length > 0 ? 4 : 6;
  const half = family === 4 ? 'v4' : 'v6';
  const state = connectionStates.findIndex((each) => each === states[0]);
  const intervals = [
    destination[half][0],
    match.destinationPort[0],
    source[half][0],
    match.protocol[0],
    match.sourcePort[0],
    { from: state, until: state + states.length },
    match.inInterface[0],
    match.outInterface[0],
  ];
  return {
    family,
    low: intervals.map((interval) => interval?.from ?? 0),
    high: intervals.map((interval) => interval?.until ?? 0),
  };
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
    const regions: CertifiedRegion[] = [];
    const found = ({ match, deciders: [one = -1, least = -1, most = -1] }: Region): void => {
      count += 1;
      if (count > mostRegions) throw tooMany();
      regions.push({
        box: boxOf(match),
        asked: wanted.of(one),
        strict: real.of(least),
        generous: real.of(most),
      });
    };
    compare(
      [
        { rules: left, reading: 'lower' },
        { rules: right, reading: 'lower' },
        { rules: right, reading: 'upper' },
      ],
      'all',
      found,
    );
    return { direction, asked: wanted.list, inForce: real.list, regions };
  });
  return { format: certificateFormat, device: asked.device, directions };
}
