import type { Language, Text } from '#base';
import { decodeUtf8, printable, widthOf } from '../printable.ts';
import type { Arrow, Ladder, Lifeline } from './flow.ts';

/** How a ladder is drawn. */
export interface LadderStyle {
  readonly language: Language;
  /** Columns of the terminal. */
  readonly columns: number;
  readonly unicode: boolean;
  readonly colour: boolean;
  /** What stands under a host's name: its role, by FQDN. */
  readonly roles?: ReadonlyMap<string, string>;
  /** Whose address it is a message went through: pool FQDN by `address:port`. */
  readonly vips?: ReadonlyMap<string, string>;
}

const texts = {
  messages: {
    one: { en: 'message', de: 'Nachricht' },
    many: { en: 'messages', de: 'Nachrichten' },
  },
  client: { en: 'client', de: 'Client' },
  through: {
    en: 'through the VIP',
    de: 'über die VIP',
  },
} satisfies Record<string, Text | Record<string, Text>>;

interface Glyphs {
  readonly line: string;
  readonly shaft: string;
  readonly crossing: string;
  readonly startRight: string;
  readonly startLeft: string;
  readonly headRight: string;
  readonly headLeft: string;
  readonly ellipsis: string;
  readonly dot: string;
  readonly note: string;
}

const unicode: Glyphs = {
  line: '│',
  shaft: '─',
  crossing: '┼',
  startRight: '├',
  startLeft: '┤',
  headRight: '▶',
  headLeft: '◀',
  ellipsis: '…',
  dot: '·',
  note: '◆',
};

const ascii: Glyphs = {
  line: '|',
  shaft: '-',
  crossing: '+',
  startRight: '+',
  startLeft: '+',
  headRight: '>',
  headLeft: '<',
  ellipsis: '~',
  dot: '-',
  note: '*',
};

/** Columns of the time at the left, a space after it included. */
const timeColumns = 10;
/** Columns between two lifelines: below the least a label is unreadable, above the most a gap. */
const leastLane = 11;
const mostLane = 30;

