import { unreadable } from '../model.ts';
import type { Token } from './tokens.ts';

/** Walks the words of a rule set, one ahead. */
export class Cursor {
  readonly #tokens: readonly Token[];
  readonly #file: string;
  #at = 0;

  constructor(tokens: readonly Token[], file: string) {
    this.#tokens = tokens;
    this.#file = file;
  }

  get file(): string {
    return this.#file;
  }

  get line(): number {
    return this.peek().line;
  }

  peek(ahead = 0): Token {
    const last = this.#tokens.at(-1)?.line ?? 1;
    return this.#tokens[this.#at + ahead] ?? { kind: 'end', text: '', line: last };
  }

  next(): Token {
    const token = this.peek();
    this.#at += 1;
    return token;
  }

  get atEnd(): boolean {
    return this.peek().kind === 'end';
  }

  /** True when the next is this mark or bare word. */
  sees(text: string): boolean {
    const token = this.peek();
    return token.kind !== 'string' && token.kind !== 'end' && token.text === text;
  }

  /** Takes this mark or bare word if it is next. */
  takes(text: string): boolean {
    const found = this.sees(text);
    if (found) this.#at += 1;
    return found;
  }

  /** @throws UsherError `USHER_RULES_UNREADABLE` when something else is next */
  expect(text: string): Token {
    if (!this.sees(text)) throw this.fault(text === '\n' ? 'the end of the line' : `"${text}"`);
    return this.next();
  }

  /** @throws UsherError `USHER_RULES_UNREADABLE` when no word or quoted string is next */
  word(what: string): Token {
    const token = this.peek();
    if (token.kind !== 'word' && token.kind !== 'string') throw this.fault(what);
    return this.next();
  }

  /** Goes past line ends and semicolons. */
  skipBreaks(): void {
    while (this.sees('\n') || this.sees(';')) this.#at += 1;
  }

  skipLines(): void {
    while (this.sees('\n')) this.#at += 1;
  }

  /** Takes everything to the end of the statement; braces are taken whole, without line ends. */
  statement(): Token[] {
    const taken: Token[] = [];
    let depth = 0;
    for (;;) {
      const token = this.peek();
      if (token.kind === 'end') {
        if (depth > 0) throw this.fault('"}"');
        return taken;
      }
      if (token.kind === 'mark') {
        if (depth === 0 && (token.text === '\n' || token.text === ';' || token.text === '}')) {
          return taken;
        }
        if (token.text === '{') depth += 1;
        if (token.text === '}') depth -= 1;
      }
      this.#at += 1;
      if (token.text !== '\n' || token.kind !== 'mark') taken.push(token);
    }
  }

  /** Goes past a `{ … }` whose content says nothing about packets. */
  skipBlock(): void {
    this.expect('{');
    for (let depth = 1; depth > 0;) {
      const token = this.next();
      if (token.kind === 'end') throw this.fault('"}"');
      if (token.kind === 'mark' && token.text === '{') depth += 1;
      if (token.kind === 'mark' && token.text === '}') depth -= 1;
    }
  }

  fault(allowed: string): Error {
    const token = this.peek();
    const met = token.text === '\n' && token.kind === 'mark' ? 'the end of the line' : token.text;
    return unreadable({ file: this.#file, line: token.line }, met, allowed);
  }
}
