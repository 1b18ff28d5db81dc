import { portNamed } from '#ports';
import { matching, protocols, unreadable } from '../model.ts';
import type { Interval, Match } from '../model.ts';
import type { Book } from '../book.ts';
import type { Command } from '../commands.ts';
import { icmpRange, numberIn, packetsOfService, portRange, protocolNumber } from '../services.ts';

/** What an application, or a term of one, has been told so far. */
interface Telling {
  protocol?: number;
  sourcePort?: Interval<number>;
  destinationPort?: Interval<number>;
  type?: number;
  code?: number;
  doubtful?: true;
}

/** Those of Junos that are one port of one protocol. */
const builtIn: Readonly<Record<string, number>> = {
  http: protocols.tcp,
  https: protocols.tcp,
  ssh: protocols.tcp,
  telnet: protocols.tcp,
  smtp: protocols.tcp,
  ntp: protocols.udp,
};

/** Fills the applications every SRX has in, as far as they are known here. */
export function tellBuiltIn(book: Book<Match>): void {
  book.set('any', matching({}));
  for (const [name, protocol] of Object.entries(builtIn)) {
    const port = portNamed(name) ?? 0;
    const range = { from: port, until: port + 1 };
    const match = packetsOfService({ protocol, sourcePort: undefined, destinationPort: range });
    book.set(`junos-${name}`, match);
  }
}

/** The applications of a configuration, told in any number of commands. */
export class Applications {
  readonly #told = new Map<string, Map<string, Telling>>();

  /** `NAME protocol tcp destination-port 80`, `NAME term T protocol …`. */
  tell({ words, position }: Command, at: number): void {
    const [name = '', ...rest] = words.slice(at);
    const [term, values] = rest[0] === 'term' ? [rest[1] ?? '', rest.slice(2)] : ['', rest];
    const terms = this.#told.get(name) ?? new Map<string, Telling>();
    const telling = terms.get(term) ?? {};
    terms.set(term, telling);
    this.#told.set(name, terms);
    for (let next = 0; next < values.length; next += 2) {
      const [key = '', value = ''] = values.slice(next);
      if (!tellField(telling, key, value)) {
        throw unreadable(position, `${key} ${value}`, 'a protocol, its ports or type');
      }
    }
  }

  /** Puts all that were told into the book. */
  into(book: Book<Match>): void {
    for (const [name, terms] of this.#told) {
      // An application of terms says nothing besides them.
      const own = [...terms].filter(([term]) => term !== '' || terms.size === 1);
      for (const [, telling] of own) {
        const { protocol, type, code, sourcePort, doubtful } = telling;
        const icmp = type === undefined ? undefined : icmpRange(type, code);
        if (protocol === undefined || doubtful === true) book.doubt(name);
        else {
          const destinationPort = telling.destinationPort ?? icmp;
          book.set(name, packetsOfService({ protocol, sourcePort, destinationPort }));
        }
      }
    }
  }
}

/** False for a value that cannot be right. */
function tellField(telling: Telling, key: string, value: string): boolean {
  const ranged = (): Interval<number> | undefined => {
    const named = portNamed(value);
    return named === undefined ? portRange(value) : { from: named, until: named + 1 };
  };
  if (key === 'protocol') return assign(telling, 'protocol', protocolNumber(value));
  if (key === 'source-port') return assign(telling, 'sourcePort', ranged());
  if (key === 'destination-port') return assign(telling, 'destinationPort', ranged());
  if (/^icmp6?-type$/u.test(key)) return assign(telling, 'type', numberIn(value, 255));
  if (/^icmp6?-code$/u.test(key)) return assign(telling, 'code', numberIn(value, 255));
  // Remote procedure calls and the like are told apart by more than ports.
  if (!/^(?:inactivity-timeout|application-protocol|alg|description)$/u.test(key)) {
    telling.doubtful = true;
  }
  return true;
}

function assign<Key extends keyof Telling>(
  telling: Telling,
  key: Key,
  value: Telling[Key] | undefined,
): boolean {
  if (value === undefined) return false;
  telling[key] = value;
  return true;
}
