import { Cursor } from './cursor.ts';
import { parseElements } from './elements.ts';
import { parseHook } from './hook.ts';
import type { Chain, Family, NamedSet, Ruleset, Table } from './syntax.ts';
import { tokenize } from './tokens.ts';
import type { Token } from './tokens.ts';

const families: readonly string[] = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'];
const isFamily = (text: string): text is Family => families.includes(text);

/** Objects of a table that decide about no packet by themselves. */
const otherObjects: ReadonlySet<string> = new Set([
  'counter',
  'quota',
  'limit',
  'ct',
  'flowtable',
  'synproxy',
  'secmark',
  'tunnel',
]);

/**
 * Reads what `nft list ruleset` prints, and what `nft -f` takes: tables, chains, sets, maps, `define`,
 * `add`, `flush` and `delete`.
 *
 * @param file how errors name the text
 * @throws UsherError `USHER_RULES_UNREADABLE` with file, line and what was met
 */
export function parseRuleset(text: string, file: string): Ruleset {
  const cursor = new Cursor(tokenize(text, file), file);
  const tables = new Map<string, Table>();
  for (cursor.skipBreaks(); !cursor.atEnd; cursor.skipBreaks()) topLevel(cursor, tables);
  return { file, tables: [...tables.values()] };
}

function topLevel(cursor: Cursor, tables: Map<string, Table>): void {
  if (cursor.takes('flush')) {
    if (cursor.takes('ruleset')) {
      tables.clear();
      cursor.statement();
      return;
    }
    emptied(cursor, tables);
    return;
  }
  if (cursor.takes('delete') || cursor.takes('destroy')) {
    if (!cursor.takes('table')) throw cursor.fault('"table" after "delete"');
    tables.delete(keyOf(tableName(cursor)));
    return;
  }
  const adding = cursor.takes('add') || cursor.takes('create');
  if (cursor.takes('table')) {
    const table = tableOf(cursor, tables);
    if (cursor.takes('{')) tableBody(cursor, table);
    return;
  }
  if (adding) added(cursor, tables);
  else throw cursor.fault('"table", "add", "delete", "flush" or "define"');
}

/** `flush table`, `flush chain`: the rules go, the chains stay. */
function emptied(cursor: Cursor, tables: Map<string, Table>): void {
  const kind = cursor.word('"ruleset", "table", "chain", "set" or "map"').text;
  const table = tableOf(cursor, tables);
  if (kind === 'table') for (const chain of table.chains.values()) chain.rules.length = 0;
  else if (kind === 'chain') chainOf(cursor, table).rules.length = 0;
  else if (kind === 'set' || kind === 'map') setOf(cursor, table, kind).elements.length = 0;
  else throw cursor.fault('the end of the statement');
}

function added(cursor: Cursor, tables: Map<string, Table>): void {
  const kind = cursor.word('"rule", "chain", "set", "map" or "element"').text;
  if (kind === 'rule') {
    const table = tableOf(cursor, tables);
    addRule(chainOf(cursor, table), cursor.statement());
  } else if (kind === 'chain') {
    const table = tableOf(cursor, tables);
    const chain = chainOf(cursor, table);
    if (cursor.takes('{')) chainBody(cursor, chain);
  } else if (kind === 'set' || kind === 'map') {
    const table = tableOf(cursor, tables);
    const set = setOf(cursor, table, kind);
    if (cursor.takes('{')) setBody(cursor, set);
  } else if (kind === 'element') {
    const table = tableOf(cursor, tables);
    const set = table.sets.get(cursor.word('the name of a set').text);
    if (set === undefined) throw cursor.fault('elements of a set of this table');
    cursor.expect('{');
    set.elements.push(...parseElements(cursor));
  } else if (otherObjects.has(kind)) {
    cursor.statement();
  } else {
    throw cursor.fault('"rule", "chain", "set", "map" or "element"');
  }
}

interface TableName {
  readonly family: Family;
  readonly name: string;
}

const keyOf = ({ family, name }: TableName): string => `${family} ${name}`;

function tableName(cursor: Cursor): TableName {
  const first = cursor.word('the name of a table').text;
  if (!isFamily(first)) return { family: 'ip', name: first };
  return { family: first, name: cursor.word('the name of a table').text };
}

