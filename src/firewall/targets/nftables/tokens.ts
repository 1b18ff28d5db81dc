import { unreadable } from '../model.ts';

/** One word of an nftables rule set. */
export interface Token {
  readonly kind: 'word' | 'string' | 'mark' | 'end';
  /** Of a string what stands between the quotes. */
  readonly text: string;
  readonly line: number;
}

const marks = /^(?:!=|==|<=|>=|<<|>>|[{}(),;=<>!&|^])/u;
const word = /^[^\s{}(),;=<>!&|^"#\\]+/u;

/**
 * Splits a rule set into words; a line end is a `mark` of its own, since it ends a statement.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE`
 */
export function tokenize(text: string, file: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (const raw of text.split('\n')) {
    const here = scanLine(raw.replace(/\r$/u, ''), { file, line });
    const continued = here.at(-1)?.text === '\\';
    if (continued) here.pop();
    tokens.push(...here);
    if (!continued) tokens.push({ kind: 'mark', text: '\n', line });
    line += 1;
  }
  return substitute(tokens, file);
}

function scanLine(raw: string, place: { file: string; line: number }): Token[] {
  const { line } = place;
  const found: Token[] = [];
  let rest = raw;
  for (;;) {
    rest = rest.trimStart();
    if (rest === '' || rest.startsWith('#')) return found;
    if (rest.startsWith('"')) {
      const close = rest.indexOf('"', 1);
      if (close < 0) throw unreadable(place, rest, 'a closing quotation mark');
      found.push({ kind: 'string', text: rest.slice(1, close), line });
      rest = rest.slice(close + 1);
      continue;
    }
    if (/^\\\s*$/u.test(rest)) {
      found.push({ kind: 'mark', text: '\\', line });
      return found;
    }
    const mark = marks.exec(rest)?.[0];
    const text = mark ?? word.exec(rest)?.[0];
    if (text === undefined) throw unreadable(place, rest, 'a word of nftables');
    rest = rest.slice(text.length);
    if (mark !== undefined) found.push({ kind: 'mark', text, line });
    else found.push(...words(text, line));
  }
}

/** `22:accept` and `22:` are a key, a colon and what it leads to; an IPv6 address stays whole. */
function words(text: string, line: number): Token[] {
  const colon = text.indexOf(':');
  const single = colon > 0 && colon === text.lastIndexOf(':');
  if (!single || text.includes('::')) return [{ kind: 'word', text, line }];
  const parts = [text.slice(0, colon), ':', text.slice(colon + 1)];
  return parts.filter((part) => part !== '').map((part) => ({ kind: 'word', text: part, line }));
}

/** Definitions may name earlier ones, so what they hold is already put in; each is bounded. */
const largestDefinition = 100_000;

/** Takes `define NAME = …` out and puts its value where `$NAME` stands. */
function substitute(tokens: readonly Token[], file: string): Token[] {
  const definitions = new Map<string, readonly Token[]>();
  const result: Token[] = [];
  let budget = largestDefinition;
  const resolve = (token: Token): readonly Token[] => {
    if (token.kind !== 'word' || !token.text.startsWith('$')) return [token];
    const value = definitions.get(token.text.slice(1));
    if (value === undefined)
      throw unreadable({ file, line: token.line }, token.text, 'a definition');
    budget -= value.length;
    if (budget < 0)
      throw unreadable({ file, line: token.line }, token.text, 'a shorter definition');
    return value.map((part) => ({ ...part, line: token.line }));
  };
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    const starts = token.kind === 'word' && (token.text === 'define' || token.text === 'redefine');
    const first = tokens[at - 1];
    if (!starts || (first !== undefined && first.text !== '\n' && first.text !== ';')) {
      result.push(...resolve(token));
      continue;
    }
    const name = tokens[at + 1];
    if (name?.kind !== 'word' || tokens[at + 2]?.text !== '=') {
      throw unreadable(
        { file, line: token.line },
        name?.text ?? '',
        'the name of a definition and =',
      );
    }
    const value: Token[] = [];
    let depth = 0;
    for (at += 3; at < tokens.length; at += 1) {
      const part = tokens[at];
      if (part === undefined) break;
      if (part.kind === 'mark' && part.text === '{') depth += 1;
      if (part.kind === 'mark' && part.text === '}') depth -= 1;
      if (depth === 0 && part.kind === 'mark' && (part.text === '\n' || part.text === ';')) break;
      if (part.text !== '\n') value.push(...resolve(part));
    }
    definitions.set(name.text, value);
  }
  return result;
}
