import type { Rule } from '../model.ts';
import { asciiOf, reasonOf, wrapped } from '../text.ts';

/** Characters of a remark. */
export const remarkLength = 100;

/** Row id and reason of a rule as remarks before its lines; `?` would ask the command line for help. */
export function remarksOf(rule: Rule): readonly string[] {
  const text = asciiOf(reasonOf(rule, 1000)).replaceAll('?', '.').replaceAll(/ +/gu, ' ');
  return wrapped(text.trim() === '' ? '-' : text, remarkLength);
}

/** Remarks as they are read: those of one block belong together, and to every line that follows. */
export class Remarks {
  #lines: string[] = [];
  #open = false;

  add(text: string): void {
    if (!this.#open) this.#lines = [];
    this.#open = true;
    this.#lines.push(text.trim());
  }

  /** The reason of the line that stands here. */
  taken(): string | undefined {
    this.#open = false;
    return this.#lines.length === 0 ? undefined : this.#lines.join(' ');
  }
}
