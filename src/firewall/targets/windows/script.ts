import { unreadable } from '../model.ts';
import type { Position, RuleFile } from '../model.ts';

/** A command with its parameters; values without a name stand under the empty one. */
export interface Cmdlet {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, readonly string[]>;
  /** What its output goes to, word by word; empty when nowhere. */
  readonly pipeline: readonly string[];
  readonly position: Position;
}

interface Word {
  readonly text: string;
  readonly kind: 'text' | 'word' | 'mark';
}

/** Single quotation marks as PowerShell knows them; a doubled one stands for itself. */
const single = /['‘’‚‛]((?:[^'‘’‚‛]|['‘’‚‛]{2})*)['‘’‚‛]/uy;
const double = /["“”„]((?:[^"“”„`]|`.|["“”„]{2})*)["“”„]/uy;
const bare = /[^\s'"‘’‚‛“”„,|;()@{}#][^\s'"‘’‚‛“”„,|;(){}]*/uy;

/**
 * The commands of a script that is a list of them, one a line; a backtick at the end of a line goes on
 * with the next one. What PowerShell would have to compute is refused.
 *
 * @throws UsherError `USHER_RULES_UNREADABLE`
 */
export function cmdletsOf({ name: file, content }: RuleFile): readonly Cmdlet[] {
  const cmdlets: Cmdlet[] = [];
  let pending = '';
  let start = 0;
  const lines = content.replace(/^\uFEFF/u, '').split('\n');
  for (const [index, raw] of lines.entries()) {
    const line = raw.replace(/\r$/u, '');
    if (pending === '') start = index + 1;
    const position = { file, line: start };
    const continued = /(?:^|\s)`$/u.test(line) && !/^\s*#/u.test(line);
    pending += continued ? `${line.slice(0, -1)} ` : line;
    if (continued && index < lines.length - 1) continue;
    const words = wordsOf(pending, position);
    pending = '';
    const [first] = words;
    if (first === undefined) continue;
    // Settings of the script, such as $ErrorActionPreference, are no rules.
    if (/^\$\w+$/u.test(first.text) && words[1]?.text === '=' && words.length === 3) continue;
    cmdlets.push(cmdletOf(words, position));
  }
  return cmdlets;
}

function wordsOf(line: string, position: Position): readonly Word[] {
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    while (/\s/u.test(line[at] ?? '')) at += 1;
    const rest = line[at];
    if (rest === undefined || rest === '#') return words;
    const quotedOne = matchAt(single, line, at);
    const quotedTwo = matchAt(double, line, at);
    const word = matchAt(bare, line, at);
    if (quotedOne !== undefined) {
      words.push({ kind: 'text', text: (quotedOne[1] ?? '').replace(/(['‘’‚‛])['‘’‚‛]/gu, '$1') });
    } else if (quotedTwo !== undefined) {
      const inner = quotedTwo[1] ?? '';
      if (/(?<!`)\$/u.test(inner)) throw unreadable(position, inner, 'a text without variables');
      words.push({
        kind: 'text',
        text: inner.replace(/`(.)/gu, '$1').replace(/(["“”„])["“”„]/gu, '$1'),
      });
    } else if (word !== undefined) words.push({ kind: 'word', text: word[0] });
    else words.push({ kind: 'mark', text: rest });
    at += (quotedOne ?? quotedTwo ?? word)?.[0].length ?? 1;
  }
}

function matchAt(pattern: RegExp, line: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(line) ?? undefined;
}

function cmdletOf(words: readonly Word[], position: Position): Cmdlet {
  const [first] = words;
  if (first?.kind !== 'word' || !/^[A-Za-z]+-[A-Za-z]+$/u.test(first.text)) {
    throw unreadable(position, first?.text ?? '', 'a command, such as New-NetFirewallRule');
  }
  const parameters = new Map<string, string[]>();
  let values: string[] | undefined;
  let last: Word | undefined;
  const pipe = words.findIndex(({ kind, text }) => kind === 'mark' && text === '|');
  const end = pipe < 0 ? words.length : pipe;
  for (const word of words.slice(1, end)) {
    const begins = word.kind === 'word' && /^-[A-Za-z]/u.test(word.text);
    if (begins) {
      const [name = '', value] = word.text.slice(1).split(/:(.*)/su);
      values = value === undefined || value === '' ? [] : [value];
      const key = name.toLowerCase();
      if (parameters.has(key)) throw unreadable(position, word.text, 'each parameter once');
      parameters.set(key, values);
    } else if (word.kind === 'mark') {
      if (!/^[,@()]$/u.test(word.text)) throw unreadable(position, word.text, 'a list of values');
    } else if (values === undefined) {
      parameters.set('', [...(parameters.get('') ?? []), word.text]);
    } else if (
      word.kind === 'word' &&
      word.text.startsWith('$') &&
      !/^\$(?:true|false|null)$/iu.test(word.text)
    ) {
      throw unreadable(position, word.text, 'a value written out');
    } else {
      const joined = last?.kind === 'mark' && /^[,(]$/u.test(last.text);
      if (values.length > 0 && !joined) throw unreadable(position, word.text, 'one list of values');
      values.push(word.text);
    }
    last = word;
  }
  const pipeline = words
    .slice(end + 1)
    .filter(({ kind, text }) => kind !== 'mark' || text !== '|')
    .map(({ text }) => text);
  return { name: first.text.toLowerCase(), parameters, pipeline, position };
}
