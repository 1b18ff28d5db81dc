import {
  everyName,
  matching,
  named,
  intersect,
  unreadable,
  differenceOf,
  unionOf,
} from '../model.ts';
import type { Chain, IntervalSet, Rule, RuleFile, RuleSet } from '../model.ts';
import { underMask } from '../cisco/dialect.ts';
import type { Dialect } from '../cisco/dialect.ts';
import { entryOf } from '../cisco/entry.ts';
import { blockOf, emptyBooks } from '../cisco/objects.ts';
import type { BlockLine, CiscoBooks } from '../cisco/objects.ts';
import { Remarks } from '../cisco/remarks.ts';
import { chainOfList, statesFor } from '../stateful.ts';
import { reasonIn } from '../text.ts';
import { linesOf, wordsOf } from '../words.ts';

const dialect: Dialect = { family: undefined, masked: underMask };

/** How a line of an object group begins; edited by hand, it may stand at the margin. */
const memberStart = /^(?:network|port|service|protocol|group|icmp)-object$/u;

/** A line of an access list, to be understood once all objects are known. */
type Pending = (books: CiscoBooks) => readonly Rule[];

interface Configuration {
  readonly books: CiscoBooks;
  readonly lists: Map<string, { readonly remarks: Remarks; readonly lines: Pending[] }>;
  /** Lists in force: on one interface, or (undefined) on all. */
  readonly groups: {
    readonly list: string;
    readonly way: string;
    readonly name: string | undefined;
  }[];
}

/** Reads configurations of ASA, whole (`show running-config`) or the parts about access lists. */
export function read(files: readonly RuleFile[]): readonly RuleSet[] {
  return files.map((file) => {
    const configuration = parse(file);
    const device = file.name.replace(/^.*\//u, '').replace(/(?:\.(?:asa|cfg|conf|txt))+$/u, '');
    return { device, zones: [], chains: chainsOf(configuration, file) };
  });
}

function parse({ name: file, content }: RuleFile): Configuration {
  const found: Configuration = { books: emptyBooks(), lists: new Map(), groups: [] };
  let block: BlockLine | undefined;
  for (const { line, position } of linesOf(content, file)) {
    if (/^\s*[!:]/u.test(line)) continue;
    const remark = /^access-list\s+(\S+)\s+(?:line\s+\d+\s+)?remark(?:\s+(.*))?$/u.exec(line);
    if (remark !== null) {
      listOf(found, remark[1] ?? '').remarks.add(remark[2] ?? '');
      continue;
    }
    // Descriptions and banners hold anything, quotation marks that are not closed among it.
    const [first = '', ...rest] = line.trim().split(/\s+/u);
    const indented = /^\s/u.test(line) || memberStart.test(first);
    if (indented && block !== undefined) block([first, ...rest], position);
    else if (!indented) {
      block = blockOf([first, ...rest], found.books, dialect);
      if (first === 'access-list') {
        const [list = '', ...words] = wordsOf(line, position)
          .slice(1)
          .map(({ text }) => text);
        if (words[0] === 'line') words.splice(0, 2);
        const [kind = ''] = words;
        // Lists of other kinds serve routing and VPNs, not the filter.
        if (/^(?:standard|webtype|ethertype)$/u.test(kind)) continue;
        const entry = kind === 'extended' ? words.slice(1) : words;
        const { lines, remarks } = listOf(found, list);
        const reason = reasonIn(remarks.taken());
        lines.push((books) => {
          const { verdict, matches, inactive, unknown, established } = entryOf(
            entry,
            position,
            books,
            dialect,
          );
          if (established) throw unreadable(position, 'established', 'a condition of ASA');
          if (inactive) return [];
          return matches.map((match) => ({
            ...reason,
            match: { ...match, states: statesFor(verdict) },
            action: { kind: verdict },
            position,
            ...(unknown.length === 0 ? {} : { unknown }),
          }));
        });
      } else if (first === 'access-group') {
        const [list = '', way = '', , name, of] = rest;
        // Lists of the control plane are about what is meant for the device itself.
        if (of !== 'control-plane') found.groups.push({ list, way, name });
      }
    }
  }
  return found;
}

function listOf({ lists }: Configuration, name: string) {
  const known = lists.get(name) ?? { remarks: new Remarks(), lines: [] };
  lists.set(name, known);
  return known;
}

/** Rules of a list that is in force on some interfaces only. */
const on = (
  side: 'inInterface' | 'outInterface',
  set: IntervalSet<string>,
  rules: readonly Rule[],
): readonly Rule[] =>
  rules.map((rule) => ({ ...rule, match: intersect(rule.match, matching({ [side]: set })) }));

/** The list of an interface goes before the one of all; each way is a chain a packet has to pass. */
function chainsOf({ books, lists, groups }: Configuration, file: RuleFile): readonly Chain[] {
  const place = { file: file.name, line: 1 };
  const rulesOf = (name: string): readonly Rule[] => {
    const list = lists.get(name);
    if (list === undefined) throw unreadable(place, `access list ${name}`, 'a list of this file');
    return list.lines.flatMap((line) => line(books));
  };
  const global = groups.find(({ way }) => way === 'global');
  if (groups.length === 0) {
    throw unreadable(place, 'no access-group', 'a line that puts an access list in force');
  }
  const inbound = groups.filter(({ way }) => way === 'in');
  const outbound = groups.filter(({ way }) => way === 'out');
  const listed = unionOf(inbound.flatMap(({ name = '' }) => named(name)));
  const everywhere =
    global === undefined
      ? // What an interface without a list lets pass depends on security levels.
        [
          {
            id: '',
            match: matching({ states: ['new'], inInterface: differenceOf(everyName, listed) }),
            action: { kind: 'accept' as const },
            unknown: ['security levels'],
          },
        ]
      : rulesOf(global.list);
  const own = inbound.flatMap(({ list, name = '' }) =>
    on('inInterface', named(name), rulesOf(list)),
  );
  return [
    chainOfList('forward', [...own, ...everywhere]),
    ...outbound.map(({ list, name = '' }, index): Chain => {
      const others = differenceOf(everyName, named(name));
      const chain = chainOfList('forward', [
        {
          id: '',
          match: matching({ outInterface: others, states: ['new'] }),
          action: { kind: 'accept' },
        },
        ...on('outInterface', named(name), rulesOf(list)),
      ]);
      return { ...chain, name: `forward ${index + 2}` };
    }),
  ];
}
