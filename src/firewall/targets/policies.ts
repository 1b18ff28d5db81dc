import type { Network } from '#topology';
import {
  commonAddresses,
  everyAddress,
  everyName,
  intersect,
  isEmpty,
  joinAddresses,
  matching,
  named,
  otherAddresses,
  unionOf,
} from './model.ts';
import type { AddressSet, Chain, IntervalSet, Match, Position, Rule, Verdict } from './model.ts';
import type { Book } from './book.ts';
import { packetsOf } from './family.ts';
import { chunksOf, nameMaker } from './names.ts';
import { servicesOf } from './services.ts';
import type { Service } from './services.ts';
import { sidesOf, zonesOf } from './sides.ts';
import type { Sides } from './sides.ts';
import { statesFor, verdictOf, writtenRules } from './stateful.ts';
import { inexpressible, reasonIn, reasonOf } from './text.ts';

/**
 * A rule as firewalls of zones and objects have it: lists of zones, addresses and services, all of
 * which have to match.
 */
export interface Policy extends Sides {
  readonly name: string;
  readonly reason: string;
  /** Undefined for every zone. */
  readonly from: readonly string[] | undefined;
  readonly to: readonly string[] | undefined;
  readonly match: Match;
  readonly services: readonly Service[];
  readonly verdict: Verdict;
}

/** What a kind of firewall can say and hold. */
export interface PolicyLimits {
  readonly nameLength: number;
  readonly descriptionLength: number;
  /** Members of each list of a policy. */
  readonly membersOfAList: number;
}

/**
 * The policies of a chain, in order, with one about every packet at the end; lists that are too long
 * become several policies.
 *
 * @throws UsherError `USHER_RULES_INEXPRESSIBLE`
 */
export function policiesOf(
  chain: Chain,
  limits: PolicyLimits,
  can: readonly Verdict[],
): readonly Policy[] {
  const nameOf = nameMaker(limits.nameLength);
  const own = writtenRules(chain).flatMap((rule) => cut(rule, limits, can, nameOf));
  const { policy = 'accept' } = chain;
  if (!can.includes(policy)) throw inexpressible({ id: `Chain ${chain.name}` }, 'an answer');
  const match = matching({ states: statesFor(policy) });
  const rest = finalRule(policy);
  return [
    ...own,
    ...cut({ ...rest, match }, limits, can, () => `usher-${policy === 'accept' ? 'rest' : 'deny'}`),
  ];
}

/** What happens to all that no rule before decides. */
export const finalRule = (policy: Verdict): Rule => ({
  id: '',
  comment: policy === 'accept' ? 'all the rest' : 'what no rule before allows',
  match: matching({ states: statesFor(policy) }),
  action: { kind: policy },
});

function cut(
  rule: Rule,
  limits: PolicyLimits,
  can: readonly Verdict[],
  nameOf: (id: string) => string,
): readonly Policy[] {
  const { match, id } = rule;
  const verdict = verdictOf(rule, can);
  if (isEmpty(match)) return [];
  const common = {
    reason: reasonOf(rule, limits.descriptionLength),
    from: zonesOf(match.inInterface, rule),
    to: zonesOf(match.outInterface, rule),
    verdict,
  };
  const most = limits.membersOfAList;
  const isLong = ({ source = [], destination = [] }: Sides): boolean =>
    Math.max(source.length, destination.length) > most;
  const whole = sidesOf(match);
  // Pieces of a long list may be of one family alone, which meets nothing of the other.
  const parts = isLong(whole)
    ? ([4, 6] as const).map((family) => intersect(match, packetsOf(family)))
    : [match];
  return parts
    .filter((part) => !isEmpty(part))
    .flatMap((part) => {
      const { source, destination } = sidesOf(part);
      return piecesOf(source, most).flatMap((sources) =>
        piecesOf(destination, most).flatMap((destinations) =>
          chunksOf(servicesOf(rule), most).map((services) => ({
            ...common,
            name: nameOf(id),
            match: part,
            source: sources,
            destination: destinations,
            services,
          })),
        ),
      );
    });
}

const piecesOf = (side: readonly Network[] | undefined, most: number) =>
  side === undefined ? [undefined] : chunksOf(side, most);

/** Every block some policy names, each once. */
export function blocksIn(policies: readonly Sides[]): readonly Network[] {
  const all = policies.flatMap(({ source = [], destination = [] }) => [...source, ...destination]);
  const byText = new Map(all.map((each) => [`${each.family} ${each.value}/${each.prefix}`, each]));
  return [...byText.values()];
}

/** Every service some policy names, each once; not the one of every packet. */
export function servicesIn(policies: readonly Policy[]): readonly Service[] {
  const all = policies.flatMap(({ services }) => services);
  const byText = new Map(all.map((each) => [JSON.stringify(each), each]));
  return [...byText.values()].filter(({ protocol }) => protocol !== undefined);
}

/** What the names of a configuration stand for. */
export interface Books {
  readonly addresses: Book<AddressSet>;
  readonly services: Book<Match>;
}

/** A policy as it was read, in names. */
export interface PolicyText {
  readonly name: string;
  readonly position: Position;
  readonly comment?: string | undefined;
  /** Zones; none means every one. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly source: readonly string[];
  readonly destination: readonly string[];
  readonly services: readonly string[];
  /** Sides that mean all but what is named. */
  readonly negated?: ReadonlySet<'source' | 'destination'>;
  readonly verdict: Verdict;
  /** Parts of its condition that have no model, as written. */
  readonly unknown: readonly string[];
}

/** The rules of a policy; names nobody described make it a bounded unknown. */
export function rulesOfPolicy(text: PolicyText, books: Books): readonly Rule[] {
  const { name, position, comment, verdict } = text;
  const unknown = [...text.unknown];
  const side = (which: 'source' | 'destination'): AddressSet => {
    const set = addressesNamed(text[which], books.addresses);
    if (set === undefined) {
      unknown.push(`${which} ${text[which].join(' ')}`);
      return everyAddress;
    }
    return text.negated?.has(which) === true ? otherAddresses(set) : set;
  };
  const services = text.services.map((each) => books.services.resolve(each));
  const known = services.every((each) => each !== undefined) && services.length > 0;
  if (!known) unknown.push(`service ${text.services.join(' ')}`);
  const match = matching({
    source: side('source'),
    destination: side('destination'),
    inInterface: zonesNamed(text.from),
    outInterface: zonesNamed(text.to),
    states: statesFor(verdict),
  });
  const reason = reasonIn(comment);
  const parts = known ? services.flatMap((each) => each ?? []) : [matching({})];
  return parts
    .map((part) => intersect(match, part))
    .filter((part) => !isEmpty(part))
    .map((part) => ({
      ...reason,
      id: reason.id === '' && comment === undefined ? name : reason.id,
      match: part,
      action: { kind: verdict },
      position,
      ...(unknown.length === 0 ? {} : { unknown }),
    }));
}

/** All addresses some names stand for; undefined when one is not known, or there is none. */
function addressesNamed(names: readonly string[], book: Book<AddressSet>): AddressSet | undefined {
  const sets = names.map((name) => book.resolve(name));
  if (sets.length === 0 || sets.includes(undefined)) return undefined;
  return commonAddresses(joinAddresses(sets.flatMap((set) => set ?? [])), everyAddress);
}

const zonesNamed = (names: readonly string[]): IntervalSet<string> =>
  names.length === 0 ? everyName : unionOf(names.flatMap(named));
