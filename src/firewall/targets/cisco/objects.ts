import { between, matching, parseAddresses, protocols, unreadable } from '../model.ts';
import type { AddressSet, Interval, Match, Position } from '../model.ts';
import { Book } from '../book.ts';
import { icmpRange, numberIn, packetsOfService, protocolNumber } from '../services.ts';
import { portIn } from './dialect.ts';
import type { Dialect } from './dialect.ts';

/** The objects and object groups of a configuration. */
export interface CiscoBooks {
  readonly addresses: Book<AddressSet>;
  readonly services: Book<Match>;
  readonly protocols: Book<Match>;
  readonly ports: Book<Interval<number>>;
}

export const emptyBooks = (): CiscoBooks => ({
  addresses: new Book(),
  services: new Book(),
  protocols: new Book(),
  ports: new Book(),
});

/** What a line of a block is told, and where. */
export type BlockLine = (words: readonly string[], position: Position) => void;

/**
 * The block a line such as `object-group network NAME` opens: what to do with each line of it;
 * undefined when the line opens none.
 */
export function blockOf(
  words: readonly string[],
  books: CiscoBooks,
  dialect: Dialect,
): BlockLine | undefined {
  const [kind = '', type = '', name = '', protocol] = words;
  if (kind !== 'object' && kind !== 'object-group') return undefined;
  if (type === 'network' || type === 'v6-network') {
    books.addresses.group(name, []);
    return (line, position) => {
      networkLine(line, position, name, books.addresses, dialect);
    };
  }
  if (type === 'service' && protocol !== undefined) {
    books.ports.group(name, []);
    return (line, position) => {
      portLine(line, position, name, books.ports);
    };
  }
  if (type === 'service') {
    books.services.group(name, []);
    return (line) => {
      serviceLine(line, name, books.services);
    };
  }
  if (type === 'protocol') {
    books.protocols.group(name, []);
    return ([word = '', value = '']) => {
      const number = protocolNumber(value);
      if (word === 'group-object') books.protocols.group(name, [value]);
      else if (value === 'ip') books.protocols.set(name, matching({}));
      else if (number === undefined) books.protocols.doubt(name);
      else books.protocols.set(name, matching({ protocol: between(number, number) }));
    };
  }
  // Users, security groups and types of ICMP: whatever names them will not be known.
  return () => undefined;
}

/** Words a block may hold that say nothing about packets. */
const isRemark = (word: string): boolean => word === 'description' || word === 'nat';

function networkLine(
  line: readonly string[],
  position: Position,
  name: string,
  book: Book<AddressSet>,
  dialect: Dialect,
): void {
  const [first = '', ...rest] = line;
  if (isRemark(first)) return;
  if (first === 'group-object') {
    book.group(name, rest.slice(0, 1));
    return;
  }
  // ASA says what kind follows, IOS begins with it.
  const kindly = first === 'network-object' || first === 'subnet' ? rest : line;
  const [word = '', value = '', other = ''] = kindly;
  if (word === 'object') {
    book.group(name, [value]);
    return;
  }
  if (word === 'fqdn') {
    book.doubt(name);
    return;
  }
  const set =
    word === 'host'
      ? parseAddresses(value)
      : word === 'range'
        ? parseAddresses(`${value}-${other}`)
        : word === 'any'
          ? parseAddresses(word)
          : word.includes(':') || word.includes('/')
            ? parseAddresses(word)
            : dialect.masked(word, value);
  if (set === undefined) throw unreadable(position, line.join(' '), 'a host, a network or a range');
  book.set(name, set);
}

/** `port-object eq 80`, `port-object range 5000 5010`, `group-object NAME`. */
function portLine(
  [word = '', operator = '', low = '', high = low]: readonly string[],
  position: Position,
  name: string,
  book: Book<Interval<number>>,
): void {
  if (isRemark(word)) return;
  if (word === 'group-object') {
    book.group(name, [operator]);
    return;
  }
  const [from, to] = [portIn(low), portIn(high)];
  if (word !== 'port-object' || !/^(?:eq|range)$/u.test(operator)) {
    throw unreadable(position, [word, operator].join(' '), 'port-object eq or range');
  }
  if (from === undefined || to === undefined || from > to) book.doubt(name);
  else book.set(name, ...between(from, to));
}

/** `service-object tcp source eq 53 destination range 80 90`, `service tcp …`, and the words of IOS. */
function serviceLine(line: readonly string[], name: string, book: Book<Match>): void {
  const [first = '', ...rest] = line;
  if (isRemark(first)) return;
  if (first === 'group-object' || (first === 'service-object' && rest[0] === 'object')) {
    book.group(name, [rest.at(-1) ?? '']);
    return;
  }
  const [protocol = '', ...words] = /^service(?:-object)?$/u.test(first) ? rest : line;
  const match = serviceMatch(protocol, words);
  if (match === undefined) book.doubt(name);
  else book.set(name, ...match);
}

function serviceMatch(protocol: string, words: readonly string[]): readonly Match[] | undefined {
  if (protocol === 'ip' && words.length === 0) return [matching({})];
  if (protocol === 'tcp-udp') {
    const both = ['tcp', 'udp'].map((each) => serviceMatch(each, words));
    return both.includes(undefined) ? undefined : both.flatMap((each) => each ?? []);
  }
  const number = protocolNumber(protocol);
  if (number === undefined) return undefined;
  const ranges: Record<'source' | 'destination', Interval<number> | undefined> = {
    source: undefined,
    destination: undefined,
  };
  if (number === protocols.icmp || number === protocols.icmpv6) {
    const [type, code] = words.map((word) => numberIn(word, 255));
    if (words.length > 0 && type === undefined) return undefined;
    ranges.destination = type === undefined ? undefined : icmpRange(type, code);
    return [
      packetsOfService({
        protocol: number,
        sourcePort: undefined,
        destinationPort: ranges.destination,
      }),
    ];
  }
  const rest = [...words];
  while (rest.length > 0) {
    const word = rest[0] ?? '';
    const side = word === 'source' || word === 'destination' ? word : 'destination';
    if (side === word) rest.shift();
    const operator = rest.shift();
    const low = portIn(
      operator === 'eq' || operator === 'range' ? (rest.shift() ?? '') : (operator ?? ''),
    );
    const high = operator === 'range' ? portIn(rest.shift() ?? '') : low;
    if (low === undefined || high === undefined || low > high) return undefined;
    ranges[side] = between(low, high)[0];
  }
  return [
    packetsOfService({
      protocol: number,
      sourcePort: ranges.source,
      destinationPort: ranges.destination,
    }),
  ];
}
