import { firstOf, formatAddress } from '#topology';
import type { Network } from '#topology';
import { inFamily, isEmpty, intersect, ofFamily, addressesWithin } from './model.ts';
import type { AddressSet, Chain, Family, Match, Rule, RuleSet } from './model.ts';
import { packetsOf } from './family.ts';
import { hostChainsOf, isOfConnections, verdictOf, writtenRules } from './stateful.ts';
import { refuseInterfaces } from './sides.ts';
import { inexpressible } from './text.ts';

/** A rule of an interface, which says nothing of the interface's own address. */
export interface Permit {
  readonly rule: Rule;
  /** The rule's packets, as far as they are to or from this address. */
  readonly match: Match;
  /** The other side, of the family of the address. */
  readonly peers: AddressSet;
}

/** What one address of a host may take and open, for firewalls that only allow. */
export interface Attachment {
  readonly device: string;
  /** Undefined for a host none of whose addresses has a rule. */
  readonly address: Network | undefined;
  /** True when interfaces of the host have an attachment of each family. */
  readonly both: boolean;
  readonly in: readonly Permit[];
  readonly out: readonly Permit[];
}

/** Addresses a host can have; more are networks behind it. */
const mostAddresses = 64;

/**
 * Rules that only allow and belong to an interface: each address of a host is one, whose own address
 * every rule about it means.
 *
 * @throws UsherError `USHER_RULES_INEXPRESSIBLE` for a rule that refuses, or a policy that lets all the rest pass
 */
export function attachmentsOf(ruleSet: RuleSet): readonly Attachment[] {
  const { device } = ruleSet;
  const chains = hostChainsOf(ruleSet).map((chain) => ({ chain, rules: permitted(chain) }));
  const own = chains.flatMap(({ chain, rules }) =>
    rules.flatMap((rule) => addressesIn(rule.match[ownSide(chain)], rule)),
  );
  const addresses = new Map(own.map((each) => [formatAddress(each), each]));
  const permits = (direction: 'in' | 'out', address: Network): readonly Permit[] =>
    chains
      .filter(({ chain }) => chain.direction === direction)
      .flatMap(({ chain, rules }) => rules.flatMap((rule) => permitOf(rule, chain, address)));
  if (addresses.size === 0) return [{ device, address: undefined, both: false, in: [], out: [] }];
  const both = ruleSet.bothFamilies === true;
  return [...addresses.values()].map((address) => ({
    device,
    address,
    both,
    in: permits('in', address),
    out: permits('out', address),
  }));
}

const ownSide = ({ direction }: Chain): 'source' | 'destination' =>
  direction === 'in' ? 'destination' : 'source';

function permitted(chain: Chain): readonly Rule[] {
  if (chain.policy !== 'drop') {
    throw inexpressible({ id: `Chain ${chain.name}` }, 'all the rest to pass, to any address');
  }
  return writtenRules(chain).filter((rule) => {
    if (rule.action.kind !== 'accept') {
      throw inexpressible(rule, `"${rule.action.kind}"; this kind of firewall only allows`);
    }
    if (!isOfConnections(rule)) return false;
    verdictOf(rule, ['accept']);
    refuseInterfaces(rule);
    return !isEmpty(rule.match);
  });
}

function addressesIn(set: AddressSet, rule: Rule): readonly Network[] {
  const count = [...set.v4, ...set.v6].reduce((sum, { from, until }) => sum + until - from, 0n);
  if (count > BigInt(mostAddresses)) {
    throw inexpressible(rule, 'other addresses on this side than a few of the host itself');
  }
  return ([4, 6] as const).flatMap((family) =>
    ofFamily(set, family).flatMap(({ from, until }) =>
      Array.from({ length: Number(until - from) }, (_, index) => hostAt(family, from, index)),
    ),
  );
}

const hostAt = (family: Family, from: bigint, index: number): Network => ({
  family,
  value: from + BigInt(index),
  prefix: family === 4 ? 32 : 128,
});

function permitOf(rule: Rule, chain: Chain, address: Network): readonly Permit[] {
  const side = ownSide(chain);
  const own = ownAddress(address);
  if (!addressesWithin(own, rule.match[side])) return [];
  const match = intersect(rule.match, { ...packetsOf(address.family), [side]: own });
  if (isEmpty(match)) return [];
  return [{ rule, match, peers: match[side === 'source' ? 'destination' : 'source'] }];
}

/** A single address as a set. */
export function ownAddress(address: Network): AddressSet {
  const { family, value } = firstOf(address);
  return inFamily(family, [{ from: value, until: value + 1n }]);
}
