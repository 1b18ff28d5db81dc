import {
  everyAddress,
  everyIPv4,
  everyIPv6,
  intersect,
  isEmpty,
  matching,
  parseAddresses,
  protocols,
  sameMatch,
  unreadable,
} from '../model.ts';
import type { Family, Interval, Match, Rule, RuleFile, RuleSet } from '../model.ts';
import { Book } from '../book.ts';
import { underMask } from '../cisco/dialect.ts';
import { packetsOf } from '../family.ts';
import { rulesOfPolicy } from '../policies.ts';
import type { Books } from '../policies.ts';
import { icmpRange, numberIn, packetsOfService, portRange } from '../services.ts';
import { chainOfList } from '../stateful.ts';
import { entriesOf } from './tables.ts';
import type { Entry } from './tables.ts';

/** Tables that say what the filter does, and what this reader knows of each. */
const tables: ReadonlyMap<string, (books: Books, entry: Entry) => void> = new Map([
  ['firewall address', (books, entry) => tellAddress(books, entry, 4)],
  ['firewall address6', (books, entry) => tellAddress(books, entry, 6)],
  ['firewall addrgrp', (books, entry) => tellGroup(books.addresses, entry, '4:')],
  ['firewall addrgrp6', (books, entry) => tellGroup(books.addresses, entry, '6:')],
  ['firewall service custom', tellService],
  ['firewall service group', (books, entry) => tellGroup(books.services, entry, '')],
  ['firewall policy', () => undefined],
  ['firewall policy6', refuse],
  ['firewall consolidated policy', refuse],
  ['firewall security-policy', refuse],
]);

function refuse(_: Books, { table, position }: Entry): never {
  throw unreadable(position, `config ${table}`, 'config firewall policy, for both families');
}

/** Fields of a policy that do not say which packets it is about. */
const harmless =
  /^(?:uuid|name|comments|status|action|schedule|service|(?:src|dst)(?:intf|addr6?)|(?:src|dst)addr6?-negate|service-negate|logtraffic|logtraffic-start|nat|ippool|poolname6?|utm-status|inspection-mode|profile-type|profile-group|profile-protocol-options|[\w-]+-profile|[\w-]+-sensor|application-list|auto-asic-offload|capture-packet|match-vip|session-ttl|label|global-label|tcp-mss-(?:sender|receiver)|timeout-send-rst|traffic-shaper(?:-reverse)?)$/u;

