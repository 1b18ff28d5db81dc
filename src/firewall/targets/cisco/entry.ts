import {
  between,
  commonAddresses,
  differenceOf,
  everyAddress,
  everyIPv4,
  everyIPv6,
  everyPort,
  intersect,
  isEmpty,
  matching,
  parseAddresses,
  portProtocols,
  protocols,
  isWithin,
  unreadable,
  unionOf,
} from '../model.ts';
import type { AddressSet, Interval, IntervalSet, Match, Position, Verdict } from '../model.ts';
import { packetsOf } from '../family.ts';
import { icmpRange, isIcmp, numberIn, protocolNumber } from '../services.ts';
import { portIn } from './dialect.ts';
import type { Dialect } from './dialect.ts';
import type { CiscoBooks } from './objects.ts';

/** One line of an access list, from `permit` or `deny` on. */
export interface Entry {
  readonly verdict: Verdict;
  readonly matches: readonly Match[];
  /** Only packets of connections that have begun: `established`. */
  readonly established: boolean;
  readonly inactive: boolean;
  /** Neighbour discovery, which is about the device itself. */
  readonly ownLink: boolean;
  readonly unknown: readonly string[];
}

/** Types of ICMP by the names Cisco has for them. */
const icmpNames: Readonly<Record<4 | 6, Readonly<Record<string, number>>>> = {
  4: { 'echo-reply': 0, unreachable: 3, echo: 8, 'time-exceeded': 11, 'parameter-problem': 12 },
  6: {
    unreachable: 1,
    'packet-too-big': 2,
    'time-exceeded': 3,
    'parameter-problem': 4,
    'echo-request': 128,
    'echo-reply': 129,
  },
};

/** Words about packets of the link itself, which no router passes on. */
const ownLink = /^(?:nd-(?:na|ns)|router-(?:advertisement|solicitation))$/u;

/** What follows an entry without narrowing it, and how many words it takes. */
const harmless: ReadonlyMap<string, RegExp> = new Map([
  [
    'log',
    /^(?:\d+|disable|default|interval|emergencies|alerts|critical|errors|warnings|notifications|informational|debugging)$/u,
  ],
  ['log-input', /^$/u],
]);

class Reading {
  readonly unknown: string[] = [];
  readonly #words: readonly string[];
  readonly #position: Position;
  readonly #books: CiscoBooks;
  readonly #dialect: Dialect;
  #at = 0;

  constructor(words: readonly string[], position: Position, books: CiscoBooks, dialect: Dialect) {
    this.#words = words;
    this.#position = position;
    this.#books = books;
    this.#dialect = dialect;
  }

  get next(): string | undefined {
    return this.#words[this.#at];
  }

  take(allowed: string): string {
    const word = this.next;
    if (word === undefined) throw unreadable(this.#position, 'the end of the line', allowed);
    this.#at += 1;
    return word;
  }

  fault(met: string, allowed: string): Error {
    return unreadable(this.#position, met, allowed);
  }

  /** What stands in the place of the protocol: one, or a group or object of services. */
  services(): readonly Match[] {
    const word = this.take('a protocol');
    const { services, protocols: groups } = this.#books;
    if (word === 'object-group' || word === 'object') {
      const name = this.take('a service');
      const found = (services.has(name) ? services : groups).resolve(name);
      if (found === undefined) this.unknown.push(`${word} ${name}`);
      return found ?? [matching({})];
    }
    if (word === 'ip' || word === 'ipv6' || word === '0') return [matching({})];
    const named = protocolNumber(word);
    if (named === undefined) throw this.fault(word, 'a protocol by its name or number');
    // In lists of IPv6 the word means its own; the number means itself.
    const number = word === 'icmp' && this.#dialect.family === 6 ? protocols.icmpv6 : named;
    return [matching({ protocol: between(number, number) })];
  }

  side(): AddressSet {
    const word = this.take('an address');
    if (word === 'any') return everyAddress;
    if (word === 'any4') return everyIPv4;
    if (word === 'any6') return everyIPv6;
    if (word === 'host') return this.#address(this.take('an address'));
    if (word === 'object' || word === 'object-group') {
      const name = this.take('a group of addresses');
      const sets = this.#books.addresses.resolve(name);
      if (sets === undefined) this.unknown.push(`${word} ${name}`);
      return sets === undefined ? everyAddress : addressUnion(sets);
    }
    if (word === 'interface') return this.#unknownSide(`${word} ${this.take('an interface')}`);
    if (word.includes(':')) return this.#address(word);
    const mask = this.take('a mask');
    const set = this.#dialect.masked(word, mask);
    return set ?? this.#unknownSide(`${word} ${mask}`);
  }

  #address(text: string): AddressSet {
    const set = text === 'any' || text.includes('-') ? undefined : parseAddresses(text);
    if (set === undefined) throw this.fault(text, 'an address');
    return set;
  }

  #unknownSide(written: string): AddressSet {
    this.unknown.push(written);
    return everyAddress;
  }

