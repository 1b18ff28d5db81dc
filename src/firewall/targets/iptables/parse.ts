import { unreadable } from '../model.ts';
import type { Family, Position } from '../model.ts';
import { wordsOf } from '../words.ts';
import type { Word } from '../words.ts';

/** One table of an `iptables-save` listing, before it is understood. */
export interface SavedTable {
  readonly name: string;
  /** From the head of the listing or the addresses in it; undefined when nothing tells. */
  readonly family: Family | undefined;
  readonly position: Position;
  readonly chains: ReadonlyMap<string, SavedChain>;
}

export interface SavedChain {
  readonly name: string;
  /** Of a built-in chain; a user's own has none. */
  readonly policy: 'accept' | 'drop' | undefined;
  readonly rules: SavedRule[];
}

export interface SavedRule {
  readonly options: readonly SavedOption[];
  readonly position: Position;
}

/** One option of a rule: `! -s 10.0.0.0/8` is `-s`, negated, with one value. */
export interface SavedOption {
  readonly name: string;
  readonly negated: boolean;
  readonly values: readonly string[];
}

interface OpenTable {
  readonly name: string;
  readonly position: Position;
  readonly chains: Map<string, SavedChain>;
}

/**
 * Reads what `iptables-save` and `ip6tables-save` print, with or without counters; one file may hold
 * both listings, one after the other.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE` with file, line and what was met
 */
export function parseSaved(text: string, file: string): readonly SavedTable[] {
  const tables: SavedTable[] = [];
  let open: OpenTable | undefined;
  let family: Family | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const position = { file, line: index + 1 };
    const line = raw.trim();
    if (line.startsWith('#')) {
      const program = /^# .*\b(ip6?tables)(?:-nft|-legacy)?-save\b/u.exec(line)?.[1];
      if (program !== undefined) family = program === 'ip6tables' ? 6 : 4;
    } else if (line === 'COMMIT') {
      if (open === undefined) throw unreadable(position, line, 'a table, such as *filter');
      tables.push({ ...open, family: family ?? guessFamily(open) });
      open = undefined;
    } else if (line.startsWith('*')) {
      if (open !== undefined) throw unreadable(position, line, `COMMIT of table ${open.name}`);
      open = { name: line.slice(1), position, chains: new Map() };
    } else if (line !== '') {
      if (open === undefined) throw unreadable(position, line, 'a table, such as *filter');
      readEntry(open, line, position);
    }
  }
  if (open === undefined) return tables;
  throw unreadable(open.position, `*${open.name}`, 'a table that ends with COMMIT');
}

/** A chain or a rule. */
function readEntry(table: OpenTable, line: string, position: Position): void {
  const chain = /^:(\S+)\s+(ACCEPT|DROP|-)(?:\s+\[\d+:\d+\])?$/u.exec(line);
  if (chain !== null) {
    const [, name = '', word] = chain;
    if (table.chains.has(name)) throw unreadable(position, line, 'each chain once');
    const policy = word === 'ACCEPT' ? 'accept' : word === 'DROP' ? 'drop' : undefined;
    table.chains.set(name, { name, policy, rules: [] });
    return;
  }
  const [first, name, ...rest] = wordsOf(line.replace(/^\[\d+:\d+\]\s*/u, ''), position);
  if (first?.text !== '-A' && first?.text !== '--append') {
    throw unreadable(position, line, '"-A CHAIN …", ":CHAIN POLICY", "COMMIT" or a comment');
  }
  const called = table.chains.get(name?.text ?? '');
  if (called === undefined) throw unreadable(position, name?.text ?? '', 'a chain of this table');
  called.rules.push({ options: optionsOf(rest, position), position });
}

function optionsOf(words: readonly Word[], position: Position): SavedOption[] {
  const options: SavedOption[] = [];
  let negated = false;
  for (const { text, quoted } of words) {
    const last = options.at(-1);
    if (!quoted && text === '!') {
      negated = true;
    } else if (!quoted && /^--?[A-Za-z0-9]/u.test(text)) {
      options.push({ name: text, negated, values: [] });
      negated = false;
    } else if (last === undefined) {
      throw unreadable(position, text, 'an option');
    } else {
      // Very old tools wrote the exclamation mark after the option.
      options[options.length - 1] = {
        name: last.name,
        negated: last.negated || negated,
        values: [...last.values, text],
      };
      negated = false;
    }
  }
  return options;
}

/** The family of the first address; IPv6 ones have a colon. */
function guessFamily({ chains }: OpenTable): Family | undefined {
  for (const { rules } of chains.values()) {
    for (const { options } of rules) {
      const address = options.find(({ name }) => name === '-s' || name === '-d')?.values[0];
      if (address !== undefined) return address.includes(':') ? 6 : 4;
    }
  }
  return undefined;
}
