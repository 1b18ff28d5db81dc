import { unreadable } from './model.ts';
import type { Position, RuleFile } from './model.ts';
import { linesOf, wordsOf } from './words.ts';

/** A configuration command: `set`, its path, and the place it stands at. */
export interface Command {
  readonly verb: string;
  readonly words: readonly string[];
  readonly position: Position;
}

/**
 * The commands of a file of `set` lines. Lists in brackets become a command for each member, so that
 * `set … source [ a b ]` is `set … source a` and `set … source b`.
 *
 * @param verbs first words there may be
 * @throws UsherError `USHER_RULES_UNREADABLE`
 */
export function commandsOf(
  { name, content }: RuleFile,
  verbs: ReadonlySet<string>,
): readonly Command[] {
  return linesOf(content, name).flatMap(({ line, position }): Command[] => {
    if (/^\s*(?:#|!|\/\*)/u.test(line)) return [];
    const [first, ...words] = wordsOf(line, position);
    if (first === undefined || first.quoted || !verbs.has(first.text)) {
      throw unreadable(position, line.trim(), `a line that begins with ${[...verbs].join(', ')}`);
    }
    const texts = words.flatMap(({ text, quoted }) =>
      quoted ? [text] : text.split(/([[\]])/u).filter((part) => part !== ''),
    );
    return [{ verb: first.text, words: texts, position }];
  });
}

/** The members of a list that begins here, in brackets or alone, and where it ends. */
export function listAt(
  { words, position }: Command,
  at: number,
): { readonly members: readonly string[]; readonly end: number } {
  const first = words[at];
  if (first === undefined) throw unreadable(position, 'the end of the line', 'a value');
  if (first !== '[') return { members: [first], end: at + 1 };
  const close = words.indexOf(']', at);
  if (close < 0) throw unreadable(position, '[', 'a list that ends with ]');
  return { members: words.slice(at + 1, close), end: close + 1 };
}
