import { unreadable } from '../model.ts';
import type { Position, RuleFile } from '../model.ts';

/** A word, a text in quotation marks or a mark of pf.conf. */
export interface Token {
  readonly kind: 'word' | 'text' | 'mark';
  readonly text: string;
}

/** One statement, over several lines where a list or a backslash goes on. */
export interface Statement {
  readonly tokens: readonly Token[];
  readonly position: Position;
  /** The comment that stands before it, or before the statements it follows. */
  readonly comment: string | undefined;
}

const token = /\s*(?:"((?:[^"\\]|\\.)*)"|(><|<>|<=|>=|!=|[{}()<>=!,])|([^\s"{}()<>=!,#\\]+))/uy;

/** Macros may name macros; together they hold at most so many tokens. */
const largest = 200_000;

/**
 * The statements of a file, macros put in where they are named.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE`
 */
export function statementsOf({ name: file, content }: RuleFile): readonly Statement[] {
  const macros = new Map<string, readonly Token[]>();
  const statements: Statement[] = [];
  let budget = largest;
  let open: Token[] = [];
  let start = 1;
  let depth = 0;
  let comment: string | undefined;
  let talking = false;
  for (const [index, raw] of content.split('\n').entries()) {
    const line = raw.replace(/\r$/u, '');
    const position = { file, line: index + 1 };
    const begins = open.length === 0;
    if (begins) start = index + 1;
    const said = /^\s*#\s?(.*)$/u.exec(line)?.[1];
    if (begins && (said !== undefined || line.trim() === '')) {
      comment = said === undefined ? undefined : talking ? `${comment ?? ''} ${said}` : said;
      talking = said !== undefined;
      continue;
    }
    const { tokens, continued } = tokensOf(line, position);
    for (const each of tokens) {
      const name =
        each.kind === 'word' && each.text.startsWith('$') ? each.text.slice(1) : undefined;
      const value = name === undefined ? [each] : macros.get(name);
      if (value === undefined)
        throw unreadable(position, each.text, 'a macro that is defined before');
      if (name !== undefined) budget -= value.length;
      if (budget < 0) throw unreadable(position, each.text, 'fewer and shorter macros');
      for (const part of value) {
        open.push(part);
        depth += isMark('{')(part) ? 1 : isMark('}')(part) ? -1 : 0;
      }
    }
    if (continued || depth > 0) continue;
    if (open.length === 0) continue;
    const [first, equals, ...value] = open;
    if (first?.kind === 'word' && isMark('=')(equals ?? first)) {
      macros.set(
        first.text,
        value.flatMap((each) => unquoted(each, position)),
      );
    } else {
      statements.push({ tokens: open, position: { file, line: start }, comment });
      talking = false;
    }
    open = [];
    depth = 0;
  }
  if (open.length === 0) return statements;
  throw unreadable({ file, line: start }, open[0]?.text ?? '', 'a statement that ends');
}

const isMark =
  (text: string) =>
  (each: Token): boolean =>
    each.kind === 'mark' && each.text === text;

/** The value of a macro is in quotation marks when it is more than a word. */
const unquoted = (each: Token, position: Position): readonly Token[] =>
  each.kind === 'text' ? tokensOf(each.text, position).tokens : [each];

function tokensOf(
  line: string,
  position: Position,
): { readonly tokens: readonly Token[]; readonly continued: boolean } {
  const tokens: Token[] = [];
  const text = line.trimEnd();
  for (let at = 0; at < text.length;) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) {
      const rest = text.slice(at).trim();
      if (rest === '\\') return { tokens, continued: true };
      if (rest.startsWith('#')) return { tokens, continued: false };
      throw unreadable(position, rest, 'a word, or a text with its quotation marks closed');
    }
    at = token.lastIndex;
    const [, quoted, mark, word = ''] = match;
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted });
    else
      tokens.push(mark === undefined ? { kind: 'word', text: word } : { kind: 'mark', text: mark });
  }
  return { tokens, continued: false };
}
