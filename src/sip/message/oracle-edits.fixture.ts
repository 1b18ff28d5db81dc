import type { HeaderEdit } from './edit.ts';
import { fieldRule, listRule } from './grammar.fixture.ts';
import { type Field, isNamed, readHead } from './oracle.fixture.ts';

/** A list of field lines and the start line: edits are list operations, one after the other. */
interface Lines {
  startLine: string;
  fields: Field[];
}

/** Edits the way their documentation reads; undefined when one of them has to be refused. */
export function editByList(head: string, edits: readonly HeaderEdit[]): string | undefined {
  const { startLine, fields } = readHead(head);
  const lines: Lines = { startLine, fields: [...fields] };
  if (!edits.every((change) => apply(lines, change))) return undefined;
  return `${lines.startLine}\r\n${lines.fields.map((field) => field.lines).join('')}\r\n`;
}

/** False when the edit has to be refused. */
function apply(lines: Lines, change: HeaderEdit): boolean {
  if ('value' in change && /[\r\n\0]/u.test(change.value)) return false;
  const { fields } = lines;
  const named = (name: string) => fields.findIndex((field) => isNamed(field, name));
  switch (change.op) {
    case 'prepend':
      fields.unshift(toField(`${change.name}: ${change.value}\r\n`));
      return true;
    case 'append':
      fields.push(toField(`${change.name}: ${change.value}\r\n`));
      return true;
    case 'set': {
      const place = named(change.name);
      const kept = fields.filter((field) => !isNamed(field, change.name));
      kept.splice(
        place < 0 ? kept.length : place,
        0,
        toField(`${change.name}: ${change.value}\r\n`),
      );
      lines.fields = kept;
      return true;
    }
    case 'remove':
      lines.fields = fields.filter((field) => !isNamed(field, change.name));
      return true;
    case 'removeFirstValue':
      if (isNamed(toField(`${change.name}:`), 'Via') && named('Via') < 0) return false;
      return rewriteFirst(fields, named(change.name), (before, rest) =>
        /[^ \t\r\n]/u.test(rest) ? before + rest.replace(/^[ \t\r\n]+/u, '') : '',
      );
    case 'replaceFirstVia':
      if (named('Via') < 0) return false;
      return rewriteFirst(fields, named('Via'), (before, rest, comma) =>
        [before, change.value, comma, rest].join(''),
      );
    case 'requestUri': {
      const [method = '', , version = ''] = lines.startLine.split(' ');
      lines.startLine = `${method} ${change.value} ${version}`;
      return change.value !== '' && !/[ \t]/u.test(change.value);
    }
  }
}

function toField(lines: string): Field {
  const [, name = '', value = ''] = fieldRule.exec(lines) ?? [];
  return { lines, name, value, sound: true };
}

/** What a line becomes without its first value: `before` is name and colon, `rest` follows the comma. */
type Rewrite = (before: string, rest: string, comma: string) => string;

function rewriteFirst(fields: Field[], index: number, rewrite: Rewrite): boolean {
  const field = fields[index];
  if (field === undefined) return true;
  const line = field.lines.slice(0, -2);
  const before = /^[^:]*:[ \t\r\n]*/u.exec(line)?.[0] ?? '';
  listRule.element.lastIndex = before.length;
  const first = listRule.element.exec(line)?.[0] ?? '';
  const after = line.slice(before.length + first.length);
  if (after !== '' && !after.startsWith(',')) return false;
  const text = rewrite(before, after.slice(1), after.slice(0, 1));
  if (text === '') fields.splice(index, 1);
  else fields[index] = toField(`${text}\r\n`);
  return true;
}
