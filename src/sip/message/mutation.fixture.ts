/** Seeded randomness: the same seed gives the same numbers on every machine (splitmix32). */
export class Random {
  #state: number;

  /** Independent streams for every pair of numbers. */
  constructor(seed: number, stream = 0) {
    this.#state = Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca77);
  }

  /** A whole number from 0 to below `limit`, which is at most 2³². */
  below(limit: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return Math.floor((((z ^ (z >>> 15)) >>> 0) / 2 ** 32) * limit);
  }

  /** One of the entries; the list is not empty. */
  pick<Entry>(entries: readonly Entry[], otherwise: Entry): Entry {
    return entries[this.below(entries.length)] ?? otherwise;
  }
}

/** Text of one character a byte, changed in one way; `other` is a second message to take from. */
type Mutator = (text: string, random: Random, other: string) => string;

/** What breaks parsers, and what only looks as if it did. */
const dictionary: readonly string[] = [
  ['\r\n', '\r', '\n', '\r\n ', '\r\n\t', '\r\n\r\n', '\n\n', ' \r\n \r\n ', '\0', '\x7f', '\xff'],
  [',', ';', ':', '"', '\\', '\\"', '<', '>', '<>', '@', '%', '%4', '%00', '=', '?', '*', '/', ' '],
  ['""', ', ,', ';;', ';=', ';a=', ';a="', '[::1]', '[', ']', '[:]', '1.2.3.4', ':0', ':65536'],
  [
    'SIP/2.0',
    'sip/2.0',
    'SIP/2.1',
    'SIP/02.0',
    'SIP / 2.0 / TLS h',
    'SIP/2.0/UDP [::1]:9;branch=x',
  ],
  [
    'sip:',
    'sips:a@b',
    'tel:+1',
    'sip:a:b@c:1;d=e?f=g',
    ';branch=1',
    ';tag=1',
    ';tag=1;tag=2',
    ';lr',
  ],
  ['Via: ', 'v:', 'Route: ', 'm: *', 'Contact: <sip:a@b>,', 'To\t:', 'Content-Length: 1', 'l : 0'],
  ['0', '00000000000', '256', '4294967295', '4294967296', '9999999999', '-1', '+1', '1e9', '0x1'],
].flat();

const lengths = [
  '0',
  '1',
  '4',
  '5',
  '6',
  '150',
  '65536',
  '65537',
  '9999999999',
  '00',
  '-0',
  '5,5',
  '',
  'a',
];

/** Index of some place in the text, its end included. */
function place(text: string, random: Random): number {
  return random.below(text.length + 1);
}

function insert(text: string, at: number, added: string): string {
  return text.slice(0, at) + added + text.slice(at);
}

/** Start and end of some line, its line end included. */
function lineAt(text: string, at: number): [start: number, end: number] {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at);
  return [start, end < 0 ? text.length : end + 1];
}

const mutators: readonly Mutator[] = [
  function flipBit(text, random) {
    const at = place(text, random);
    const flipped = (text.charCodeAt(at) || 0) ^ (1 << random.below(8));
    return text.slice(0, at) + String.fromCharCode(flipped) + text.slice(at + 1);
  },
  function addByte(text, random) {
    return insert(text, place(text, random), String.fromCharCode(random.below(256)));
  },
  function cutOut(text, random) {
    const at = place(text, random);
    return text.slice(0, at) + text.slice(at + 1 + random.below(16));
  },
  function addWord(text, random) {
    return insert(text, place(text, random), random.pick(dictionary, ''));
  },
  function replaceByWord(text, random) {
    const at = place(text, random);
    return text.slice(0, at) + random.pick(dictionary, '') + text.slice(at + random.below(8));
  },
  function spliceOther(text, random, other) {
    return text.slice(0, place(text, random)) + other.slice(place(other, random));
  },
  function addLineOfOther(text, random, other) {
    const [start, end] = lineAt(other, place(other, random));
    return insert(text, lineAt(text, place(text, random))[0], other.slice(start, end));
  },
  function doubleLine(text, random) {
    const [start, end] = lineAt(text, place(text, random));
    return insert(text, random.below(2) === 0 ? end : start, text.slice(start, end));
  },
  function dropLine(text, random) {
    const [start, end] = lineAt(text, place(text, random));
    return text.slice(0, start) + text.slice(end);
  },
  function joinLines(text, random) {
    const [, end] = lineAt(text, place(text, random));
    return (
      text.slice(0, Math.max(0, end - 2)) + random.pick([',', ';', '', ' '], '') + text.slice(end)
    );
  },
  function repeatRun(text, random) {
    const at = place(text, random);
    const run = text.slice(at, at + 1 + random.below(24));
    return insert(text, at, run.repeat(1 + random.below(random.below(64) === 0 ? 400 : 6)));
  },
  function lieAboutLength(text, random) {
    return text.replace(/(content-length|\nl)[ \t]*:[^\r\n]*/iu, (_, name: string) =>
      [name, random.pick([': ', ':', ' : ', ':\r\n '], ': '), random.pick(lengths, '0')].join(''),
    );
  },
  function fold(text, random) {
    const at = text.indexOf(' ', place(text, random));
    const folded = random.pick(['\r\n ', ' \r\n\t', '\r\n \r\n ', '\n ', '\r '], '');
    return at < 0 ? text : text.slice(0, at) + folded + text.slice(at + 1);
  },
  function breakLineEnd(text, random) {
    const at = text.indexOf('\r\n', place(text, random));
    const end = random.pick(['\n', '\r', '\r\r\n', '\n\r', '\r\n\r\n', ' \r\n'], '');
    return at < 0 ? text : text.slice(0, at) + end + text.slice(at + 2);
  },
  function changeCase(text, random) {
    const at = place(text, random);
    const run = text.slice(at, at + 1 + random.below(12));
    // Only ASCII: elsewhere a change of case changes the number of bytes.
    const changed = run.replaceAll(/[A-Za-z]/gu, (letter) =>
      letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
    );
    return text.slice(0, at) + changed + text.slice(at + run.length);
  },
  function pipeline(text, random, other) {
    const between = random.pick(['', '\r\n', '\r\n\r\n', '\r\n\r\n\r\n', '\n', '\r'], '');
    return random.below(2) === 0 ? text + between + other : between + text;
  },
];

/** A message (or several, or none any more) made of the seeds: up to four changes to one of them. */
export function mutate(seeds: readonly string[], random: Random): string {
  let text = random.pick(seeds, '');
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    text = random.pick(mutators, (same) => same)(text, random, random.pick(seeds, ''));
  }
  return text;
}

/** The bytes as a connection may deliver them: whole, in a few pieces, or byte by byte. */
export function cutRandomly(bytes: Buffer, random: Random): Buffer[] {
  const way = random.below(16);
  if (way < 6) return [bytes];
  const most = way === 15 ? 1 : 1 + random.below(bytes.length);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const next = at + 1 + random.below(most);
    chunks.push(bytes.subarray(at, next));
    at = next;
  }
  return chunks;
}
