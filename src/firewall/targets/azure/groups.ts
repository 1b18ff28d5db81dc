import { z } from 'zod';
import {
  addressesOf,
  between,
  commonAddresses,
  everyAddress,
  everyPort,
  exactly,
  everything,
  isEmpty,
  matching,
  parseAddresses,
  protocols,
  sameIntervals,
  unionOf,
  unreadable,
} from '../model.ts';
import type { AddressSet, Chain, IntervalSet, Match, Position, Rule, RuleSet } from '../model.ts';
import { reasonIn } from '../text.ts';
import { groupType } from './limits.ts';
import { chainOfList, impliedForward, statesFor } from '../stateful.ts';

const texts = z.array(z.string().max(1000)).max(4000).optional();
const text = z.string().max(1000).optional();

/** The properties of a rule that say which packets it is about; Resource Manager knows no others. */
const ruleSchema = z.object({
  name: z.string().max(1000),
  properties: z.object({
    access: z.literal(['Allow', 'Deny']),
    direction: z.literal(['Inbound', 'Outbound']),
    priority: z.int().min(100).max(65_500),
    protocol: z.string().max(100),
    description: text,
    sourceAddressPrefix: text,
    sourceAddressPrefixes: texts,
    destinationAddressPrefix: text,
    destinationAddressPrefixes: texts,
    sourcePortRange: text,
    sourcePortRanges: texts,
    destinationPortRange: text,
    destinationPortRanges: texts,
    sourceApplicationSecurityGroups: z.array(z.unknown()).optional(),
    destinationApplicationSecurityGroups: z.array(z.unknown()).optional(),
  }),
});

const groupSchema = z.object({
  name: z.string().max(1000),
  tags: z.record(z.string(), z.unknown()).optional(),
  properties: z.object({ securityRules: z.array(ruleSchema).max(5000) }),
});

type SecurityRule = z.infer<typeof ruleSchema>;
type Properties = SecurityRule['properties'];

/** A resource of a template, and where it stands. */
export interface Resource {
  readonly type: string;
  readonly value: unknown;
  readonly position: Position;
}

/** The line a rule of some name stands at; undefined when that is not known. */
export type LineOf = (name: string) => number | undefined;

/**
 * The groups among the resources of a template; others are not looked at.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE`
 */
export function groupsIn(resources: readonly Resource[], lineOf: LineOf): readonly RuleSet[] {
  // A group whose rules stand beside it would seem emptier than it is.
  const apart = resources.find(({ type }) => type === `${groupType}/securityRules`);
  if (apart !== undefined) {
    throw unreadable(apart.position, 'a rule outside its group', 'the rules inside the group');
  }
  return resources
    .filter(({ type }) => type === groupType)
    .map(({ value, position }) => {
      const result = groupSchema.safeParse(value);
      const at = (name: string): Position => ({ ...position, line: lineOf(name) ?? position.line });
      if (result.success) return groupOf(result.data, at);
      const [issue] = result.error.issues;
      const path = issue?.path.map(String).join('.') ?? '';
      throw unreadable(position, path, issue?.message ?? 'a security group');
    });
}

/** Where a rule stands, by its name. */
type PlaceOf = (name: string) => Position;

function groupOf(group: z.infer<typeof groupSchema>, place: PlaceOf): RuleSet {
  const { name, tags, properties } = group;
  const device = tags?.['usherDevice'];
  const chain = (direction: 'in' | 'out'): Chain => {
    const way = direction === 'in' ? 'Inbound' : 'Outbound';
    const sorted = properties.securityRules
      .filter((rule) => rule.properties.direction === way)
      .toSorted((a, b) => a.properties.priority - b.properties.priority);
    return chainOf(direction, sorted, place);
  };
  return {
    device: typeof device === 'string' ? device : name,
    zones: [],
    chains: [chain('in'), chain('out'), impliedForward],
  };
}

function chainOf(direction: 'in' | 'out', sorted: readonly SecurityRule[], place: PlaceOf): Chain {
  const rules = sorted.map((rule) => ruleOf(rule, place));
  return chainOfList(direction, rules, defaultsOf(direction));
}

