import { connectionStates, everything, sameAddresses, unreadable } from '../model.ts';
import type { Chain, Family, Rule, RuleFile, RuleSet, Verdict } from '../model.ts';
import { underMask, underWildcard } from '../cisco/dialect.ts';
import type { Dialect } from '../cisco/dialect.ts';
import { entryOf } from '../cisco/entry.ts';
import { blockOf, emptyBooks } from '../cisco/objects.ts';
import type { BlockLine, CiscoBooks } from '../cisco/objects.ts';
import { Remarks } from '../cisco/remarks.ts';
import { packetsOf, passing } from '../family.ts';
import { isOfErrors, notNew } from '../stateless.ts';
import { reasonIn } from '../text.ts';
import { linesOf } from '../words.ts';

const dialects: Readonly<Record<Family, Dialect>> = {
  4: { family: 4, masked: underWildcard },
  6: { family: 6, masked: () => undefined },
};

/** Object groups have masks where lists have wildcards. */
const objects: Dialect = { family: 4, masked: underMask };

/** How a line of a list begins; edited by hand, it may stand at the margin. */
const entryStart = /^(?:permit|deny|remark|sequence|\d+)$/u;

type Pending = (books: CiscoBooks) => readonly Rule[];

interface AccessList {
  readonly family: Family;
  readonly remarks: Remarks;
  readonly lines: Pending[];
}

interface Configuration {
  readonly books: CiscoBooks;
  readonly lists: Map<string, AccessList>;
  /** Names of the lists interfaces put in force. */
  readonly used: Set<string>;
}

/**
 * Reads configurations of IOS. Lists that interfaces put in force count; in a file without interfaces
 * the one of each family. They have to be the same on all of them.
 */
export function read(files: readonly RuleFile[]): readonly RuleSet[] {
  return files.map((file) => {
    const device = file.name.replace(/^.*\//u, '').replace(/(?:\.(?:ios|cfg|conf|txt))+$/u, '');
    return { device, zones: [], chains: [chainOf(parse(file), file)] };
  });
}

function parse({ name: file, content }: RuleFile): Configuration {
  const found: Configuration = { books: emptyBooks(), lists: new Map(), used: new Set() };
  let list: AccessList | undefined;
  let block: BlockLine | undefined;
  for (const { line, position } of linesOf(content, file)) {
    if (/^\s*!/u.test(line)) continue;
    const words = line.trim().split(/\s+/u);
    const [first = '', second = '', third = '', name = ''] = words;
    const numbered = first === 'access-list' && /^\d+$/u.test(second);
    if (!/^\s/u.test(line) && !(list !== undefined && entryStart.test(first))) {
      list = undefined;
      block = undefined;
      if (first === 'ip' && second === 'access-list' && third === 'extended') {
        list = openList(found, name, 4);
      } else if (first === 'ipv6' && second === 'access-list') {
        list = openList(found, third, 6);
      } else if (first === 'object-group') {
        block = blockOf(words, found.books, objects);
      } else if (numbered && Number(second) >= 100) {
        addLine(openList(found, second, 4), words.slice(2), line, position);
      }
    } else if (list !== undefined) addLine(list, words, line, position);
    else if (block !== undefined) block(words, position);
    else if (
      (first === 'ip' && second === 'access-group') ||
      (first === 'ipv6' && second === 'traffic-filter')
    ) {
      if (name !== 'in') throw unreadable(position, line.trim(), 'lists for packets coming in');
      found.used.add(third);
    }
  }
  return found;
}

function openList({ lists }: Configuration, name: string, family: Family): AccessList {
  const list = lists.get(name) ?? { family, remarks: new Remarks(), lines: [] };
  lists.set(name, list);
  return list;
}

function addLine(
  { family, remarks, lines }: AccessList,
  words: readonly string[],
  line: string,
  position: Rule['position'] & {},
): void {
  const sequence = words[0] === 'sequence' ? 2 : /^\d+$/u.test(words[0] ?? '') ? 1 : 0;
  const entry = words.slice(sequence);
  if (entry[0] === 'remark') {
    remarks.add(line.slice(line.indexOf('remark') + 'remark'.length));
    return;
  }
  const reason = reasonIn(remarks.taken());
  lines.push((books) => {
    const found = entryOf(entry, position, books, dialects[family]);
    // A router passes nothing on that is meant for its neighbours.
    if (found.ownLink) return [];
    return found.matches.map((match) => ({
      ...reason,
      match: {
        ...match,
        states: found.established || isOfErrors(match) ? notNew : connectionStates,
      },
      action: { kind: found.verdict },
      position,
      ...(found.unknown.length === 0 ? {} : { unknown: found.unknown }),
    }));
  });
}

function chainOf({ books, lists, used }: Configuration, file: RuleFile): Chain {
  const place = { file: file.name, line: 1 };
  for (const name of used) {
    if (!lists.has(name)) throw unreadable(place, `access list ${name}`, 'a list of this file');
  }
  const families = ([4, 6] as const).map((family): { policy: Verdict; rules: readonly Rule[] } => {
    const mine = [...lists].filter(
      ([name, list]) => list.family === family && (used.size === 0 || used.has(name)),
    );
    const [only, other] = mine;
    if (other !== undefined) {
      throw unreadable(place, `access list ${other[0]}`, `one list of IPv${family} in force`);
    }
    // Without a list a router passes everything on.
    if (only === undefined) return { policy: 'accept', rules: [] };
    const rules = only[1].lines.flatMap((line) => line(books));
    const last = rules.at(-1);
    const whole = last !== undefined && isEverything(last, family);
    return {
      policy: whole && last.action.kind === 'accept' ? 'accept' : 'drop',
      rules: whole ? rules.slice(0, -1) : rules,
    };
  });
  if (lists.size === 0) throw unreadable(place, 'no access list', 'ip access-list extended NAME');
  const open = families.map(({ policy }) => policy === 'accept');
  const accepts = open.every(Boolean);
  const rules = families.flatMap((each, index): readonly Rule[] => {
    const family = index === 0 ? 4 : 6;
    return each.policy === 'accept' && !accepts ? [...each.rules, passing(family)] : each.rules;
  });
  return { name: 'forward', direction: 'forward', policy: accepts ? 'accept' : 'drop', rules };
}

function isEverything({ match, unknown }: Rule, family: Family): boolean {
  const all = packetsOf(family);
  return (
    unknown === undefined &&
    match.states.length === connectionStates.length &&
    match.protocol === everything.protocol &&
    sameAddresses(match.source, all.source) &&
    sameAddresses(match.destination, all.destination) &&
    [match.sourcePort, match.destinationPort].every(
      (set) => set.length === 1 && set[0]?.until === 65_536 && set[0].from === 0,
    )
  );
}
