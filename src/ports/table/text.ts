import type { Language } from '#base';
import type { TableRow } from './rows.ts';
import type { SiteRow } from './site-rows.ts';
import { printedRow, printedSite, words, type PrintedEnd, type PrintedRow } from './words.ts';

/** Breaks text at spaces into lines of at most `width` characters; longer words are cut. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = word;
    if (line !== '' && line.length + 1 + rest.length <= width) {
      line += ` ${rest}`;
      continue;
    }
    if (line !== '') lines.push(line);
    for (; rest.length > width; rest = rest.slice(width)) lines.push(rest.slice(0, width));
    line = rest;
  }
  return [...lines, line];
}

/**
 * The widths of the four columns; the note takes the room below source and destination. On a narrow
 * terminal these stand below row and protocol, set in a little.
 */
interface Layout {
  readonly id: number;
  readonly protocol: number;
  readonly source: number;
  readonly destination: number;
  /** Columns before source and note. */
  readonly indent: number;
  readonly stacked: boolean;
}

const gap = 2;

/** Columns source and destination need: two addresses beside each other, with something to say. */
const narrowest = 40;

function longest(texts: readonly string[], atMost: number): number {
  return Math.min(atMost, Math.max(...texts.map((text) => text.length)));
}

function layoutFor(rows: readonly PrintedRow[], columns: number, language: Language): Layout {
  // Rows of a second pool have its name in their id, which wraps at the sign between the two.
  const ids = rows.flatMap((row) => row.id.split(/(?=@)/u));
  const id = longest([words.row[language], ...ids], 24);
  const protocol = longest([words.protocol[language], ...rows.map((row) => row.protocol)], 18);
  const before = id + protocol + 2 * gap;
  const stacked = columns < before + gap + narrowest;
  const indent = stacked ? gap : before;
  const room = Math.max(narrowest, columns - indent - (stacked ? 0 : gap));
  const source = Math.floor((room - gap) / 2);
  return { id, protocol, source, destination: room - gap - source, indent, stacked };
}

/** Lays the four cells of one row out, line by line. */
function arrange(cells: readonly (readonly string[])[], layout: Layout): readonly string[] {
  const { id, protocol, source, destination, indent, stacked } = layout;
  if (!stacked) return beside(cells, [id, protocol, source, destination]);
  const ends = beside(cells.slice(2), [source, destination]);
  return [
    ...beside(cells.slice(0, 2), [id, protocol]),
    ...ends.map((line) => ' '.repeat(indent) + line),
  ];
}

/** Puts cells beside each other, line by line. */
function beside(
  cells: readonly (readonly string[])[],
  widths: readonly number[],
): readonly string[] {
  const height = Math.max(...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, line) =>
    widths
      .map((width, column) => (cells[column]?.[line] ?? '').padEnd(width))
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}

const plain = (text: string): string => text;

/**
 * The port table for a terminal of `columns` characters: each row with its two ends and their
 * addresses beside each other and its note below. Lines are wider than asked only below 42 columns.
 */
export function renderText(
  rows: readonly TableRow[],
  options: { language: Language; columns: number; colour: boolean; site: readonly SiteRow[] },
): string {
  const { language, columns, colour } = options;
  const strong = colour ? (text: string) => `\u001B[1m${text}\u001B[22m` : plain;
  const faint = colour ? (text: string) => `\u001B[2m${text}\u001B[22m` : plain;
  const printed = rows.map((row) => printedRow(row, language));
  const own = options.site.map((row) => printedSite(row, language));
  const layout = layoutFor([...printed, ...own], columns, language);
  const { indent } = layout;
  const noteWidth = layout.source + gap + layout.destination;

  const headings = [words.row, words.protocol, words.source, words.destination];
  const head = arrange(
    headings.map((heading) => wrap(heading[language], layout.source)),
    layout,
  );
  const rule = '─'.repeat(indent + noteWidth);
  const end = ({ who, addresses }: PrintedEnd, width: number): readonly string[] => [
    ...(who === undefined ? [] : wrap(who, width)),
    ...wrap(addresses.map((address) => address.words).join(', '), width),
  ];
  const block = ({ id, protocol, source, destination, note }: PrintedRow): string => {
    const [first = '', ...others] = arrange(
      [
        id.split(/(?=@)/u).flatMap((part) => wrap(part, layout.id)),
        wrap(protocol, layout.protocol),
        end(source, layout.source),
        end(destination, layout.destination),
      ],
      layout,
    );
    const below = wrap(note, noteWidth).map((line) => faint(' '.repeat(indent) + line));
    return [strong(first), ...others, ...below].join('\n');
  };
  const site =
    own.length === 0
      ? []
      : [
          '',
          ...wrap(words.site[language], columns).map(strong),
          faint(rule),
          own.map(block).join('\n\n'),
        ];
  return [...head.map(strong), faint(rule), printed.map(block).join('\n\n'), ...site].join('\n');
}