/** What every group has at priorities 65000 and 65001 before it denies the rest. */
function defaultsOf(direction: 'in' | 'out'): readonly Rule[] {
  const names =
    direction === 'in'
      ? ['AllowVnetInBound', 'AllowAzureLoadBalancerInBound']
      : ['AllowVnetOutBound', 'AllowInternetOutBound'];
  return names.map((id) => ({
    id,
    match: matching({ states: ['new'] }),
    action: { kind: 'accept' },
    unknown: ['a service tag'],
  }));
}

function ruleOf(rule: SecurityRule, place: PlaceOf): Rule {
  const { access, protocol, description } = rule.properties;
  const unknown: string[] = [];
  const take = <Value>(value: Value | undefined, all: Value, written: string): Value => {
    if (value === undefined) unknown.push(written);
    return value ?? all;
  };
  const number = protocolSets.get(protocol.toLowerCase());
  const source = sideOf(rule.properties, 'source');
  const destination = sideOf(rule.properties, 'destination');
  const sourcePort = portsOf(rule, 'source', place);
  const destinationPort = portsOf(rule, 'destination', place);
  const ported = [sourcePort, destinationPort].some((set) => !sameIntervals(set, everyPort));
  // What the ports of a protocol without ports mean, or of all protocols at once, is not documented.
  if (ported && !/^(?:tcp|udp)$/iu.test(protocol)) unknown.push(`ports of protocol ${protocol}`);
  const match: Match = matching({
    source: take(source.set, everyAddress, source.written),
    destination: take(destination.set, everyAddress, destination.written),
    protocol: take(number, everything.protocol, `protocol ${protocol}`),
    sourcePort: ported && unknown.length > 0 ? everyPort : sourcePort,
    destinationPort: ported && unknown.length > 0 ? everyPort : destinationPort,
    states: statesFor(access === 'Allow' ? 'accept' : 'drop'),
  });
  const position = place(rule.name);
  if (isEmpty(match)) throw unreadable(position, rule.name, 'a source, a destination and ports');
  return {
    ...reasonIn(description),
    match,
    action: { kind: access === 'Allow' ? 'accept' : 'drop' },
    position,
    ...(unknown.length === 0 ? {} : { unknown }),
  };
}

const protocolSets: ReadonlyMap<string, IntervalSet<number>> = new Map([
  ['*', everything.protocol],
  ['tcp', exactly(protocols.tcp)],
  ['udp', exactly(protocols.udp)],
  ['icmp', exactly(protocols.icmp)],
  ['esp', exactly(protocols.esp)],
  ['ah', exactly(protocols.ah)],
]);

/** The addresses of a side; a service tag or application group has no model. */
function sideOf(
  properties: Properties,
  side: 'source' | 'destination',
): { readonly set: AddressSet | undefined; readonly written: string } {
  const one = properties[`${side}AddressPrefix`];
  const many = properties[`${side}AddressPrefixes`] ?? [];
  const groups = properties[`${side}ApplicationSecurityGroups`] ?? [];
  const all = [...(one === undefined ? [] : [one]), ...many];
  const written = groups.length > 0 ? `${side} application groups` : `${side} ${all.join(' ')}`;
  if (groups.length > 0 || all.length === 0) return { set: undefined, written };
  if (all.includes('*')) return { set: everyAddress, written };
  const known = all.every((each) => each !== 'any' && parseAddresses(each) !== undefined);
  return { set: known ? commonAddresses(addressesOf(all), everyAddress) : undefined, written };
}

function portsOf(
  rule: SecurityRule,
  side: 'source' | 'destination',
  place: PlaceOf,
): IntervalSet<number> {
  const one = rule.properties[`${side}PortRange`];
  const many = rule.properties[`${side}PortRanges`] ?? [];
  const all = [...(one === undefined ? [] : [one]), ...many];
  if (all.includes('*')) return everyPort;
  const sets = all.map((each) => {
    const [, low = '', high = low] = /^(\d{1,5})(?:-(\d{1,5}))?$/u.exec(each) ?? [];
    const [from, to] = [Number(low), Number(high)];
    if (low !== '' && from <= to && to <= 65_535) return between(from, to);
    throw unreadable(place(rule.name), `port ${each}`, '0 to 65535, a range of these or *');
  });
  return unionOf(sets.flat());
}
