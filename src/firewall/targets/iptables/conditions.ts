import {
  addressesOf,
  between,
  commonAddresses,
  connectionStates,
  differenceOf,
  everyName,
  everyPort,
  everyProtocol,
  everything,
  exactly,
  matching,
  named,
  namedLike,
  ofFamily,
  otherAddresses,
  parseAddresses,
  portProtocols,
  protocols,
  unionOf,
} from '../model.ts';
import type { Family, IntervalSet, Match } from '../model.ts';
import { packetsOf } from '../family.ts';
import type { SavedOption } from './parse.ts';

/** The packets a condition lets pass; undefined when it has no model. */
type Condition = (value: string, negated: boolean, family: Family) => Match | undefined;

/** Modules that add nothing to what their options say. */
const modules: ReadonlySet<string> = new Set(
  'tcp udp udplite sctp dccp icmp icmp6 icmpv6 multiport iprange conntrack state comment'.split(
    ' ',
  ),
);

const addresses =
  (side: 'source' | 'destination'): Condition =>
  (value, negated, family) => {
    const parts = value.split(',');
    const mine = (part: string): boolean => {
      const set = parseAddresses(part);
      return set !== undefined && ofFamily(set, family === 4 ? 6 : 4).length === 0;
    };
    if (!parts.every(mine)) return undefined;
    const every = packetsOf(family);
    const set = addressesOf(parts);
    const taken = negated ? otherAddresses(set, family) : commonAddresses(every[side], set);
    return { ...every, [side]: taken };
  };

const unless = <N extends number | string>(
  all: IntervalSet<N>,
  set: IntervalSet<N>,
  negated: boolean,
): IntervalSet<N> => (negated ? differenceOf(all, set) : set);

const protocolNumbers: Readonly<Record<string, number>> = {
  ...protocols,
  'ipv6-icmp': protocols.icmpv6,
  icmp6: protocols.icmpv6,
};

/** For the kernel protocol 0 is any protocol. */
const protocol: Condition = (value, negated) => {
  const name = value.toLowerCase();
  const number = Object.hasOwn(protocolNumbers, name) ? protocolNumbers[name] : whole(name, 255);
  const any = name === 'all' || number === 0;
  if (number === undefined && !any) return undefined;
  const set = any ? everyProtocol : exactly(number ?? 0);
  return matching({ protocol: unless(everyProtocol, set, negated) });
};

/** A decimal number up to `last`; undefined for anything else. */
function whole(text: string, last: number): number | undefined {
  return /^\d{1,5}$/u.test(text) && Number(text) <= last ? Number(text) : undefined;
}

/** `22`, `80:90`, `:90`, `1024:` and lists of them. */
function portsIn(value: string): IntervalSet<number> | undefined {
  const last = 65_535;
  const sets = value.split(',').map((part) => {
    const [low = '', high = low, more] = part.split(':');
    const ranged = part.includes(':');
    const from = ranged && low === '' ? 0 : whole(low, last);
    const to = ranged && high === '' ? last : whole(high, last);
    if (from === undefined || to === undefined || more !== undefined) return undefined;
    return from <= to ? between(from, to) : undefined;
  });
  return sets.includes(undefined) ? undefined : unionOf(sets.flatMap((set) => set ?? []));
}

const ports =
  (side: 'sourcePort' | 'destinationPort'): Condition =>
  (value, negated) => {
    const set = portsIn(value);
    if (set === undefined) return undefined;
    return matching({ protocol: portProtocols, [side]: unless(everyPort, set, negated) });
  };

/** `TYPE` with all its codes, `TYPE/CODE`, or `any`; for iptables 255 is `any`, too. */
const icmpType: Condition = (value, negated, family) => {
  const number = exactly(family === 4 ? protocols.icmp : protocols.icmpv6);
  const [typeText = '', codeText, more] = value.split('/');
  const type = whole(typeText, 255);
  const code = codeText === undefined ? undefined : whole(codeText, 255);
  if (more !== undefined) return undefined;
  if (value === 'any' || (family === 4 && type === 255 && codeText === undefined)) {
    return matching({ protocol: number, ...(negated ? { states: [] } : {}) });
  }
  if (type === undefined || (codeText !== undefined && code === undefined)) return undefined;
  if (family === 4 && type === 255) return undefined;
  const first = type * 256;
  const set = code === undefined ? between(first, first + 255) : exactly(first + code);
  return matching({ protocol: number, destinationPort: unless(everyPort, set, negated) });
};

const states: Condition = (value, negated) => {
  const words = value.split(',').map((word) => word.toLowerCase());
  if (!words.every((word) => connectionStates.some((state) => state === word))) return undefined;
  return matching({
    states: connectionStates.filter((state) => words.includes(state) !== negated),
  });
};

const interfaces =
  (side: 'inInterface' | 'outInterface'): Condition =>
  (value, negated) => {
    const set = value.endsWith('+') ? namedLike(value.slice(0, -1)) : named(value);
    return matching({ [side]: unless(everyName, set, negated) });
  };

const conditions: ReadonlyMap<string, Condition> = new Map(
  (
    [
      ['-s --source --src', addresses('source')],
      ['-d --destination --dst', addresses('destination')],
      ['--src-range', addresses('source')],
      ['--dst-range', addresses('destination')],
      ['-p --protocol --proto', protocol],
      ['--sport --source-port --sports --source-ports', ports('sourcePort')],
      ['--dport --destination-port --dports --destination-ports', ports('destinationPort')],
      ['--icmp-type --icmpv6-type', icmpType],
      ['--ctstate --state', states],
      ['-i --in-interface', interfaces('inInterface')],
      ['-o --out-interface', interfaces('outInterface')],
      ['-m --match', (value) => (modules.has(value) ? everything : undefined)],
      ['--comment', () => everything],
    ] satisfies readonly (readonly [string, Condition])[]
  ).flatMap(([names, condition]) =>
    names.split(' ').map((name): [string, Condition] => [name, condition]),
  ),
);

/** The packets an option of a rule lets pass; undefined when it has no model. */
export function conditionOf(option: SavedOption, family: Family): Match | undefined {
  const { name, negated, values } = option;
  const [value, ...more] = values;
  if (value === undefined || more.length > 0) return undefined;
  return conditions.get(name)?.(value, negated, family);
}
