import { formatAddress } from '#topology';
import {
  differenceOf,
  everyName,
  everyPort,
  formatAddresses,
  protocols,
  sameIntervals,
} from '../model/index.ts';
import type { IntervalSet, Match, Rule, RuleSet, Target } from '../model/index.ts';
import type { Audit, Finding } from './audit.ts';
import type { Packet } from './space.ts';
import { writtenAs } from './written.ts';

/** A rule as it can be found again; a finding without one was decided by the default. */
export interface RuleName {
  /** Row id, or empty. */
  readonly id: string;
  readonly comment: string;
  /** `file:line`; absent for a rule no file has. */
  readonly position?: string;
}

/** One packet, readable. Interfaces are given where a rule names some. */
export interface PacketFields {
  readonly direction: Finding['direction'];
  readonly protocol: string;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  readonly state: string;
  readonly inInterface?: string;
  readonly outInterface?: string;
}

/** Packets that are alike: numbers as `5061` or `5000-5061`, `any` for all of them. */
interface RegionFields {
  readonly source: readonly string[];
  readonly destination: readonly string[];
  readonly protocol: string;
  readonly sourcePort: string;
  readonly destinationPort: string;
  readonly states: readonly string[];
  readonly inInterface?: string;
  readonly outInterface?: string;
}

type RuleOrDefault = RuleName | 'default';

/** What `usher firewall audit --json` prints; a stable contract. */
export interface AuditReport {
  readonly ok: boolean;
  readonly missing: readonly {
    readonly row: string;
    readonly witness: PacketFields;
    readonly rule: RuleOrDefault;
    readonly certain: boolean;
    /** The address of the packets that becomes another one than it should, by `rule`, or none. */
    readonly translation?: 'destination' | 'source';
  }[];
  readonly excess: readonly {
    readonly rule: RuleOrDefault;
    readonly witness: PacketFields;
    readonly region: readonly RegionFields[];
    readonly certain: boolean;
    /** The rule as it should be; absent where the default admits the packets. */
    readonly instead?: {
      /** None: the rule should go. */
      readonly region: readonly RegionFields[];
      /** Those packets as rules of the firewall; none where it cannot say them. */
      readonly lines: readonly string[];
    };
  }[];
  readonly shadowed: readonly { readonly rule: RuleName; readonly by: readonly RuleName[] }[];
  /** Conditions that were read both ways, as written. */
  readonly unknown: readonly { readonly rule: RuleName; readonly conditions: readonly string[] }[];
}

/** What `usher firewall diff --json` prints: packets one side admits and the other may not. */
export interface DifferenceReport {
  readonly ok: boolean;
  readonly onlyFirst: readonly Difference[];
  readonly onlySecond: readonly Difference[];
}

interface Difference {
  /** The rule that admits the packets. */
  readonly admittedBy: RuleOrDefault;
  /** What the other side decides them by. */
  readonly rule: RuleOrDefault;
  readonly witness: PacketFields;
  readonly region: readonly RegionFields[];
}

const protocolNames: ReadonlyMap<number, string> = new Map(
  Object.entries(protocols).map(([name, number]) => [number, name]),
);

const nameOf = ({ id, comment = '', position }: Rule): RuleName => ({
  id,
  comment,
  ...(position === undefined ? {} : { position: `${position.file}:${position.line}` }),
});

const decided = (rule: Rule | undefined): RuleOrDefault =>
  rule === undefined ? 'default' : nameOf(rule);

/** The witness of a finding, in words of the field. */
export function packetFields(direction: Finding['direction'], packet: Packet): PacketFields {
  const { family, inInterface, outInterface } = packet;
  return {
    direction,
    protocol: protocolNames.get(packet.protocol) ?? String(packet.protocol),
    source: formatAddress({ family, value: packet.source }),
    sourcePort: packet.sourcePort,
    destination: formatAddress({ family, value: packet.destination }),
    destinationPort: packet.destinationPort,
    state: packet.state,
    ...(inInterface === '' ? {} : { inInterface }),
    ...(outInterface === '' ? {} : { outInterface }),
  };
}

const numbers = (
  set: IntervalSet<number>,
  full: boolean,
  name: (value: number) => string = String,
): string =>
  full
    ? 'any'
    : set
        .map(({ from, until }) =>
          until === from + 1 ? name(from) : `${name(from)}-${name(until - 1)}`,
        )
        .join(',');

const nameList = (set: IntervalSet<string>): string =>
  set.map(({ from, until }) => (until === `${from}\u0000` ? from : `${from}…`)).join(',');

/** Interfaces as `lo`, `eth…` for all that begin like this, or `not lo`. */
function names(set: IntervalSet<string>): string {
  const others = differenceOf(everyName, set);
  return others.length < set.length ? `not ${nameList(others)}` : nameList(set);
}

function regionFields(match: Match): RegionFields {
  const { source, destination, protocol, sourcePort, destinationPort, states } = match;
  const port = (set: IntervalSet<number>): string => numbers(set, sameIntervals(set, everyPort));
  const { inInterface, outInterface } = match;
  return {
    source: formatAddresses(source),
    destination: formatAddresses(destination),
    protocol: numbers(
      protocol,
      protocol[0]?.from === 0 && protocol[0].until === 256,
      (number) => protocolNames.get(number) ?? String(number),
    ),
    sourcePort: port(sourcePort),
    destinationPort: port(destinationPort),
    states,
    ...(sameIntervals(inInterface, everyName) ? {} : { inInterface: names(inInterface) }),
    ...(sameIntervals(outInterface, everyName) ? {} : { outInterface: names(outInterface) }),
  };
}

/**
 * The outcome of an audit as programs read it.
 *
 * @param target how rules are written that should take the place of those that admit too much
 * @param policy the rules asked for, among which these would stand
 */
export function report(audit: Audit, target: Target, policy: RuleSet): AuditReport {
  const instead = ({ direction, rule, narrowed }: Finding) => {
    if (rule === undefined || narrowed === undefined) return {};
    const lines = narrowed.length === 0 ? [] : writtenAs(target, policy, direction, rule, narrowed);
    return { instead: { region: narrowed.map(regionFields), lines } };
  };
  return {
    ok: audit.ok,
    missing: audit.missing.map(({ direction, asked, rule, witness, certain, translation }) => ({
      row: asked?.id ?? '',
      witness: packetFields(direction, witness),
      rule: decided(rule),
      certain,
      ...(translation === undefined ? {} : { translation }),
    })),
    excess: audit.excess.map((finding) => ({
      rule: decided(finding.rule),
      witness: packetFields(finding.direction, finding.witness),
      region: finding.regions.map(regionFields),
      certain: finding.certain,
      ...instead(finding),
    })),
    shadowed: audit.shadowed.map(({ rule, by }) => ({ rule: nameOf(rule), by: by.map(nameOf) })),
    unknown: audit.unknown.map((rule) => ({ rule: nameOf(rule), conditions: rule.unknown ?? [] })),
  };
}

const difference = ({ direction, asked, rule, witness, regions }: Finding): Difference => ({
  admittedBy: decided(asked),
  rule: decided(rule),
  witness: packetFields(direction, witness),
  region: regions.map(regionFields),
});

/** Two lists of `onlyIn` as programs read them. */
export function differenceReport(
  onlyFirst: readonly Finding[],
  onlySecond: readonly Finding[],
): DifferenceReport {
  return {
    ok: onlyFirst.length === 0 && onlySecond.length === 0,
    onlyFirst: onlyFirst.map(difference),
    onlySecond: onlySecond.map(difference),
  };
}
