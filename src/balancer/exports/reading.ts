import { isIP } from 'node:net';
import { UsherError } from '#base';

/** A brace block of a configuration: the words before its `{`, the lines in it and the blocks in it. */
export interface Block {
  readonly head: string;
  readonly lines: readonly string[];
  readonly blocks: readonly Block[];
}

/** A line or a number that should be there and is not. */
export function unreadable(what: string): UsherError {
  return new UsherError('USHER_BALANCER_EXPORT', `The configuration does not read back: ${what}.`, {
    remedy: 'Render it anew; what was edited by hand is not read.',
  });
}

/** Reads brace blocks with one statement a line; a `;` at the end of a line is left out. */
export function readBlocks(text: string): Block {
  interface Open {
    readonly head: string;
    readonly lines: string[];
    readonly blocks: Block[];
  }
  const root: Open = { head: '', lines: [], blocks: [] };
  const open: Open[] = [root];
  for (const raw of text.split('\n')) {
    const line = raw.trim().replace(/;$/u, '');
    const present = open.at(-1);
    if (present === undefined) throw unreadable('a } too many');
    if (line === '' || line.startsWith('#')) continue;
    if (line.endsWith('{')) {
      const block: Open = { head: line.slice(0, -1).trim(), lines: [], blocks: [] };
      present.blocks.push(block);
      open.push(block);
    } else if (line === '}') {
      open.pop();
    } else {
      present.lines.push(line);
    }
  }
  if (open.length !== 1) throw unreadable('a block that is not closed');
  return root;
}

/** What follows the keyword on its first line; undefined when no line begins with it. */
export function after(lines: readonly string[], keyword: string): string | undefined {
  return allAfter(lines, keyword)[0];
}

/** What follows the keyword on every line that begins with it. */
export function allAfter(lines: readonly string[], keyword: string): readonly string[] {
  return lines
    .filter((line) => line === keyword || line.startsWith(`${keyword} `))
    .map((line) => line.slice(keyword.length).trim());
}

/** As `after`, for a line that has to be there. */
export function needed(lines: readonly string[], keyword: string): string {
  const found = after(lines, keyword);
  if (found === undefined) throw unreadable(`no ${keyword}`);
  return found;
}

/** A whole number at the beginning of a text, e.g. of `1800s`. */
export function integer(text: string): number {
  const digits = /^\d+/u.exec(text)?.[0];
  if (digits === undefined) throw unreadable(`${JSON.stringify(text)} is no number`);
  return Number(digits);
}

/** Takes `address:port` apart, IPv6 in brackets. */
export function endpoint(text: string): { address: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/u.exec(text) ?? [];
  const address = bracketed ?? plain;
  if (address === undefined || port === undefined || isIP(address) === 0) {
    throw unreadable(`${JSON.stringify(text)} is no address and port`);
  }
  return { address, port: Number(port) };
}

/** The groups of a pattern that has to match. */
export function groups(pattern: RegExp, text: string): Readonly<Record<string, string>> {
  const found = pattern.exec(text);
  if (found === null) throw unreadable(`${JSON.stringify(text)} is not understood`);
  return found.groups ?? {};
}