function tableOf(cursor: Cursor, tables: Map<string, Table>): Table {
  const name = tableName(cursor);
  const known = tables.get(keyOf(name));
  if (known !== undefined) return known;
  const table: Table = { ...name, dormant: false, chains: new Map(), sets: new Map() };
  tables.set(keyOf(name), table);
  return table;
}

function chainOf(cursor: Cursor, table: Table): Chain {
  const { text: name, line } = cursor.word('the name of a chain');
  const known = table.chains.get(name);
  if (known !== undefined) return known;
  const chain: Chain = { name, line, hook: undefined, rules: [] };
  table.chains.set(name, chain);
  return chain;
}

function setOf(cursor: Cursor, table: Table, kind: 'set' | 'map'): NamedSet {
  const { text: name, line } = cursor.word('the name of a set');
  const known = table.sets.get(name);
  if (known !== undefined) return known;
  const isMap = kind === 'map';
  const set: NamedSet = { name, line, isMap, keyType: [], dynamic: false, elements: [] };
  table.sets.set(name, set);
  return set;
}

function tableBody(cursor: Cursor, table: Table): void {
  for (;;) {
    cursor.skipBreaks();
    if (cursor.takes('}')) return;
    if (cursor.takes('chain')) {
      const chain = chainOf(cursor, table);
      cursor.expect('{');
      chainBody(cursor, chain);
    } else if (cursor.sees('set') || cursor.sees('map')) {
      const kind = cursor.next().text === 'map' ? 'map' : 'set';
      const set = setOf(cursor, table, kind);
      cursor.expect('{');
      setBody(cursor, set);
    } else if (cursor.takes('flags')) {
      table.dormant = cursor.statement().some((token) => token.text === 'dormant');
    } else if (cursor.takes('comment')) {
      cursor.statement();
    } else if (otherObjects.has(cursor.peek().text)) {
      while (cursor.peek().kind === 'word' || cursor.peek().kind === 'string') cursor.next();
      cursor.skipBlock();
    } else {
      throw cursor.fault('"chain", "set", "map" or "}"');
    }
  }
}

function chainBody(cursor: Cursor, chain: Chain): void {
  for (;;) {
    cursor.skipBreaks();
    if (cursor.takes('}')) return;
    if (cursor.atEnd) throw cursor.fault('a rule or "}"');
    const statement = cursor.statement();
    const [first] = statement;
    if (first === undefined) throw cursor.fault('a rule or "}"');
    const bare = first.kind === 'word' ? first.text : '';
    if (bare === 'type') {
      chain.hook = parseHook(statement, cursor.file);
    } else if (bare === 'policy') {
      if (chain.hook !== undefined) chain.hook.policy = policyOf(statement);
    } else if (bare !== 'comment' && bare !== 'flags' && bare !== 'devices') {
      addRule(chain, statement);
    }
  }
}

const policyOf = (statement: readonly Token[]): 'accept' | 'drop' =>
  statement[1]?.text === 'drop' ? 'drop' : 'accept';

function addRule(chain: Chain, statement: readonly Token[]): void {
  const line = statement[0]?.line ?? chain.line;
  const at = statement.findLastIndex((token) => token.kind === 'word' && token.text === 'comment');
  const said = statement[at + 1];
  const commented = at >= 0 && at === statement.length - 2 && said !== undefined;
  const words = (commented ? statement.slice(0, at) : statement).map(({ text, kind }) => ({
    text,
    quoted: kind === 'string',
  }));
  chain.rules.push({ words, comment: commented ? said.text : undefined, line });
}

function setBody(cursor: Cursor, set: NamedSet): void {
  for (;;) {
    cursor.skipBreaks();
    if (cursor.takes('}')) return;
    if (cursor.takes('elements')) {
      cursor.expect('=');
      cursor.skipLines();
      cursor.expect('{');
      set.elements.push(...parseElements(cursor));
      continue;
    }
    if (cursor.atEnd) throw cursor.fault('a property of the set or "}"');
    const [first, ...rest] = cursor.statement();
    const values = rest.map((token) => token.text);
    if (first === undefined) throw cursor.fault('a property of the set or "}"');
    if (first.text === 'type' || first.text === 'typeof') {
      const colon = values.indexOf(':');
      set.keyType = colon < 0 ? values : values.slice(0, colon);
    } else if (first.text === 'flags') {
      set.dynamic = values.includes('dynamic') || values.includes('timeout');
    }
  }
}