/** Reads configurations of FortiOS, whole or the tables about policies. */
export function read(files: readonly RuleFile[]): readonly RuleSet[] {
  return files.map((file) => {
    const device = file.name.replace(/^.*\//u, '').replace(/(?:\.(?:fgt|conf|cfg|txt))+$/u, '');
    const books: Books = { addresses: new Book(), services: new Book() };
    books.addresses.set('4:all', everyIPv4);
    books.addresses.set('6:all', everyIPv6);
    const entries = entriesOf(file, new Set(tables.keys()));
    for (const entry of entries) tables.get(entry.table)?.(books, entry);
    if (!books.services.has('ALL')) books.services.set('ALL', matching({}));
    const rules = entries
      .filter(({ table }) => table === 'firewall policy')
      .flatMap((entry) => rulesOf(entry, books));
    return { device, zones: [], chains: [chainOfList('forward', joined(rules))] };
  });
}

/** The two halves of a last policy about every packet, one of each family, are one rule. */
function joined(rules: readonly Rule[]): readonly Rule[] {
  const [four, six] = rules.slice(-2);
  if (four === undefined || six === undefined || six.position !== four.position) return rules;
  const every = { ...four.match, source: everyAddress, destination: everyAddress };
  const halves =
    sameMatch(four.match, intersect(every, packetsOf(4))) &&
    sameMatch(six.match, intersect(every, packetsOf(6)));
  return halves ? [...rules.slice(0, -2), { ...four, match: every }] : rules;
}

function tellAddress({ addresses }: Books, entry: Entry, family: Family): void {
  const { fields, position } = entry;
  const name = `${family}:${entry.name}`;
  const [type = family === 4 ? 'ipmask' : 'ipprefix'] = fields.get('type') ?? [];
  if (type === 'iprange') {
    const range = [fields.get('start-ip')?.[0] ?? '', fields.get('end-ip')?.[0] ?? ''].join('-');
    addresses.set(name, known(parseAddresses(range), range, entry));
  } else if (type === 'ipmask' || type === 'ipprefix') {
    const [value, mask] = fields.get(family === 4 ? 'subnet' : 'ip6') ?? [];
    const all = family === 4 ? everyIPv4 : everyIPv6;
    const set =
      value === undefined
        ? all
        : mask === undefined
          ? parseAddresses(value === 'any' ? '' : value)
          : underMask(value, mask);
    addresses.set(name, known(set, [value, mask].join(' '), { ...entry, position }));
  } else addresses.doubt(name);
}

function known<Value>(value: Value | undefined, met: string, { position }: Entry): Value {
  if (value === undefined) throw unreadable(position, met.trim(), 'what fits its type');
  return value;
}

function tellGroup(book: Book<unknown>, { name, fields }: Entry, prefix: string): void {
  book.group(
    prefix + name,
    (fields.get('member') ?? []).map((member) => prefix + member),
  );
  if (fields.get('exclude')?.[0] === 'enable') book.doubt(prefix + name);
}

const portFields = [
  ['tcp-portrange', protocols.tcp],
  ['udp-portrange', protocols.udp],
  ['sctp-portrange', protocols.sctp],
] as const;

function tellService({ services }: Books, entry: Entry): void {
  const { name, fields } = entry;
  const [kind = 'TCP/UDP/SCTP'] = fields.get('protocol') ?? [];
  const narrowed = ['iprange', 'fqdn', 'app-service-type', 'helper'].some((key) => {
    const [value = 'auto'] = fields.get(key) ?? [];
    return !/^(?:auto|disable|0\.0\.0\.0)$/u.test(value) && key !== 'helper';
  });
  if (narrowed) services.doubt(name);
  const found = servicesOf(kind, entry);
  if (found === undefined) services.doubt(name);
  else services.set(name, ...found);
}

function servicesOf(kind: string, entry: Entry): readonly Match[] | undefined {
  const { fields } = entry;
  const number = (key: string): number | undefined => {
    const [text] = fields.get(key) ?? [];
    return text === undefined ? undefined : known(numberIn(text, 255), text, entry);
  };
  if (kind === 'IP') {
    const protocol = number('protocol-number') ?? 0;
    return [packetsOfService({ protocol: protocol === 0 ? undefined : protocol, ...everyPortOf })];
  }
  if (kind === 'ICMP' || kind === 'ICMP6') {
    const type = number('icmptype');
    return [
      packetsOfService({
        protocol: kind === 'ICMP' ? protocols.icmp : protocols.icmpv6,
        sourcePort: undefined,
        destinationPort: type === undefined ? undefined : icmpRange(type, number('icmpcode')),
      }),
    ];
  }
  if (kind !== 'TCP/UDP/SCTP' && kind !== 'TCP/UDP/UDP-Lite/SCTP') return undefined;
  return portFields.flatMap(([field, protocol]) =>
    (fields.get(field) ?? []).map((text) => {
      const [to = '', from] = text.split(':');
      return packetsOfService({
        protocol,
        destinationPort: ports(to, entry),
        sourcePort: from === undefined ? undefined : ports(from, entry),
      });
    }),
  );
}

const everyPortOf = { sourcePort: undefined, destinationPort: undefined } as const;

const ports = (text: string, entry: Entry): Interval<number> =>
  known(portRange(text), `ports ${text}`, entry);

/** A policy as one rule for each family it has addresses of. */
function rulesOf(entry: Entry, books: Books): readonly Rule[] {
  const { name, position, fields } = entry;
  const field = (key: string): readonly string[] => fields.get(key) ?? [];
  if (field('status')[0] === 'disable') return [];
  const [action = 'deny'] = field('action');
  const unknown = [...fields]
    .filter(([key]) => !harmless.test(key))
    .map(([key, values]) => `${key} ${values.join(' ')}`);
  const [schedule = 'always'] = field('schedule');
  if (schedule !== 'always') unknown.push(`schedule ${schedule}`);
  if (field('service-negate')[0] === 'enable') unknown.push('service-negate enable');
  if (!/^(?:accept|deny)$/u.test(action)) unknown.push(`action ${action}`);
  const zones = (key: string): readonly string[] => (field(key).includes('any') ? [] : field(key));
  // Internet services and the like stand in the place of addresses, in either family.
  const families = ([4, 6] as const).filter((family) => namesAddresses(entry, family));
  return (families.length === 0 ? ([4, 6] as const) : families).flatMap((family) => {
    const ending = family === 4 ? '' : '6';
    const side = (key: string): readonly string[] =>
      field(key + ending).map((each) => `${family}:${each}`);
    const [source, destination] = [side('srcaddr'), side('dstaddr')];
    const negated = (
      [
        ['source', 'srcaddr'],
        ['destination', 'dstaddr'],
      ] as const
    ).filter(([, key]) => field(`${key}${ending}-negate`)[0] === 'enable');
    const rules = rulesOfPolicy(
      {
        name,
        position,
        comment: field('comments')[0],
        from: zones('srcintf'),
        to: zones('dstintf'),
        source,
        destination,
        services: field('service'),
        negated: new Set(negated.map(([which]) => which)),
        verdict: action === 'deny' ? 'drop' : 'accept',
        unknown,
      },
      books,
    );
    return rules
      .map((rule) => ({ ...rule, match: intersect(rule.match, packetsOf(family)) }))
      .filter(({ match }) => !isEmpty(match));
  });
}

/** True when a policy is told addresses of a family, on one side at least. */
const namesAddresses = ({ fields }: Entry, family: Family): boolean =>
  ['srcaddr', 'dstaddr'].some(
    (key) => (fields.get(family === 4 ? key : `${key}6`) ?? []).length > 0,
  );
