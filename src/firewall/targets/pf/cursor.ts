import { portNamed } from '#ports';
import {
  addressesWithout,
  between,
  differenceOf,
  everyAddress,
  everyPort,
  joinAddresses,
  parseAddresses,
  unionOf,
  unreadable,
} from '../model.ts';
import type { AddressSet, IntervalSet, Position } from '../model.ts';
import type { Book } from '../book.ts';
import { numberIn, portRange } from '../services.ts';
import type { Statement, Token } from './statements.ts';

/** One side of a rule; the device's own addresses are known by this name only. */
export interface Side {
  readonly set: AddressSet;
  /** Only addresses of the device, or none of them. */
  readonly self: 'only' | 'none' | undefined;
}

/** Reads the tokens of a statement one after the other. */
export class Cursor {
  /** What has no model, as written. */
  readonly unknown: string[] = [];
  readonly position: Position;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor({ tokens, position }: Statement) {
    this.#tokens = tokens;
    this.position = position;
  }

  get here(): string {
    return this.#tokens[this.#at]?.text ?? '';
  }

  get ended(): boolean {
    return this.#at >= this.#tokens.length;
  }

  take(): string {
    this.#at += 1;
    return this.#tokens[this.#at - 1]?.text ?? '';
  }

  takeIf(...texts: readonly string[]): boolean {
    const { kind, text = '' } = this.#tokens[this.#at] ?? {};
    if (kind === 'text' || kind === undefined || !texts.includes(text)) return false;
    this.#at += 1;
    return true;
  }

  fault(allowed: string): Error {
    return unreadable(this.position, this.ended ? 'the end of the line' : this.here, allowed);
  }

  /** What stands in brackets here, passed over; nothing where none open. */
  brackets(): void {
    if (!this.takeIf('(')) return;
    while (!this.ended && !this.takeIf(')')) this.#at += 1;
  }

  /** One value, or all of a list in braces. */
  list<Value>(value: () => Value): readonly Value[] {
    if (!this.takeIf('{')) return [value()];
    const values: Value[] = [];
    while (!this.takeIf('}')) {
      if (this.ended) throw this.fault('}');
      if (!this.takeIf(',')) values.push(value());
    }
    return values;
  }

  /** The addresses of `from` or `to`. */
  side(tables: Book<AddressSet>): Side {
    const sides = this.list(() => this.#host(tables));
    const [only] = sides;
    if (only !== undefined && sides.length === 1) return only;
    if (sides.some(({ self }) => self !== undefined)) {
      this.unknown.push('(self) in a list');
      return { set: everyAddress, self: undefined };
    }
    return { set: joinAddresses(sides.map(({ set }) => set)), self: undefined };
  }

  #host(tables: Book<AddressSet>): Side {
    const negated = this.takeIf('!');
    const known = this.#named(tables);
    if (known === 'self') return { set: everyAddress, self: negated ? 'none' : 'only' };
    if (known === undefined) return { set: everyAddress, self: undefined };
    return { set: negated ? addressesWithout(everyAddress, known) : known, self: undefined };
  }

  #named(tables: Book<AddressSet>): AddressSet | 'self' | undefined {
    if (this.takeIf('<')) {
      const name = this.take();
      if (!this.takeIf('>')) throw this.fault('>');
      const sets = tables.resolve(name);
      if (sets === undefined) this.unknown.push(`<${name}>`);
      return sets === undefined ? undefined : joinAddresses(sets);
    }
    const dynamic = this.takeIf('(');
    if (this.ended) throw this.fault('an address, a table or (self)');
    const word = this.take();
    if (dynamic && !this.takeIf(')')) throw this.fault(')');
    if (word === 'self') return 'self';
    if (word === 'any') return everyAddress;
    if (this.takeIf('-')) return this.#range(word, this.take());
    const set = /^[\d.:a-f]/iu.test(word) ? parseAddresses(short(word)) : undefined;
    // Names of interfaces and hosts stand for addresses that are known elsewhere.
    if (set === undefined) {
      if (!/^[A-Za-z][\w.:-]*$/u.test(word)) throw unreadable(this.position, word, 'an address');
      this.unknown.push(dynamic ? `(${word})` : word);
    }
    return set;
  }

  #range(low: string, high: string): AddressSet {
    const set = parseAddresses(`${low}-${high}`);
    if (set === undefined) throw unreadable(this.position, `${low} - ${high}`, 'LOW - HIGH');
    return set;
  }

  /** The ports behind the word `port`. */
  ports(): IntervalSet<number> {
    const sets = this.list(() => this.#portSet());
    return unionOf(sets.flat());
  }

  #portSet(): IntervalSet<number> {
    for (const operator of ['=', '!=', '<', '<=', '>', '>=']) {
      if (!this.takeIf(operator)) continue;
      const port = this.#port(this.take());
      return port === undefined ? everyPort : compared(operator, port);
    }
    const word = this.take();
    const range = portRange(word, ':');
    if (this.takeIf('><', '<>')) {
      const operator = this.#tokens[this.#at - 1]?.text;
      const [low, high] = [this.#port(word), this.#port(this.take())];
      if (low === undefined || high === undefined) return everyPort;
      // Exclusive on both ends, as pf has it.
      return operator === '><'
        ? unionOf([{ from: low + 1, until: high }])
        : unionOf([
            { from: 0, until: low },
            { from: high + 1, until: 65_536 },
          ]);
    }
    if (range !== undefined) return [range];
    if (word.includes(':')) throw unreadable(this.position, word, 'a port or LOW:HIGH');
    const port = this.#port(word);
    return port === undefined ? everyPort : between(port, port);
  }

  #port(word: string): number | undefined {
    const port = numberIn(word, 65_535) ?? portNamed(word);
    if (port !== undefined) return port;
    if (!/^[A-Za-z][\w-]*$/u.test(word)) throw unreadable(this.position, word, 'a port');
    this.unknown.push(`port ${word}`);
    return undefined;
  }
}

/** `10/8` is `10.0.0.0/8`. */
function short(word: string): string {
  const [address = '', prefix] = word.split('/');
  if (prefix === undefined || !/^\d+(?:\.\d+){0,2}$/u.test(address)) return word;
  return `${[...address.split('.'), '0', '0', '0'].slice(0, 4).join('.')}/${prefix}`;
}

function compared(operator: string, port: number): IntervalSet<number> {
  const own = between(port, port);
  if (operator === '=') return own;
  if (operator === '!=') return differenceOf(everyPort, own);
  const below = unionOf([{ from: 0, until: operator === '<' ? port : port + 1 }]);
  const above = unionOf([{ from: operator === '>' ? port + 1 : port, until: 65_536 }]);
  return operator.startsWith('<') ? below : above;
}
