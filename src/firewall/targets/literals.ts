import { unreadable } from './model.ts';
import type { Position } from './model.ts';

/** What differs between languages of nested values, such as Terraform's and Bicep. */
export interface Syntax {
  readonly quote: '"' | "'";
  /** Between a key and its value. */
  readonly assign: '=' | ':';
  readonly comments: readonly string[];
}

/** A piece of text with its line. */
export interface Token {
  /** A template is a text with expressions in it. */
  readonly kind: 'word' | 'text' | 'template' | 'mark' | 'newline';
  readonly text: string;
  readonly line: number;
}

/** A value as written; what has to be computed stays an expression. */
export type Literal =
  | { readonly kind: 'text'; readonly text: string; readonly line: number }
  | { readonly kind: 'word'; readonly text: string; readonly line: number }
  | { readonly kind: 'list'; readonly items: readonly Literal[]; readonly line: number }
  | {
      readonly kind: 'object';
      readonly fields: ReadonlyMap<string, Literal>;
      readonly line: number;
    }
  | { readonly kind: 'expression'; readonly text: string; readonly line: number };

const word = /[^\s"'{}[\](),:=#]+/uy;
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** Values in values, deeper than any configuration has them. */
const deepest = 64;

class Scanner {
  readonly tokens: Token[] = [];
  readonly #text: string;
  readonly #file: string;
  readonly #syntax: Syntax;
  #at = 0;
  #line = 1;

  constructor(text: string, file: string, syntax: Syntax) {
    this.#text = text;
    this.#file = file;
    this.#syntax = syntax;
  }

  scan(): readonly Token[] {
    while (this.#at < this.#text.length) this.#next();
    this.#push('newline', '\n');
    return this.tokens;
  }

  #next(): void {
    const character = this.#text[this.#at] ?? '';
    const comment = this.#syntax.comments.find((start) => this.#text.startsWith(start, this.#at));
    if (character === '\n') {
      this.#push('newline', '\n');
      this.#skip(1);
    } else if (/\s/u.test(character)) this.#skip(1);
    else if (comment === '/*') {
      const end = this.#text.indexOf('*/', this.#at + 2);
      if (end < 0) throw this.#fault('/*', 'a comment that ends with */');
      this.#skip(end + 2 - this.#at);
    } else if (comment !== undefined) {
      const end = this.#text.indexOf('\n', this.#at);
      this.#at = end < 0 ? this.#text.length : end;
    } else if (character === this.#syntax.quote) this.#string();
    else {
      word.lastIndex = this.#at;
      const found = word.exec(this.#text)?.[0];
      this.#push(found === undefined ? 'mark' : 'word', found ?? character);
      this.#skip((found ?? character).length);
    }
  }

  #string(): void {
    const { quote } = this.#syntax;
    const triple = quote === "'" && this.#text.startsWith("'''", this.#at);
    const start = this.#line;
    const opening = triple ? 3 : 1;
    this.#skip(opening);
    let text = '';
    let depth = 0;
    let template = false;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined || (character === '\n' && !triple && depth === 0)) {
        throw unreadable({ file: this.#file, line: start }, text, `a text that ends with ${quote}`);
      }
      if (triple ? this.#text.startsWith("'''", this.#at) : character === quote && depth === 0)
        break;
      const next = this.#text[this.#at + 1] ?? '';
      if (!triple && character === '\\' && depth === 0) {
        text += escapes[next] ?? next;
        this.#skip(2);
        continue;
      }
      // Terraform doubles the sign that would begin an expression.
      if (depth === 0 && this.#text.startsWith(`${character}${character}{`, this.#at)) {
        if (character === '$' || character === '%') {
          text += `${character}{`;
          this.#skip(3);
          continue;
        }
      }
      const opens = next === '{' && (character === '$' || (quote === '"' && character === '%'));
      if (!triple && opens && depth === 0) {
        template = true;
        depth = 1;
        text += `${character}{`;
        this.#skip(2);
        continue;
      }
      if (depth > 0 && character === '{') depth += 1;
      if (depth > 0 && character === '}') depth -= 1;
      text += character;
      this.#skip(1);
    }
    this.#skip(opening);
    this.tokens.push({ kind: template ? 'template' : 'text', text, line: start });
  }

  #push(kind: Token['kind'], text: string): void {
    this.tokens.push({ kind, text, line: this.#line });
  }

  #skip(length: number): void {
    for (let end = this.#at + length; this.#at < end; this.#at += 1) {
      if (this.#text[this.#at] === '\n') this.#line += 1;
    }
  }

  #fault(met: string, allowed: string): Error {
    return unreadable({ file: this.#file, line: this.#line }, met, allowed);
  }
}

/** Reads a text of nested values, one piece after the other. */
export class LiteralReader {
  readonly #tokens: readonly Token[];
  readonly #file: string;
  readonly #syntax: Syntax;
  #at = 0;

  /** @throws UsherError `USHER_RULES_UNREADABLE` for texts and comments that do not end */
  constructor(text: string, file: string, syntax: Syntax) {
    this.#tokens = new Scanner(text, file, syntax).scan();
    this.#file = file;
    this.#syntax = syntax;
  }

  /** The token here; undefined at the end. */
  get here(): Token | undefined {
    return this.#tokens[this.#at];
  }

  get position(): Position {
    return { file: this.#file, line: this.here?.line ?? this.#tokens.at(-1)?.line ?? 1 };
  }

  is(text: string): boolean {
    const { here } = this;
    return (
      here !== undefined && (here.kind === 'mark' || here.kind === 'word') && here.text === text
    );
  }

  take(): Token | undefined {
    this.#at += 1;
    return this.#tokens[this.#at - 1];
  }

  takeIf(text: string): boolean {
    if (!this.is(text)) return false;
    this.#at += 1;
    return true;
  }

  /** The place to come back to. */
  mark(): number {
    return this.#at;
  }

  back(mark: number): void {
    this.#at = mark;
  }

  /** True at the end of a line, or of all. */
  atEnd(): boolean {
    return this.here === undefined || this.here.kind === 'newline';
  }

  skipNewlines(): void {
    while (this.here?.kind === 'newline') this.#at += 1;
  }

  fault(allowed: string): Error {
    const met =
      this.here === undefined
        ? 'the end of the file'
        : this.here.text.trim() || 'the end of the line';
    return unreadable(this.position, met, allowed);
  }

  /** A value: what follows up to the end of its line, or of the list it is in. */
  value(depth = 0): Literal {
    if (depth > deepest) throw this.fault('values in fewer values');
    const start = this.#at;
    const line = this.here?.line ?? 0;
    const found = this.#plain(depth);
    if (found !== undefined && this.#ends()) return found;
    this.#at = start;
    const text = this.rest();
    if (this.#at === start) throw this.fault('a value');
    return { kind: 'expression', text, line };
  }

  #plain(depth: number): Literal | undefined {
    const { here } = this;
    if (here === undefined || here.kind === 'newline') throw this.fault('a value');
    const { line, text } = here;
    if (this.is('[')) {
      this.#at += 1;
      const items: Literal[] = [];
      for (;;) {
        this.#separators();
        if (this.takeIf(']')) return { kind: 'list', items, line };
        // A list that is computed.
        if (this.is('for')) return undefined;
        items.push(this.value(depth + 1));
      }
    }
    if (this.is('{')) {
      this.#at += 1;
      return { kind: 'object', fields: this.fields(depth + 1), line };
    }
    if (here.kind === 'mark') return undefined;
    this.#at += 1;
    if (here.kind === 'template') return { kind: 'expression', text, line };
    const number = here.kind === 'word' && /^(?:-?\d+|true|false|null)$/u.test(text);
    if (here.kind === 'word' && !number) return { kind: 'expression', text, line };
    return { kind: here.kind === 'word' ? 'word' : 'text', text, line };
  }

  /** The fields of an object up to its closing bracket; its opening one is taken. */
  fields(depth = 0): ReadonlyMap<string, Literal> {
    const fields = new Map<string, Literal>();
    for (;;) {
      this.#separators();
      if (this.takeIf('}')) return fields;
      const key = this.take();
      if (key === undefined || key.kind === 'mark' || !this.takeIf(this.#syntax.assign)) {
        this.#at -= key === undefined ? 0 : 1;
        throw this.fault(`a key, ${this.#syntax.assign} and its value`);
      }
      fields.set(key.text, this.value(depth + 1));
    }
  }

  #separators(): void {
    while (this.here?.kind === 'newline' || this.is(',')) this.#at += 1;
    if (this.here === undefined) throw this.fault('a closing bracket');
  }

  #ends(): boolean {
    const { here } = this;
    return (
      here === undefined || here.kind === 'newline' || this.is(',') || this.is(']') || this.is('}')
    );
  }

  /** The tokens up to the end of the line or value, brackets as a whole. */
  rest(): string {
    const words: string[] = [];
    let depth = 0;
    while (this.here !== undefined && (depth > 0 || !this.#ends())) {
      const { text, kind } = this.here;
      if (kind === 'mark' && /[[({]/u.test(text)) depth += 1;
      if (kind === 'mark' && /[\])}]/u.test(text)) depth -= 1;
      if (depth < 0) throw this.fault('an opening bracket before it');
      if (kind !== 'newline') words.push(text);
      this.#at += 1;
    }
    if (depth > 0) throw this.fault('a closing bracket');
    return words.join(' ');
  }
}
