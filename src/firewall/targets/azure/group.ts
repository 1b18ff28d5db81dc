import { createHash } from 'node:crypto';
import { UsherError } from '#base';
import {
  everyName,
  everyPort,
  everyProtocol,
  formatPrefix,
  intersect,
  isEmpty,
  ofFamily,
  prefixesOf,
  protocols,
  sameAddresses,
  sameIntervals,
} from '../model.ts';
import type { Chain, Family, IntervalSet, Match, Rule, RuleSet } from '../model.ts';
import { packetsOf } from '../family.ts';
import { hostChainsOf, isOfConnections, verdictOf, writtenRules } from '../stateful.ts';
import { inexpressible, oneLine, reasonOf } from '../text.ts';
import { limits } from './limits.ts';

/** One rule of a group as Azure Resource Manager knows it. */
type SecurityRule = Readonly<Record<string, string | number | readonly string[]>>;

const protocolNames: ReadonlyMap<number, string> = new Map([
  [protocols.tcp, 'Tcp'],
  [protocols.udp, 'Udp'],
  [protocols.icmp, 'Icmp'],
  [protocols.esp, 'Esp'],
  [protocols.ah, 'Ah'],
]);

/** A group with its rules, all of it texts as they are to be. */
export interface SecurityGroup {
  readonly name: string;
  readonly tags: { readonly usherDevice: string };
  readonly properties: { readonly securityRules: readonly Written[] };
}

/**
 * The group of a host.
 *
 * @throws UsherError `USHER_RULES_INEXPRESSIBLE`, `USHER_RULES_TOO_LARGE`
 */
export function securityGroupOf(ruleSet: RuleSet): SecurityGroup {
  const { device } = ruleSet;
  const rules = hostChainsOf(ruleSet).flatMap(rulesOf);
  check(device, rules);
  return {
    name: nameOf(device),
    tags: { usherDevice: oneLine(device) },
    properties: { securityRules: rules },
  };
}

/** A rule of a group. */
export interface Written {
  readonly name: string;
  readonly properties: SecurityRule;
}

function rulesOf(chain: Chain): readonly Written[] {
  const { policy, name } = chain;
  const direction = chain.direction === 'in' ? 'in' : 'out';
  // A group hears of connections only, so neighbour discovery and the like have no rule.
  const own = writtenRules(chain)
    .filter(isOfConnections)
    .flatMap((rule) => contentsOf(rule, direction));
  const last = {
    rule: { id: 'all', comment: '' },
    properties: { ...anything, access: policy === 'accept' ? 'Allow' : 'Deny', protocol: '*' },
  };
  if (policy === 'reject') throw inexpressible({ id: `Chain ${name}` }, 'an answer to the refused');
  const way = direction === 'in' ? 'Inbound' : 'Outbound';
  return [...own, last].map(({ rule, properties }, index): Written => {
    const final = index === own.length;
    const priority = final ? limits.highestPriority : limits.lowestPriority + index;
    const description = final
      ? 'what no rule before allows'
      : reasonOf(rule, limits.descriptionLength - 1);
    return {
      name: ruleName(direction, priority, rule.id),
      properties: { ...properties, direction: way, priority, description },
    };
  });
}

const anything = {
  sourceAddressPrefix: '*',
  destinationAddressPrefix: '*',
  sourcePortRange: '*',
  destinationPortRange: '*',
} as const;

interface Content {
  readonly rule: Rule | { readonly id: string; readonly comment: string };
  readonly properties: SecurityRule;
}

/** A rule of a group is of one protocol and one family. */
function contentsOf(rule: Rule, direction: 'in' | 'out'): readonly Content[] {
  const { match } = rule;
  const access = verdictOf(rule, ['accept', 'drop']) === 'accept' ? 'Allow' : 'Deny';
  for (const side of ['inInterface', 'outInterface'] as const) {
    if (!sameIntervals(match[side], everyName)) {
      throw inexpressible(rule, `an interface (${direction}); a group belongs to one`);
    }
  }
  const sides = addressesOf(match);
  return protocolsOf(rule).flatMap((protocol) =>
    sides.map((addresses) => ({
      rule,
      properties: {
        access,
        protocol,
        ...addresses,
        ...field('sourcePortRange', portsOf(match.sourcePort)),
        ...field('destinationPortRange', portsOf(match.destinationPort)),
      },
    })),
  );
}