/** Milliseconds for people: `0 ms`, `1.250 s`, `25:05 min`. */
function elapsed(milliseconds: number): string {
  const whole = Math.round(milliseconds);
  if (whole < 1000) return `${whole} ms`;
  if (whole < 1_000_000) return `${(whole / 1000).toFixed(3)} s`;
  const seconds = Math.round(whole / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
}

/** ANSI colour of an arrow by what it says. */
function colourOf(arrow: Arrow): string {
  if (arrow.status === 0) return '36';
  if (arrow.status < 200) return '2';
  if (arrow.status < 300) return '32';
  return arrow.status < 400 || arrow.status === 401 || arrow.status === 407 ? '33' : '31';
}

/** Cuts to a width in columns; what is cut ends in an ellipsis. */
function fit(text: string, width: number, ellipsis: string): string {
  if (widthOf(text) <= width) return text;
  let cut = '';
  for (const character of text) {
    if (widthOf(cut + character) > width - 1) break;
    cut += character;
  }
  return width < 1 ? '' : cut + ellipsis;
}

/** One line of the drawing: cells by column, with one coloured stretch. */
class Row {
  readonly #cells: string[];

  constructor(width: number) {
    this.#cells = Array.from({ length: width }, () => ' ');
  }

  /** Writes from a column on; a wide character takes the cell after it as well. */
  put(column: number, text: string): void {
    let at = column;
    for (const character of text) {
      const width = widthOf(character);
      if (width === 0) {
        this.#cells[at - 1] = (this.#cells[at - 1] ?? '') + character;
        continue;
      }
      this.#cells[at] = character;
      if (width === 2) this.#cells[at + 1] = '';
      at += width;
    }
  }

  toString(paint?: { from: number; to: number; code: string }): string {
    if (paint === undefined) return this.#cells.join('').trimEnd();
    const { from, to, code } = paint;
    const after = this.#cells.slice(to).join('').trimEnd();
    const stretch = this.#cells.slice(from, to).join('');
    const inside = after === '' ? stretch.trimEnd() : stretch;
    return `${this.#cells.slice(0, from).join('')}\u001b[${code}m${inside}\u001b[0m${after}`;
  }
}

/** A drawing in the making: where the lifelines stand and what stands in for what. */
class Drawing {
  readonly #ladder: Ladder;
  readonly #style: LadderStyle;
  readonly #glyphs: Glyphs;
  readonly #lane: number;
  readonly #columnOf: ReadonlyMap<string, number>;
  readonly #width: number;

  constructor(ladder: Ladder, style: LadderStyle, lane: number, margin: number) {
    this.#ladder = ladder;
    this.#style = style;
    this.#glyphs = style.unicode ? unicode : ascii;
    this.#lane = lane;
    const first = timeColumns + margin;
    this.#columnOf = new Map(ladder.lifelines.map(({ id }, index) => [id, first + index * lane]));
    this.#width = first + (ladder.lifelines.length - 1) * lane + margin + 1;
  }

  lines(): string[] {
    const { arrows } = this.#ladder;
    return [
      ...this.#header(),
      this.#blank(),
      ...arrows.map((arrow) => this.#arrow(arrow)),
      this.#blank(),
    ];
  }

  #header(): string[] {
    const names = new Row(this.#width);
    const roles = new Row(this.#width);
    for (const lifeline of this.#ladder.lifelines) {
      this.#centre(names, lifeline.id, lifeline.name);
      this.#centre(roles, lifeline.id, roleOf(lifeline, this.#style));
    }
    const paint = { from: 0, to: this.#width };
    return this.#style.colour
      ? [names.toString({ ...paint, code: '1' }), roles.toString({ ...paint, code: '2' })]
      : [names.toString(), roles.toString()];
  }

  #centre(row: Row, id: string, text: string): void {
    const shown = fit(text, this.#lane - 1, this.#glyphs.ellipsis);
    const column = (this.#columnOf.get(id) ?? 0) - Math.floor((widthOf(shown) - 1) / 2);
    row.put(Math.max(0, column), shown);
  }

  #lifelines(): Row {
    const row = new Row(this.#width);
    for (const column of this.#columnOf.values()) row.put(column, this.#glyphs.line);
    return row;
  }

  #blank(): string {
    return this.#lifelines().toString();
  }

  #arrow(arrow: Arrow): string {
    const { shaft, crossing, startRight, startLeft, headRight, headLeft, ellipsis, note } =
      this.#glyphs;
    const row = this.#lifelines();
    row.put(0, elapsed(arrow.at - this.#ladder.startedAt).padStart(timeColumns - 2));
    const from = this.#columnOf.get(arrow.from) ?? 0;
    const to = this.#columnOf.get(arrow.to) ?? 0;
    const marked = arrow.through !== undefined;
    if (from === to) {
      row.put(from + 2, fit(`${headLeft}${shaft} ${arrow.label}`, this.#lane - 3, ellipsis));
      return row.toString();
    }
    const right = to > from;
    const [low, high] = right ? [from, to] : [to, from];
    const crossed = new Set(this.#columnOf.values());
    for (let column = low + 1; column < high; column++) {
      row.put(column, crossed.has(column) ? crossing : shaft);
    }
    row.put(from, right ? startRight : startLeft);
    row.put(right ? to - 1 : to + 1, right ? headRight : headLeft);
    // In the lane beside the sender, centred; a longer label runs on towards the receiver.
    const room = high - low - 4;
    const noted = `${arrow.label} ${note}`;
    const label = marked && widthOf(noted) <= room ? noted : fit(arrow.label, room, ellipsis);
    if (marked && label !== noted) row.put(timeColumns - 1, note);
    const shown = ` ${label} `;
    const width = widthOf(shown);
    const inset = Math.max(1, Math.floor((this.#lane - width) / 2));
    row.put(right ? from + inset : from - inset - width + 1, shown);
    if (!this.#style.colour) return row.toString();
    return row.toString({ from: low + 1, to: high, code: colourOf(arrow) });
  }
}

function roleOf(lifeline: Lifeline, style: LadderStyle): string {
  if (lifeline.kind === 'client') return texts.client[style.language];
  return style.roles?.get(lifeline.detail) ?? '';
}

/** One line an arrow, for terminals too narrow for the lifelines. */
function asList(ladder: Ladder, style: LadderStyle): string[] {
  const { headRight, note, ellipsis } = style.unicode ? unicode : ascii;
  const name = new Map(ladder.lifelines.map((lifeline) => [lifeline.id, lifeline.name]));
  return ladder.arrows.map((arrow) => {
    const time = elapsed(arrow.at - ladder.startedAt).padStart(timeColumns - 2);
    const mark = arrow.through === undefined ? '' : ` ${note}`;
    const path = `${name.get(arrow.from) ?? ''} ${headRight} ${name.get(arrow.to) ?? ''}`;
    const line = fit(`${time}  ${path}  ${arrow.label}${mark}`, style.columns, ellipsis);
    return style.colour ? `\u001b[${colourOf(arrow)}m${line}\u001b[0m` : line;
  });
}

/** What the marks mean and which address each lifeline has. */
function footnotes(ladder: Ladder, style: LadderStyle): string[] {
  const { note, ellipsis } = style.unicode ? unicode : ascii;
  const passed = new Set(ladder.arrows.flatMap((arrow) => arrow.through ?? []));
  const vips = [...passed].map((through) => {
    const pool = style.vips?.get(through);
    const owner = pool === undefined ? '' : ` (${printable(pool)})`;
    return `${note} ${texts.through[style.language]} ${printable(through)}${owner}`;
  });
  const clients = ladder.lifelines
    .filter((lifeline) => lifeline.kind === 'client' && lifeline.detail !== '')
    .map((lifeline) => `${lifeline.name}: ${printable(lifeline.detail)}`);
  const notes = clients.length === 0 ? vips : [...vips, clients.join('  ')];
  return notes.map((line) => `  ${fit(line, style.columns - 2, ellipsis)}`);
}

/**
 * A ladder as lines for a terminal: a title, the lifelines in path order, one arrow a message, and
 * footnotes. When the lifelines do not fit into the columns it becomes a list. Everything that came
 * from the network is printable.
 */
export function ladderText(ladder: Ladder, style: LadderStyle): string[] {
  const { dot, ellipsis } = style.unicode ? unicode : ascii;
  const count = ladder.arrows.length;
  const word = texts.messages[count === 1 ? 'one' : 'many'][style.language];
  const start = Number.isFinite(ladder.startedAt) ? new Date(ladder.startedAt).toISOString() : '';
  const summary = `${start} ${dot} ${count} ${word}, ${elapsed(ladder.duration)}`;
  const title = `Call-ID ${printable(decodeUtf8(ladder.callId))}`;
  const oneLine = `${title} ${dot} ${summary}`;
  const titles =
    widthOf(oneLine) <= style.columns ? [oneLine] : [fit(title, style.columns, ellipsis), summary];
  const heads = ladder.lifelines.map((one) =>
    Math.max(widthOf(one.name), widthOf(roleOf(one, style))),
  );
  // Half a head sticks out at either side.
  const margin = Math.min(Math.ceil(Math.max(1, ...heads) / 2), Math.floor(mostLane / 2));
  const gaps = Math.max(1, heads.length - 1);
  const room = Math.floor((style.columns - timeColumns - 2 * margin - 1) / gaps);
  const lane = Math.min(mostLane, neededLane(ladder, heads), room);
  const drawing =
    lane >= leastLane ? new Drawing(ladder, style, lane, margin).lines() : asList(ladder, style);
  const bold = (line: string): string => (style.colour ? `\u001b[1m${line}\u001b[0m` : line);
  return [...titles.map(bold), '', ...drawing, ...footnotes(ladder, style)];
}

/** The lane in which heads and labels of a ladder fit, arrow included. */
function neededLane(ladder: Ladder, heads: readonly number[]): number {
  const labels = ladder.arrows.map(
    (arrow) => widthOf(arrow.label) + (arrow.through === undefined ? 0 : 2) + 6,
  );
  return Math.max(16, ...labels, ...heads.map((width) => width + 2));
}
