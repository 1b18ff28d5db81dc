import {
  everyAddress,
  everything,
  intersect,
  isEmpty,
  matching,
  named,
  sameMatch,
  unreadable,
} from '../model.ts';
import type { AddressSet, Chain, Rule, RuleFile, RuleSet } from '../model.ts';
import { Book } from '../book.ts';
import { impliedRules } from '../stateful.ts';
import { reasonIn } from '../text.ts';
import { Cursor } from './cursor.ts';
import { ruleOf } from './rule.ts';
import type { PfRule } from './rule.ts';
import { statementsOf } from './statements.ts';
import type { Statement } from './statements.ts';

/** What a file says. */
interface Configuration {
  readonly rules: readonly PfRule[];
  readonly skipped: readonly string[];
}

/** Reads pf.conf, and what `pfctl -sr` prints. */
export function read(files: readonly RuleFile[]): readonly RuleSet[] {
  return files.map((file) => {
    const device = file.name.replace(/^.*\//u, '').replace(/(?:\.(?:pf|conf|rules|txt))+$/u, '');
    const found = parse(file);
    const chains = [
      chainOf(found, 'in', 'own'),
      chainOf(found, 'out', 'own'),
      chainOf(found, 'in', 'passing'),
      chainOf(found, 'out', 'passing'),
    ];
    return { device, zones: [], chains };
  });
}

/** Statements that decide about no packet. */
const silent = /^(?:scrub|queue|altq|match|load|state-defaults)$/u;

function parse(file: RuleFile): Configuration {
  const tables = new Book<AddressSet>();
  const rules: PfRule[] = [];
  const skipped: string[] = [];
  for (const statement of statementsOf(file)) {
    const [first, second] = statement.tokens.map(({ text }) => text);
    const translates = statement.tokens.find(
      ({ kind, text }) =>
        kind === 'word' && /^(?:rdr-to|nat-to|binat-to|af-to|divert-to)$/u.test(text),
    );
    if (translates !== undefined) {
      throw unreadable(statement.position, translates.text, 'rules that only filter');
    }
    if (first === 'pass' || first === 'block') rules.push(ruleOf(statement, tables));
    else if (first === 'table') tellTable(statement, tables);
    else if (first === 'set' && second === 'skip') skipped.push(...skippedAt(statement));
    else if (first === 'anchor' || first === 'antispoof') rules.push(...undecided(statement));
    else if (first !== 'set' && !silent.test(first ?? '')) {
      throw unreadable(statement.position, first ?? '', 'pass, block, table, set or a macro');
    }
  }
  return { rules, skipped };
}

/** Anchors hold rules that are not in the file, and may decide or not. */
function undecided(statement: Statement): readonly PfRule[] {
  const [first = '', second = ''] = statement.tokens.map(({ text }) => text);
  const side = { set: everyAddress, self: undefined };
  return (['accept', 'drop'] as const).map((verdict) => ({
    statement,
    verdict,
    quick: true,
    way: undefined,
    interfaces: everything.inInterface,
    source: side,
    destination: side,
    match: everything,
    ofLink: false,
    label: undefined,
    unknown: [`${first} ${second}`.trim()],
  }));
}

/** `table <name> const { … }`; what others fill while it runs is not known. */
function tellTable(statement: Statement, tables: Book<AddressSet>): void {
  const cursor = new Cursor(statement);
  cursor.take();
  if (!cursor.takeIf('<')) throw cursor.fault('<NAME>');
  const name = cursor.take();
  if (!cursor.takeIf('>')) throw cursor.fault('>');
  let filled = false;
  while (!cursor.ended) {
    if (cursor.takeIf('persist', 'const', 'counters')) continue;
    if (cursor.here === '{') {
      const before = cursor.unknown.length;
      const { set, self } = cursor.side(new Book());
      if (self !== undefined || cursor.unknown.length > before) tables.doubt(name);
      tables.set(name, set);
      filled = true;
    } else {
      // Addresses in a file of their own.
      tables.doubt(name);
      cursor.take();
    }
  }
  if (!filled) tables.doubt(name);
}

function skippedAt(statement: Statement): readonly string[] {
  const cursor = new Cursor(statement);
  cursor.take();
  cursor.take();
  if (!cursor.takeIf('on')) throw cursor.fault('on and interfaces');
  return cursor.list(() => cursor.take());
}

/**
 * What is asked about packets of the device itself, or about those it passes on, which are asked about
 * twice: when they come in and when they go out.
 */
function chainOf(
  { rules, skipped }: Configuration,
  way: 'in' | 'out',
  of: 'own' | 'passing',
): Chain {
  const side = way === 'in' ? 'destination' : 'source';
  const asked = rules
    .filter((rule) => rule.way === undefined || rule.way === way)
    .filter((rule) => rule[side].self !== (of === 'own' ? 'none' : 'only'))
    .filter((rule) => of === 'own' || !rule.ofLink);
  // The last rule that matches decides, but a quick one at once.
  const quick = asked.filter((rule) => rule.quick);
  const others = asked.filter((rule) => !rule.quick).toReversed();
  const key = way === 'in' ? 'inInterface' : 'outInterface';
  const list = [...quick, ...others].flatMap((rule) => modelled(rule, way));
  const last = list.at(-1);
  const whole = last !== undefined && isWhole(last);
  const kind = whole ? last.action.kind : 'accept';
  const policy = kind === 'drop' || kind === 'reject' ? kind : 'accept';
  const own = whole ? list.slice(0, -1) : list;
  const direction = of === 'own' ? way : 'forward';
  const name = of === 'own' ? way : `forward ${way}`;
  // What is not for the device and never begins has no replies either.
  const [first] = quick;
  const closed = first !== undefined && first[side].self === 'none' && first.verdict !== 'accept';
  if (closed && list[0] !== undefined && isWhole(list[0])) {
    return { name, direction, policy: 'drop', rules: [] };
  }
  const skips = (of === 'own' ? skipped : skipped.filter((each) => !/^lo\d*$/u.test(each))).map(
    (each): Rule => ({
      id: /^lo\d*$/u.test(each) ? 'loopback' : '',
      match: matching({ [key]: named(each) }),
      action: { kind: 'accept' },
    }),
  );
  return { name, direction, policy, rules: [...impliedRules('forward'), ...skips, ...own] };
}

const isWhole = ({ match, unknown }: Rule): boolean =>
  unknown === undefined && sameMatch(match, everything);

function modelled(rule: PfRule, way: 'in' | 'out'): readonly Rule[] {
  const { statement, label, interfaces, verdict } = rule;
  const [own, other] =
    way === 'in' ? (['destination', 'source'] as const) : (['source', 'destination'] as const);
  const doubt = rule[other].self === undefined ? [] : [`(self) on the other side`];
  const unknown = [...rule.unknown, ...doubt];
  const match = intersect(
    rule.match,
    matching({
      [own]: rule[own].set,
      [other]: rule[other].set,
      [way === 'in' ? 'inInterface' : 'outInterface']: interfaces,
    }),
  );
  if (isEmpty(match)) return [];
  const reason = reasonIn(statement.comment);
  return [
    {
      ...reason,
      id: reason.id === '' ? (label ?? '') : reason.id,
      match,
      action: { kind: verdict },
      position: statement.position,
      ...(unknown.length === 0 ? {} : { unknown }),
    },
  ];
}