/** Singular and plural form of a property exclude each other. */
function field(name: string, values: readonly string[]): SecurityRule {
  const [only, ...more] = values;
  if (only !== undefined && more.length === 0) return { [name]: only };
  return { [`${name}${name.endsWith('x') ? 'es' : 's'}`]: values };
}

function protocolsOf(rule: Rule): readonly string[] {
  const { protocol, sourcePort, destinationPort } = rule.match;
  const ported = ![sourcePort, destinationPort].every((set) => sameIntervals(set, everyPort));
  if (sameIntervals(protocol, everyProtocol) && !ported) return ['*'];
  return protocol.flatMap(({ from, until }) =>
    Array.from({ length: until - from }, (_, index) => {
      const number = from + index;
      const name = protocolNames.get(number);
      const plain = number === protocols.tcp || number === protocols.udp || !ported;
      if (name === undefined || !plain) {
        throw inexpressible(rule, `protocol ${number}${ported ? ' with its ports' : ''}`);
      }
      return name;
    }),
  );
}

function addressesOf(match: Match): readonly SecurityRule[] {
  const everywhere = (['source', 'destination'] as const).every((side) =>
    ([4, 6] as const).every((family) =>
      sameIntervals(ofFamily(match[side], family), ofFamily(packetsOf(family)[side], family)),
    ),
  );
  if (everywhere) return [{ sourceAddressPrefix: '*', destinationAddressPrefix: '*' }];
  return ([4, 6] as const).flatMap((family) => {
    const own = intersect(match, packetsOf(family));
    if (isEmpty(own)) return [];
    const prefixes = (side: 'source' | 'destination'): readonly string[] =>
      prefixTexts(own, side, family);
    return [
      {
        ...field('sourceAddressPrefix', prefixes('source')),
        ...field('destinationAddressPrefix', prefixes('destination')),
      },
    ];
  });
}

function prefixTexts(
  match: Match,
  side: 'source' | 'destination',
  family: Family,
): readonly string[] {
  if (sameAddresses(match[side], packetsOf(family)[side])) {
    return [family === 4 ? '0.0.0.0/0' : '::/0'];
  }
  return prefixesOf(family, ofFamily(match[side], family)).map(formatPrefix);
}

function portsOf(set: IntervalSet<number>): readonly string[] {
  if (sameIntervals(set, everyPort)) return ['*'];
  return set.map(({ from, until }) => (until === from + 1 ? `${from}` : `${from}-${until - 1}`));
}

/** Letters, digits, `_`, `.` and `-`; the priority makes it unique. */
function ruleName(direction: 'in' | 'out', priority: number, id: string): string {
  const words = id.replace(/[^\w.-]/gu, '_');
  return `${`${direction}-${priority}-${words}`.slice(0, limits.nameLength - 1)}_`;
}

/** Names that are too long or not of the permitted characters end with a piece of their digest. */
function nameOf(device: string): string {
  if (/^[a-z\d](?:[\w.-]*\w)?$/iu.test(device) && device.length <= limits.nameLength) return device;
  const digest = createHash('sha256').update(device).digest('hex').slice(0, 16);
  return `usher-${device.replace(/[^\w.-]/gu, '_').slice(0, limits.nameLength - 23)}-${digest}`;
}

/** @throws UsherError `USHER_RULES_TOO_LARGE` */
function check(device: string, rules: readonly Written[]): void {
  const values = rules.flatMap(({ properties }) =>
    Object.entries(properties).flatMap(([name, value]) =>
      /Prefix|PortRange/u.test(name) ? value : [],
    ),
  );
  const { rulesOfAGroup, addressesAndPortsOfAGroup } = limits;
  if (rules.length <= rulesOfAGroup && values.length <= addressesAndPortsOfAGroup) return;
  throw new UsherError(
    'USHER_RULES_TOO_LARGE',
    `${device}: ${rules.length} rules with ${values.length} addresses and ports; a group holds ${rulesOfAGroup} with ${addressesAndPortsOfAGroup}.`,
    { remedy: 'Give the networks of the topology as fewer, larger blocks.' },
  );
}
