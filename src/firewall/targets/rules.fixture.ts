import assert from 'node:assert/strict';
import fc from 'fast-check';
import { smallMatch } from '../model/match.fixture.ts';
import { compare } from '../audit/index.ts';
import { unfold } from '../model/index.ts';
import {
  addressesOf,
  connectionStates,
  everyAddress,
  everyName,
  everyPort,
  everyProtocol,
  exactly,
  isEmpty,
  matching,
  protocols,
  sameIntervals,
  subtract,
} from './model.ts';
import type { Chain, Direction, IntervalSet, Match, Rule, RuleSet } from './model.ts';
import { impliedForward, impliedRules } from './stateful.ts';

/** Ports are narrowed only where there are some, as the model asks. */
function withPorts(match: Match): Match {
  const free =
    sameIntervals(match.sourcePort, everyPort) && sameIntervals(match.destinationPort, everyPort);
  return free ? match : { ...match, protocol: [{ from: protocols.tcp, until: protocols.tcp + 1 }] };
}

const rule = fc.record({
  match: smallMatch.map(withPorts).filter((match) => !isEmpty(match)),
  action: fc.constantFrom(
    { kind: 'accept' } as const,
    { kind: 'drop' } as const,
    { kind: 'reject' } as const,
  ),
  comment: fc.string({ unit: 'binary', maxLength: 150 }),
});

const chain = fc.record({
  direction: fc.constantFrom('in' as const, 'out' as const, 'forward' as const),
  policy: fc.constantFrom('accept' as const, 'drop' as const),
  rules: fc
    .array(rule, { maxLength: 6 })
    .map((rules) => rules.map((each, index): Rule => ({ ...each, id: `R-${index}` }))),
});

/** Rule sets of one device over small fields; every rule of a chain has an id of its own. */
export const smallRuleSet: fc.Arbitrary<RuleSet> = fc
  .uniqueArray(chain, { selector: ({ direction }) => direction, minLength: 1 })
  .map((chains) => ({
    device: 'fw01',
    zones: [],
    chains: chains.map((each) => ({ ...each, name: each.direction })),
  }));

/** Protocol 0 is any protocol to most command lines, so that no rule can be about it. */
const withoutZero = (set: IntervalSet<number>): IntervalSet<number> =>
  sameIntervals(set, everyProtocol) || set[0]?.from !== 0
    ? set
    : set.map(({ from, until }) => ({ from: from + 1, until: until + 1 }));

/** A rule about the beginning of connections, which is what a firewall that knows them can be asked. */
export function beginning(asked: Rule): Rule {
  const accepts = asked.action.kind === 'accept';
  return {
    ...asked,
    action: { kind: accepts ? 'accept' : 'drop' },
    match: {
      ...asked.match,
      protocol: withoutZero(asked.match.protocol),
      inInterface: everyName,
      outInterface: everyName,
      states: accepts ? ['new'] : connectionStates,
    },
  };
}

/** The same, by a protocol that has ports: the one every kind of firewall knows. */
export function beginningOfTcp(asked: Rule): Rule {
  const { match, ...rest } = beginning(asked);
  return { ...rest, match: { ...match, protocol: exactly(protocols.tcp) } };
}

const chainIn = (set: RuleSet, direction: Direction, change: (asked: Rule) => Rule): Chain => {
  const found = set.chains.find((each) => each.direction === direction);
  const policy = found?.policy === 'accept' ? 'accept' : 'drop';
  const rules = [...impliedRules(direction), ...(found?.rules ?? []).map(change)];
  return { name: direction, direction, policy, rules };
};

/** Rule sets of firewalls between zones that know connections. */
export const smallPassages = (change: (asked: Rule) => Rule): fc.Arbitrary<RuleSet> =>
  smallRuleSet.map((set) => ({
    ...set,
    zones: [{ name: 'outside', addresses: everyAddress }],
    chains: [chainIn(set, 'forward', change)],
  }));

/** Rule sets of hosts whose firewalls know connections. */
export const smallHosts = (change: (asked: Rule) => Rule): fc.Arbitrary<RuleSet> =>
  smallRuleSet.map((set) => ({
    ...set,
    chains: [chainIn(set, 'in', change), chainIn(set, 'out', change), impliedForward],
  }));

