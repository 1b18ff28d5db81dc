import { groupsIn } from '../azure/groups.ts';
import type { Resource } from '../azure/groups.ts';
import { groupType } from '../azure/limits.ts';
import { LiteralReader } from '../literals.ts';
import type { Literal } from '../literals.ts';
import type { RuleFile, RuleSet } from '../model.ts';

const syntax = { quote: "'", assign: ':', comments: ['//', '/*'] } as const;

/** Reads the groups of Bicep files; parameters, variables and other resources are passed over. */
export function read(files: readonly RuleFile[]): readonly RuleSet[] {
  return files.flatMap((file) => {
    const lines = new Map<string, number>();
    const resources = resourcesIn(file);
    for (const { literal } of resources) namesIn(literal, lines);
    return groupsIn(
      resources.map(({ literal, ...resource }): Resource => ({
        ...resource,
        value: plain(literal),
      })),
      (name) => lines.get(name),
    );
  });
}

interface Found extends Omit<Resource, 'value'> {
  readonly literal: Literal;
}

function resourcesIn({ name: file, content }: RuleFile): readonly Found[] {
  const reader = new LiteralReader(content, file, syntax);
  const found: Found[] = [];
  for (;;) {
    reader.skipNewlines();
    if (reader.here === undefined) return found;
    if (!reader.is('resource')) {
      reader.rest();
      if (!reader.atEnd()) throw reader.fault('the end of the line');
      continue;
    }
    const { position } = reader;
    reader.take();
    reader.take();
    const { here } = reader;
    if (here?.kind !== 'text') throw reader.fault("the type of a resource, 'TYPE@VERSION'");
    reader.take();
    const [type = ''] = here.text.split('@');
    const existing = reader.takeIf('existing');
    if (!reader.takeIf('=')) throw reader.fault('= and the resource');
    const ours = type === groupType || type.startsWith(`${groupType}/`);
    // Conditions and loops say only later how many there are.
    if (ours && !existing && !reader.is('{')) throw reader.fault('{ and the resource written out');
    const literal = reader.value();
    if (!existing) found.push({ type, literal, position });
  }
}

/** What is computed becomes an expression as Resource Manager writes it. */
function plain(literal: Literal): unknown {
  switch (literal.kind) {
    case 'text':
      return literal.text;
    case 'word':
      return words.has(literal.text) ? words.get(literal.text) : Number(literal.text);
    case 'list':
      return literal.items.map(plain);
    case 'object':
      return Object.fromEntries([...literal.fields].map(([key, value]) => [key, plain(value)]));
    case 'expression':
      return `[${literal.text}]`;
  }
}

const words: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', undefined],
]);

/** The line of each name in a value. */
function namesIn(literal: Literal, lines: Map<string, number>): void {
  if (literal.kind === 'list') for (const item of literal.items) namesIn(item, lines);
  if (literal.kind !== 'object') return;
  const name = literal.fields.get('name');
  if (name?.kind === 'text') lines.set(name.text, name.line);
  for (const value of literal.fields.values()) namesIn(value, lines);
}
