import { everything, intersect, isEmpty, unreadable } from '../model.ts';
import type { Action, Match, Rule } from '../model.ts';
import { onlyIPv4, onlyIPv6 } from '../family.ts';
import { reasonIn } from '../text.ts';
import { anonymousElements } from './elements.ts';
import { fields } from './fields.ts';
import type { Field } from './fields.ts';
import { openingOf } from './opening.ts';
import type { Element, RuleText, Table, Word } from './syntax.ts';
import { endpointsOf } from './translation.ts';

/** More alternatives than this make one rule unknown rather than the memory full. */
const mostAlternatives = 200_000;

/** The rule as far as it has been read. */
interface Reading {
  readonly table: Table;
  readonly line: number;
  readonly words: readonly Word[];
  at: number;
  /** The packets that come this far: any of these. */
  matches: readonly Match[];
  readonly unknown: string[];
}

/** What a rule does in the end; one entry a verdict, each with its own packets. */
interface Outcome {
  readonly matches: readonly Match[];
  readonly action: Action | 'queue';
  readonly to?: Rule['to'];
}

const bare = (word: Word | undefined): string =>
  word === undefined || word.quoted ? '' : word.text;

/** Statements that change or count and let the packet go on, with the words that may follow. */
const harmless: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['counter', new Set(['name', 'packets', 'bytes'])],
  ['log', new Set(['prefix', 'level', 'group', 'snaplen', 'queue-threshold', 'flags'])],
]);

/** Translations end the chain with an accept. */
const translations: ReadonlySet<string> = new Set(['dnat', 'snat', 'masquerade', 'redirect']);

/**
 * Understands one rule. What has no model makes the rule unknown: its match is then the most it can
 * match. A rule that decides nothing (counts, logs, sets a mark) gives none.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE` for a jump to a chain the table does not have
 */
export function rulesOf(
  table: Table,
  text: RuleText,
  file: string,
  qualified: (name: string) => string,
): readonly Rule[] {
  const chainName = (name: string): string => {
    if (table.chains.has(name)) return qualified(name);
    throw unreadable({ file, line: text.line }, `a way to "${name}"`, 'a chain of this table');
  };
  const family = table.family === 'ip' ? onlyIPv4 : table.family === 'ip6' ? onlyIPv6 : everything;
  const { words, line } = text;
  const reading: Reading = { table, line, words, at: 0, matches: [family], unknown: [] };
  const outcomes = outcomesOf(reading, chainName);
  const unknown = reading.unknown.length === 0 ? {} : { unknown: reading.unknown };
  const common = { ...reasonIn(text.comment), position: { file, line } };
  return outcomes.flatMap(({ matches, action, to }) =>
    matches.flatMap((match): Rule[] => {
      if (isEmpty(match)) return [];
      const led = to === undefined ? {} : { to };
      if (action !== 'queue') return [{ ...common, ...unknown, ...led, match, action }];
      const queued = { ...common, match, unknown: [...reading.unknown, 'queue'] };
      return [
        { ...queued, action: { kind: 'accept' } },
        { ...common, ...unknown, match, action: { kind: 'drop' } },
      ];
    }),
  );
}

function outcomesOf(reading: Reading, chainName: (name: string) => string): Outcome[] {
  while (reading.at < reading.words.length) {
    const word = bare(reading.words[reading.at]);
    const verdict = verdictOf(reading.words.slice(reading.at), chainName);
    if (verdict !== undefined) {
      return verdict === 'continue'
        ? []
        : [decided(reading, verdict, reading.words.slice(reading.at))];
    }
    const options = harmless.get(word);
    if (options !== undefined) {
      reading.at += 1;
      while (options.has(bare(reading.words[reading.at]))) reading.at += 2;
      continue;
    }
    const start = reading.at;
    const found = comparison(reading, chainName);
    if (found === 'read') continue;
    if (found !== undefined) return found;
    reading.at = start;
    return guess(reading, chainName);
  }
  return [];
}

/** The outcome of a rule that ends with these words. */
function decided(reading: Reading, action: Action | 'queue', words: readonly Word[]): Outcome {
  const to = endpointsOf(words, reading.table, reading.line);
  return { matches: reading.matches, action, ...(to === undefined ? {} : { to }) };
}

/** Nothing after a part without a model narrows the rule; only its verdict is looked for. */
function guess(reading: Reading, chainName: (name: string) => string): Outcome[] {
  const rest = reading.words.slice(reading.at);
  reading.unknown.push(rest.map(({ text }) => text).join(' '));
  let depth = 0;
  for (const [index, word] of rest.entries()) {
    const text = bare(word);
    if (text === '{') depth += 1;
    if (text === '}') depth -= 1;
    const verdict = depth === 0 ? verdictOf(rest.slice(index), chainName) : undefined;
    if (verdict !== undefined && verdict !== 'continue') {
      return [decided(reading, verdict, rest.slice(index))];
    }
    if (depth === 0 && text === 'vmap') {
      return verdictsIn(reading, index, rest, chainName);
    }
  }
  return [];
}

/** A verdict map whose key has no model: any of its verdicts may be the one. */
function verdictsIn(
  reading: Reading,
  index: number,
  rest: readonly Word[],
  chainName: (name: string) => string,
): Outcome[] {
  const named = bare(rest[index + 1]);
  const elements = named.startsWith('@')
    ? (reading.table.sets.get(named.slice(1))?.elements ?? [])
    : anonymousElements(rest.slice(index + 1), reading.line);
  return elements.flatMap(({ value }) => {
    const action = verdictOf(value ?? [], chainName);
    return action === undefined || action === 'continue'
      ? []
      : [{ matches: reading.matches, action }];
  });
}