const ownAddresses = ['10.9.0.1', '10.9.0.2', '2001:db8::9'].map((text) => addressesOf([text]));

/** Rule sets of hosts whose firewalls only allow, and mean the addresses of their own interfaces. */
export const smallInterfaces = (change: (asked: Rule) => Rule): fc.Arbitrary<RuleSet> =>
  smallRuleSet.map((set) => {
    const chainOf = (direction: 'in' | 'out'): Chain => {
      const own = direction === 'in' ? 'destination' : 'source';
      const rules = set.chains
        .flatMap((each) => (each.direction === direction ? each.rules : []))
        .map((each, index) => {
          const { match, ...rest } = change(beginning({ ...each, action: { kind: 'accept' } }));
          const address = ownAddresses[index % ownAddresses.length] ?? everyAddress;
          return { ...rest, match: { ...match, sourcePort: everyPort, [own]: address } };
        })
        .filter(({ match }) => !isEmpty(match));
      return {
        name: direction,
        direction,
        policy: 'drop',
        rules: [...impliedRules(direction), ...rules],
      };
    };
    return { ...set, chains: [chainOf('in'), chainOf('out'), impliedForward] };
  });

/** The rule set of a firewall between zones that knows connections. */
export const passage = (rules: readonly Rule[]): RuleSet => ({
  device: 'perimeter',
  zones: [{ name: 'outside', addresses: everyAddress }],
  chains: [
    {
      name: 'forward',
      direction: 'forward',
      policy: 'drop',
      rules: [...impliedRules('forward'), ...rules],
    },
  ],
});

/** The rule set of a host whose firewall knows connections. */
export const guarded = (inbound: readonly Rule[], outbound: readonly Rule[] = []): RuleSet => ({
  device: 'host.example.com',
  zones: [],
  chains: [
    { name: 'in', direction: 'in', policy: 'drop', rules: [...impliedRules('in'), ...inbound] },
    { name: 'out', direction: 'out', policy: 'drop', rules: [...impliedRules('out'), ...outbound] },
    impliedForward,
  ],
});

/** A rule that lets connections begin. */
export const permit = (fields: Partial<Match>, id = 'R-7'): Rule => ({
  id,
  match: matching({ states: ['new'], ...fields }),
  action: { kind: 'accept' },
});

/** Asserts that both let exactly the same packets pass, in every direction. */
export function assertSamePackets(found: RuleSet | undefined, wanted: RuleSet): void {
  assert.ok(found !== undefined);
  for (const direction of ['in', 'out', 'forward'] as const) {
    const most = { rules: unfold(wanted, direction), reading: 'upper' } as const;
    const least = { rules: unfold(found, direction), reading: 'lower' } as const;
    const regions: unknown[] = [];
    compare([most, least], 'disputed', (region) => regions.push(region));
    assert.deepEqual(regions, [], direction);
  }
}

const without = (parts: readonly Match[], cuts: readonly Match[]): readonly Match[] =>
  cuts.reduce<readonly Match[]>((rest, cut) => rest.flatMap((part) => subtract(part, cut)), parts);

/** Asserts that both hold the same rules in the same order, each about exactly the same packets. */
export function assertSameRules(found: RuleSet | undefined, wanted: RuleSet): void {
  assert.ok(found !== undefined);
  for (const { direction, policy, rules } of wanted.chains) {
    const other: Chain | undefined = found.chains.find((each) => each.direction === direction);
    assert.ok(other !== undefined);
    const read: readonly Rule[] = other.rules;
    assert.equal(other.policy, policy);
    const ids = [...new Set(read.map(({ id }) => id))];
    assert.deepEqual(
      ids,
      rules.map(({ id }) => id),
    );
    for (const { id, match, action } of rules) {
      const parts = read.filter((each) => each.id === id);
      const matches = parts.map((part) => part.match);
      for (const part of parts) {
        assert.deepEqual(part.action, action);
        assert.equal(part.unknown, undefined, part.unknown?.join(' ') ?? '');
      }
      assert.deepEqual(without([match], matches), []);
      assert.deepEqual(without(matches, [match]), []);
    }
  }
}
