import {
  connectionStates,
  differenceOf,
  everyName,
  everyPort,
  everyProtocol,
  exactly,
  matching,
  named,
  protocols,
  unionOf,
} from '../model.ts';
import type { AddressSet, ConnectionState, IntervalSet, Match, Verdict } from '../model.ts';
import { packetsOf } from '../family.ts';
import type { Book } from '../book.ts';
import { statesOfType } from '../neighbours.ts';
import { icmpRange, numberIn, protocolNumber } from '../services.ts';
import { Cursor } from './cursor.ts';
import type { Side } from './cursor.ts';
import type { Statement } from './statements.ts';

/** A rule as it stands in the file. */
export interface PfRule {
  readonly statement: Statement;
  readonly verdict: Verdict;
  readonly quick: boolean;
  /** Undefined for both. */
  readonly way: 'in' | 'out' | undefined;
  readonly interfaces: IntervalSet<string>;
  readonly source: Side;
  readonly destination: Side;
  /** Everything else it matches. */
  readonly match: Match;
  /** Packets of the link, such as neighbour discovery, which are never passed on. */
  readonly ofLink: boolean;
  readonly label: string | undefined;
  readonly unknown: readonly string[];
}

const anywhere: Side = {
  set: matching({}).source,
  self: undefined,
};

/** Types of ICMP by the names pf prints for them. */
const typeNames: Readonly<Record<string, readonly [four: number, six: number]>> = {
  echorep: [0, 129],
  unreach: [3, 1],
  echoreq: [8, 128],
  timex: [11, 3],
  paramprob: [12, 4],
  toobig: [255, 2],
  routersol: [10, 133],
  routeradv: [9, 134],
  neighbrsol: [255, 135],
  neighbradv: [255, 136],
};

/**
 * Understands `pass …` or `block …`; what has no model stands in `unknown`.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE`
 */
export function ruleOf(statement: Statement, tables: Book<AddressSet>): PfRule {
  const cursor = new Cursor(statement);
  const verdict = verdictAt(cursor);
  const way = cursor.takeIf('in') ? 'in' : cursor.takeIf('out') ? 'out' : undefined;
  if (cursor.takeIf('log')) cursor.brackets();
  const quick = cursor.takeIf('quick');
  const interfaces = cursor.takeIf('on') ? interfacesAt(cursor) : everyName;
  const family = cursor.takeIf('inet') ? 4 : cursor.takeIf('inet6') ? 6 : undefined;
  const protocol = cursor.takeIf('proto') ? protocolsAt(cursor) : everyProtocol;
  let source = anywhere;
  let destination = anywhere;
  let sourcePort = everyPort;
  let destinationPort = everyPort;
  if (!cursor.takeIf('all')) {
    if (cursor.takeIf('from') && cursor.here !== 'port') source = cursor.side(tables);
    if (cursor.takeIf('port')) sourcePort = cursor.ports();
    if (cursor.takeIf('to') && cursor.here !== 'port') destination = cursor.side(tables);
    if (cursor.takeIf('port')) destinationPort = cursor.ports();
  }
  const options = optionsAt(cursor, protocol);
  const { types } = options;
  const base = family === undefined ? matching({}) : packetsOf(family);
  const link =
    types !== undefined &&
    protocol.every(({ from }) => from === protocols.icmpv6) &&
    types.every((type) => statesOfType(type).includes('untracked'));
  return {
    statement,
    verdict,
    quick,
    way,
    interfaces,
    source,
    destination,
    ofLink: link,
    label: options.label,
    match: {
      ...base,
      protocol,
      sourcePort,
      destinationPort: types === undefined ? destinationPort : unionOf(types),
      states: verdict === 'accept' ? statesOf(options, link) : refusedStates(options),
    },
    unknown: cursor.unknown,
  };
}

function verdictAt(cursor: Cursor): Verdict {
  if (cursor.takeIf('pass')) return 'accept';
  if (!cursor.takeIf('block')) throw cursor.fault('pass or block');
  if (cursor.takeIf('return', 'return-rst', 'return-icmp', 'return-icmp6')) {
    cursor.brackets();
    return 'reject';
  }
  cursor.takeIf('drop');
  return 'drop';
}