function verdictOf(
  words: readonly Word[],
  chainName: (name: string) => string,
): Action | 'queue' | 'continue' | undefined {
  const first = bare(words[0]);
  if (first === 'accept' || first === 'drop' || first === 'reject' || first === 'return') {
    return { kind: first };
  }
  if (first === 'jump' || first === 'goto') {
    return { kind: first, chain: chainName(words[1]?.text ?? '') };
  }
  if (translations.has(first)) return { kind: 'accept' };
  return first === 'queue' || first === 'continue' ? first : undefined;
}

/** Reads `FIELD [. FIELD …] [==|!=] VALUES` or `… vmap …`; undefined when it has no model. */
function comparison(
  reading: Reading,
  chainName: (name: string) => string,
): 'read' | Outcome[] | undefined {
  const opening = openingAt(reading);
  if (opening !== undefined) {
    reading.matches = reading.matches.map((match) => intersect(match, opening));
    return 'read';
  }
  const left: Field[] = [];
  do {
    const field = fieldAt(reading);
    if (field === undefined) return undefined;
    left.push(field);
  } while (take(reading, '.'));
  if (take(reading, 'vmap')) {
    const elements = elementsAt(reading);
    return elements && dispatched(reading, left, elements, chainName);
  }
  const negated = take(reading, '!=');
  if (!negated) take(reading, '==');
  const elements = elementsAt(reading);
  if (elements === undefined) return undefined;
  const alternatives = alternativesOf(left, elements, negated);
  if (alternatives === undefined) return undefined;
  if (alternatives.length * reading.matches.length > mostAlternatives) return undefined;
  reading.matches = reading.matches.flatMap((match) =>
    alternatives.map((other) => intersect(match, other)),
  );
  return 'read';
}

function openingAt(reading: Reading): Match | undefined {
  const found = openingOf(reading.words.slice(reading.at).map(({ text }) => text));
  if (found !== undefined) reading.at += found.length;
  return found?.match;
}

function fieldAt(reading: Reading): Field | undefined {
  const first = bare(reading.words[reading.at]);
  const second = bare(reading.words[reading.at + 1]);
  const long = fields.get(`${first} ${second}`);
  const found = long ?? fields.get(first);
  if (found !== undefined) reading.at += long === undefined ? 1 : 2;
  return found;
}

function take(reading: Reading, text: string): boolean {
  const found = bare(reading.words[reading.at]) === text;
  if (found) reading.at += 1;
  return found;
}

/** The values on the right: a set, a named set, or a list such as `established,related`. */
function elementsAt(reading: Reading): readonly Element[] | undefined {
  const { words, line } = reading;
  const first = words[reading.at];
  if (first === undefined) return undefined;
  if (bare(first).startsWith('@')) {
    reading.at += 1;
    const set = reading.table.sets.get(first.text.slice(1));
    // What rules or other programs change while we look has no fixed content.
    return set === undefined || set.dynamic || set.elements.some(({ fleeting }) => fleeting)
      ? undefined
      : set.elements;
  }
  const start = reading.at;
  if (bare(first) === '{') {
    let depth = 0;
    do {
      const text = bare(words[reading.at]);
      if (text === '{') depth += 1;
      if (text === '}') depth -= 1;
      reading.at += 1;
    } while (depth > 0 && reading.at < words.length);
    return anonymousElements(words.slice(start + 1, reading.at - 1), line);
  }
  do reading.at += 1;
  while (
    (bare(words[reading.at]) === ',' || bare(words[reading.at]) === '.') &&
    (reading.at += 1) < words.length
  );
  // Arithmetic on the value or the field has no model.
  if (/^[&|^]$|^<<$|^>>$/u.test(bare(words[reading.at]))) return undefined;
  return /^[&|^<>]|^[<>]=$/u.test(bare(first))
    ? undefined
    : anonymousElements(words.slice(start, reading.at), line);
}

function alternativesOf(
  left: readonly Field[],
  elements: readonly Element[],
  negated: boolean,
): readonly Match[] | undefined {
  const [only, ...more] = left;
  if (only !== undefined && more.length === 0) {
    const values = elements.map(({ key }) => key.join('.'));
    const match = negated ? only.isNot(values) : only.is(values);
    return match && [match];
  }
  if (negated) return undefined;
  const found = elements.map((element) => keyMatch(left, element));
  return found.includes(undefined) ? undefined : found.flatMap((match) => match ?? []);
}

/** The packets one element of a concatenation stands for. */
function keyMatch(left: readonly Field[], element: Element): Match | undefined {
  if (element.key.length !== left.length) return undefined;
  let match: Match | undefined = everything;
  for (const [index, field] of left.entries()) {
    const part = field.is([element.key[index] ?? '']);
    match = match && part && intersect(match, part);
  }
  return match;
}

/** A verdict map: keys are disjoint, `*` is every packet no key stands for. */
function dispatched(
  reading: Reading,
  left: readonly Field[],
  elements: readonly Element[],
  chainName: (name: string) => string,
): Outcome[] | undefined {
  const [only, ...more] = left;
  const keys = elements.filter(({ key }) => key[0] !== '*');
  const outcomes: Outcome[] = [];
  for (const element of elements) {
    const others = element.key[0] === '*';
    const match = others
      ? more.length === 0
        ? only?.isNot(keys.map(({ key }) => key.join('.')))
        : undefined
      : keyMatch(left, element);
    const action = verdictOf(element.value ?? [], chainName);
    if (match === undefined || action === undefined) return undefined;
    if (action === 'continue') continue;
    const matches = reading.matches.map((sofar) => intersect(sofar, match));
    outcomes.push({ matches, action });
  }
  // A key without an element goes on behind the map; nothing but a comment may stand there.
  return reading.at < reading.words.length ? undefined : outcomes;
}