  /** `eq`, `neq`, `lt`, `gt`, `range` or a group of ports; undefined when none stands here. */
  ports(): IntervalSet<number> | undefined {
    const word = this.next ?? '';
    if (word === 'object-group') {
      const name = this.#words[this.#at + 1] ?? '';
      if (!this.#books.ports.has(name)) return undefined;
      this.#at += 2;
      const found = this.#books.ports.resolve(name);
      if (found === undefined) this.unknown.push(`object-group ${name}`);
      return found === undefined ? everyPort : unionOf(found);
    }
    if (!/^(?:eq|neq|lt|gt|range)$/u.test(word)) return undefined;
    this.#at += 1;
    const first = this.#port();
    const start = first ?? 0;
    if (word === 'range') {
      const last = this.#port();
      if (first === undefined || last === undefined) return everyPort;
      return between(Math.min(start, last), Math.max(start, last));
    }
    if (first === undefined) return everyPort;
    if (word === 'lt') return start === 0 ? [] : between(0, start - 1);
    if (word === 'gt') return start === 65_535 ? [] : between(start + 1, 65_535);
    const all = [...between(start, start)];
    while (this.next !== undefined && portIn(this.next) !== undefined) {
      const port = portIn(this.next) ?? 0;
      all.push({ from: port, until: port + 1 });
      this.#at += 1;
    }
    const set = unionOf(all);
    return word === 'eq' ? set : differenceOf(everyPort, set);
  }

  /** A port by number or name; a name nobody here knows makes the entry unknown. */
  #port(): number | undefined {
    const word = this.take('a port');
    const port = portIn(word);
    if (port === undefined) this.unknown.push(`port ${word}`);
    return port;
  }

  /** Type and code of ICMP, by number or name. */
  icmp(family: 4 | 6): Interval<number> | undefined {
    const word = this.next ?? '';
    const names = icmpNames[family];
    const type = Object.hasOwn(names, word) ? names[word] : numberIn(word, 255);
    if (type === undefined) return undefined;
    this.#at += 1;
    const code = numberIn(this.next, 255);
    if (code !== undefined) this.#at += 1;
    return icmpRange(type, code);
  }

  /** The words behind the conditions; what has no model is kept as written. */
  options(): Pick<Entry, 'established' | 'inactive' | 'ownLink'> {
    const found = { established: false, inactive: false, ownLink: false };
    while (this.next !== undefined) {
      const word = this.take('');
      const more = harmless.get(word);
      if (more !== undefined) {
        while (this.next !== undefined && more.test(this.next)) this.#at += 1;
      } else if (word === 'inactive') found.inactive = true;
      else if (word === 'established') found.established = true;
      else if (word === 'sequence') this.#at += 1;
      else if (ownLink.test(word)) found.ownLink = true;
      else {
        this.unknown.push([word, ...this.#words.slice(this.#at)].join(' '));
        this.#at = this.#words.length;
      }
    }
    return found;
  }
}

function addressUnion(sets: readonly AddressSet[]): AddressSet {
  return {
    v4: unionOf(sets.flatMap(({ v4 }) => v4)),
    v6: unionOf(sets.flatMap(({ v6 }) => v6)),
  };
}

/**
 * Understands a line of an access list from its verdict on.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE` with file and line
 */
export function entryOf(
  words: readonly string[],
  position: Position,
  books: CiscoBooks,
  dialect: Dialect,
): Entry {
  const reading = new Reading(words, position, books, dialect);
  const word = reading.take('permit or deny');
  if (word !== 'permit' && word !== 'deny') throw reading.fault(word, 'permit or deny');
  const services = reading.services();
  const ported = services.every(({ protocol }) => isWithin(protocol, portProtocols));
  const source = reading.side();
  const sourcePort = ported ? reading.ports() : undefined;
  const destination = reading.side();
  const destinationPort = ported ? reading.ports() : undefined;
  const [icmp] = services.flatMap(({ protocol }) => (protocol.length === 1 ? protocol : []));
  const type =
    icmp !== undefined && isIcmp(icmp.from) && icmp.until === icmp.from + 1
      ? reading.icmp(icmp.from === protocols.icmp ? 4 : 6)
      : undefined;
  const options = reading.options();
  const { family } = dialect;
  const match = matching({
    source: commonAddresses(source, family === undefined ? everyAddress : packetsOf(family).source),
    destination,
    ...(sourcePort === undefined ? {} : { sourcePort }),
    ...(destinationPort === undefined ? {} : { destinationPort }),
    ...(type === undefined ? {} : { destinationPort: [type] }),
  });
  return {
    verdict: word === 'permit' ? 'accept' : 'drop',
    matches: services
      .map((service) => intersect(match, service))
      .map((each) => (family === undefined ? each : intersect(each, packetsOf(family))))
      .filter((each) => !isEmpty(each)),
    ...options,
    unknown: reading.unknown,
  };
}