function interfacesAt(cursor: Cursor): IntervalSet<string> {
  return unionOf(
    cursor
      .list(() => {
        const negated = cursor.takeIf('!');
        if (cursor.ended) throw cursor.fault('an interface');
        const name = named(cursor.take());
        return negated ? differenceOf(everyName, name) : name;
      })
      .flat(),
  );
}

function protocolsAt(cursor: Cursor): IntervalSet<number> {
  return unionOf(
    cursor
      .list(() => {
        const number = protocolNumber(cursor.here);
        if (number === undefined) throw cursor.fault('a protocol');
        cursor.take();
        return exactly(number);
      })
      .flat(),
  );
}

interface Options {
  types: IntervalSet<number> | undefined;
  label: string | undefined;
  state: 'keep' | 'no';
  flags: 'first' | 'any' | undefined;
}

/** Options that narrow nothing, and whether a value follows. */
const harmless: ReadonlyMap<string, boolean> = new Map([
  ['allow-opts', false],
  ['tag', true],
  ['queue', true],
]);

function optionsAt(cursor: Cursor, protocol: IntervalSet<number>): Options {
  const found: Options = { types: undefined, label: undefined, state: 'keep', flags: undefined };
  while (!cursor.ended) {
    const word = cursor.take();
    if (word === 'flags') found.flags = flagsAt(cursor);
    else if (word === 'icmp-type' || word === 'icmp6-type')
      found.types = typesAt(cursor, word, protocol);
    else if (word === 'label') found.label = cursor.take();
    else if (/^(?:keep|modulate|synproxy|no)$/u.test(word) && cursor.takeIf('state')) {
      found.state = word === 'no' ? 'no' : 'keep';
      cursor.brackets();
    } else if (harmless.has(word)) {
      if (harmless.get(word) === true) {
        cursor.take();
        cursor.brackets();
      }
    } else {
      // Users, probabilities, tags of other rules: all that follows may belong to it.
      const rest = [word];
      while (!cursor.ended) rest.push(cursor.take());
      cursor.unknown.push(rest.join(' '));
    }
  }
  return found;
}

function flagsAt(cursor: Cursor): Options['flags'] {
  const word = cursor.take();
  if (word === 'any') return 'any';
  if (word === 'S/SA' || word === 'S/SAFR') return 'first';
  cursor.unknown.push(`flags ${word}`);
  return 'any';
}

function typesAt(cursor: Cursor, key: string, protocol: IntervalSet<number>): IntervalSet<number> {
  const six = key === 'icmp6-type';
  const own = six ? protocols.icmpv6 : protocols.icmp;
  if (!protocol.every(({ from, until }) => from === own && until === from + 1)) {
    throw cursor.fault('a type behind its own protocol, icmp or icmp6');
  }
  return unionOf(
    cursor
      .list(() => {
        const word = cursor.here;
        const name = Object.hasOwn(typeNames, word) ? typeNames[word]?.[six ? 1 : 0] : undefined;
        const type = name ?? numberIn(word, 255);
        if (type === undefined) throw cursor.fault('a type of ICMP');
        cursor.take();
        const code = cursor.takeIf('code') ? numberIn(cursor.take(), 255) : undefined;
        return icmpRange(type, code) ?? [];
      })
      .flat(),
  );
}

/** A rule that keeps state is asked about the first packet; one without state about each. */
function statesOf({ state, flags }: Options, link: boolean): readonly ConnectionState[] {
  if (state === 'no' && link) return ['untracked'];
  if (flags === 'any') return connectionStates;
  return state === 'no' && flags === undefined ? connectionStates : ['new'];
}

/** A refusal of first packets leaves those of no connection alone. */
const refusedStates = ({ flags }: Options): readonly ConnectionState[] =>
  flags === 'first' ? ['new'] : connectionStates;
