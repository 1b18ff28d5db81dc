import { parseAddresses } from '../model.ts';
import type { Endpoint } from '../model.ts';
import { anonymousElements } from './elements.ts';
import type { Table, Word } from './syntax.ts';

/** `10.0.9.11`, `10.0.9.11:5061` or `10.0.9.11 . 5061`; undefined when it is none of these. */
function endpointOf(words: readonly Word[]): Endpoint | undefined {
  const [address = '', ...rest] = words
    .map(({ text }) => text)
    .filter((text) => text !== ':' && text !== '.');
  const port = rest.length === 0 ? undefined : Number(rest[0]);
  const set = parseAddresses(address);
  if (set === undefined || rest.length > 1 || Number.isNaN(port)) return undefined;
  const endpoints = ([4, 6] as const).flatMap((family): Endpoint[] => {
    const intervals = family === 4 ? set.v4 : set.v6;
    return intervals.flatMap(({ from, until }) =>
      until === from + 1n
        ? [{ family, address: from, ...(port === undefined ? {} : { port }) }]
        : [],
    );
  });
  return endpoints.length === 1 ? endpoints[0] : undefined;
}

/**
 * A condition of a chain of source NAT as one about the packet as it came: `ct original ip daddr` is its destination
 * before that became another one. What such a chain says of the destination after that is no such condition.
 */
export function asItCame(words: readonly Word[]): readonly Word[] | undefined {
  const texts = words.map(({ text }) => text);
  const came: Word[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (word === undefined) break;
    const next = texts.slice(at, at + 3).join(' ');
    if (next === 'ct status dnat') at += 2;
    else if (/^ct original (?:ip6?)$/u.test(next)) at += 1;
    else if (next === 'ct original proto-dst') {
      came.push({ text: 'th', quoted: false }, { text: 'dport', quoted: false });
      at += 2;
    } else if (word.text === 'daddr' || word.text === 'dport') {
      if (texts[at - 2] !== 'original') return undefined;
      came.push(word);
    } else came.push(word);
  }
  return came;
}

/** What the statement these words begin with puts in the place of an address; undefined when it translates none. */
export function endpointsOf(
  words: readonly Word[],
  table: Table,
  line: number,
): readonly Endpoint[] | 'unknown' | undefined {
  const texts = words.map(({ text }) => text);
  if (texts[0] === 'redirect' || texts[0] === 'masquerade') return 'unknown';
  if (texts[0] !== 'dnat' && texts[0] !== 'snat') return undefined;
  const to = texts.indexOf('to');
  if (to < 0) return 'unknown';
  const map = texts.indexOf('map', to);
  if (map < 0) {
    const end = texts.findIndex((text) => /^(?:random|fully-random|persistent)$/u.test(text));
    const endpoint = endpointOf(words.slice(to + 1, end < 0 ? undefined : end));
    return endpoint === undefined ? 'unknown' : [endpoint];
  }
  const name = texts[map + 1] ?? '';
  const set = name.startsWith('@') ? table.sets.get(name.slice(1)) : undefined;
  const elements =
    name === '{'
      ? anonymousElements(words.slice(map + 2, texts.lastIndexOf('}')), line)
      : set?.elements;
  // What rules or other programs change while we look has no fixed content.
  if (elements === undefined || set?.dynamic === true) return 'unknown';
  const endpoints = elements.map(({ value }) => endpointOf(value ?? []));
  const known = endpoints.filter((endpoint) => endpoint !== undefined);
  return known.length < endpoints.length ? 'unknown' : known;
}
