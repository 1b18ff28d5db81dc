import type { Cursor } from './cursor.ts';
import type { Element, Word } from './syntax.ts';
import type { Token } from './tokens.ts';

/** Words after a key that say something about the element, not about packets; and how many follow. */
const attributes: ReadonlyMap<string, number> = new Map([
  ['timeout', 1],
  ['expires', 1],
  ['comment', 1],
  ['counter', 0],
  ['packets', 1],
  ['bytes', 1],
  ['limit', 0],
  ['quota', 0],
  ['last', 0],
  ['used', 1],
]);

/** Reads the elements of a set or map after its `{`, to its `}` and past it; inner braces are flat. */
export function parseElements(cursor: Cursor): Element[] {
  const elements: Element[] = [];
  let taken: Token[] = [];
  const close = (): void => {
    if (taken.length > 0) elements.push(elementOf(taken, cursor));
    taken = [];
  };
  for (let depth = 1; ;) {
    const token = cursor.peek();
    if (token.kind === 'end') throw cursor.fault('an element or "}"');
    cursor.next();
    const mark = token.kind === 'mark' ? token.text : '';
    if (mark === '\n') continue;
    if (mark === '{') depth += 1;
    else if (mark === ',' || mark === '}') {
      close();
      if (mark === '}') depth -= 1;
      if (depth === 0) return elements;
    } else taken.push(token);
  }
}

/** Elements of an anonymous set inside a rule: the words between its braces. */
export function anonymousElements(words: readonly Word[], line: number): Element[] {
  const elements: Element[] = [];
  let taken: Word[] = [];
  const close = (): void => {
    if (taken.length > 0) elements.push(split(taken, line));
    taken = [];
  };
  for (const word of words) {
    if (!word.quoted && (word.text === '{' || word.text === '}')) continue;
    if (!word.quoted && word.text === ',') close();
    else taken.push(word);
  }
  close();
  return elements;
}

function elementOf(tokens: readonly Token[], cursor: Cursor): Element {
  const words = tokens.map(({ text, kind }) => ({ text, quoted: kind === 'string' }));
  const element = split(words, tokens[0]?.line ?? cursor.line);
  if (element.key.length === 0) throw cursor.fault('an element');
  return element;
}

function split(words: readonly Word[], line: number): Element {
  const colon = words.findIndex((word) => !word.quoted && word.text === ':');
  const left = colon < 0 ? words : words.slice(0, colon);
  const fields: string[] = [];
  let field = '';
  let fleeting = false;
  for (let at = 0; at < left.length; at += 1) {
    const word = left[at];
    if (word === undefined) break;
    const skipped = word.quoted ? undefined : attributes.get(word.text);
    if (skipped !== undefined) {
      fleeting ||= word.text === 'timeout' || word.text === 'expires';
      at += skipped;
    } else if (!word.quoted && word.text === '.') {
      fields.push(field);
      field = '';
    } else field += word.text;
  }
  fields.push(field);
  const value = colon < 0 ? undefined : words.slice(colon + 1);
  return { key: fields.filter((part) => part !== ''), value, fleeting, line };
}
