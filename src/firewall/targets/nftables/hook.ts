import { unreadable } from '../model.ts';
import type { Hook } from './syntax.ts';
import type { Token } from './tokens.ts';

/** Names `nft` prints instead of numbers (nft(8), standard priority names); bridge has its own. */
const priorities: ReadonlyMap<string, number> = new Map([
  ['raw', -300],
  ['mangle', -150],
  ['dstnat', -100],
  ['filter', 0],
  ['security', 50],
  ['srcnat', 100],
  ['out', 100],
]);

/** Reads `type filter hook input priority filter + 5; policy drop` up to the semicolon. */
export function parseHook(statement: readonly Token[], file: string): Hook {
  const words = statement.map((token) => token.text);
  const line = statement[0]?.line ?? 1;
  const after = (name: string): string | undefined => {
    const at = words.indexOf(name);
    return at < 0 ? undefined : words[at + 1];
  };
  const type = after('type');
  const hook = after('hook');
  const at = words.indexOf('priority');
  if (type === undefined || hook === undefined || at < 0) {
    throw unreadable({ file, line }, words.join(' '), 'type, hook and priority of a chain');
  }
  return {
    type,
    hook,
    priority: priorityOf(words.slice(at + 1), { file, line }),
    policy: 'accept',
  };
}

function priorityOf(words: readonly string[], place: { file: string; line: number }): number {
  const text = words.join('');
  const match = /^([a-z]+)?([+-]?\d+)?$/u.exec(text);
  const [, name, number = '0'] = match ?? [];
  const base = name === undefined ? 0 : priorities.get(name);
  if (match === null || text === '' || base === undefined) {
    throw unreadable(place, text, 'a priority');
  }
  return base + Number(number);
}
