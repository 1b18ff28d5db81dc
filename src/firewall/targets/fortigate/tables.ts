import { unreadable } from '../model.ts';
import type { Position, RuleFile } from '../model.ts';
import { wordsOf } from '../words.ts';

/** An entry of a table: what `edit NAME` … `next` says. */
export interface Entry {
  /** `firewall policy` */
  readonly table: string;
  readonly name: string;
  readonly position: Position;
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

interface Open {
  readonly table: string;
  readonly position: Position;
  /** The entry of a table nobody asked for, such as a virtual domain. */
  inside?: string;
  entry: (Entry & { readonly fields: Map<string, readonly string[]> }) | undefined;
}

/** A command with its place; texts in quotation marks may go over several lines. */
interface Statement {
  readonly text: string;
  readonly position: Position;
}

/** A quotation mark no backslash stands before. */
const marks = /\\.|(")/gsu;

function statementsOf({ name: file, content }: RuleFile): readonly Statement[] {
  const statements: Statement[] = [];
  let open: { lines: string[]; position: Position } | undefined;
  for (const [index, raw] of content.split('\n').entries()) {
    const line = raw.replace(/\r$/u, '');
    if (open === undefined && /^\s*(?:#.*)?$/u.test(line)) continue;
    const odd = [...line.matchAll(marks)].filter(([, mark]) => mark !== undefined).length % 2 === 1;
    const current: { lines: string[]; position: Position } = open ?? {
      lines: [],
      position: { file, line: index + 1 },
    };
    current.lines.push(line);
    open = (open !== undefined) === odd ? undefined : current;
    if (open === undefined) {
      statements.push({ text: current.lines.join('\n').trim(), position: current.position });
    }
  }
  if (open === undefined) return statements;
  throw unreadable(open.position, open.lines[0]?.trim() ?? '', 'a text that ends with "');
}

/**
 * The entries of all tables of a configuration, in order; tables in entries and other settings are
 * passed over.
 *
 * @param wanted tables whose entries are read
 * @throws UsherError `USHER_RULES_UNREADABLE`
 */
export function entriesOf(file: RuleFile, wanted: ReadonlySet<string>): readonly Entry[] {
  const stack: Open[] = [];
  const entries: Entry[] = [];
  let domain: string | undefined;
  for (const { text, position } of statementsOf(file)) {
    const [verb = '', ...rest] = text.split(/\s+/u);
    const open = stack.at(-1);
    if (verb === 'config') stack.push({ table: rest.join(' '), position, entry: undefined });
    else if (open === undefined) {
      throw unreadable(
        position,
        text.split('\n')[0] ?? '',
        'a table, such as config firewall policy',
      );
    } else if (verb === 'end') {
      if (open.entry !== undefined) entries.push(open.entry);
      stack.pop();
    } else if (open.table === 'vdom' && verb === 'edit') open.inside = rest.join(' ');
    else if (wanted.has(open.table)) {
      const [outer] = stack;
      const here = outer?.table === 'vdom' ? (outer.inside ?? '') : '';
      // Each is a firewall of its own.
      if ((domain ?? here) !== here) {
        throw unreadable(position, `virtual domain ${here}`, 'policies of one virtual domain');
      }
      domain = here;
      const done = tell(open, wordsOf(text, position), position);
      if (done !== undefined) entries.push(done);
    }
  }
  const [left] = stack;
  if (left === undefined) return entries;
  throw unreadable(left.position, `config ${left.table}`, 'a table that ends with "end"');
}

/** What one line says of an entry; gives the entry when the line ends it. */
function tell(
  open: Open,
  words: readonly { readonly text: string }[],
  position: Position,
): Entry | undefined {
  const [verb = '', key = '', ...values] = words.map(({ text }) => text);
  const { entry } = open;
  if (verb === 'edit') {
    open.entry = { table: open.table, name: key, position, fields: new Map() };
    return entry;
  }
  if (verb === 'next') {
    open.entry = undefined;
    return entry;
  }
  if (entry === undefined) throw unreadable(position, verb, 'edit, next or end');
  if (verb === 'set') entry.fields.set(key, values);
  else if (verb === 'append') entry.fields.set(key, [...(entry.fields.get(key) ?? []), ...values]);
  else if (verb === 'unset') entry.fields.delete(key);
  else throw unreadable(position, verb, 'set, unset, append, next or end');
  return undefined;
}
