import { startLineOf, type LogRecord } from './record.ts';
import { decodeUtf8, printable, printableLines, widthOf } from './printable.ts';

/** How records are written for people. */
export interface ReportStyle {
  /** Heads and stored bodies below each line. */
  readonly full: boolean;
  readonly colour: boolean;
  /** Columns lines of a record are cut to; heads and bodies never are. */
  readonly columns: number;
}

function colourOf(record: LogRecord): string {
  if (record.kind !== 'message') return record.level === 'Warning' ? '33' : '2';
  if (record.status === 0) return '36';
  if (record.status < 200) return '2';
  return record.status < 300 ? '32' : record.status < 500 ? '33' : '31';
}

function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  for (const character of text) {
    if (widthOf(kept) + widthOf(character) > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/**
 * A record as lines for a terminal: time (UTC), host, direction, peer, what was said; below it, when
 * asked for, the head and the stored body. Nothing from the network can steer the terminal.
 */
export function recordLines(record: LogRecord, style: ReportStyle): string[] {
  const time = new Date(record.at).toISOString();
  const arrow = record.direction === 'in' ? '◀' : '▶';
  const peer = record.peer === '' || record.peer === 'client' ? record.remote : record.peer;
  const said = decodeUtf8(startLineOf(record));
  const line = `${time} ${record.host} ${arrow} ${peer}  ${said}`;
  const shown = cut(printable(line), style.columns);
  const first = style.colour ? `\u001b[${colourOf(record)}m${shown}\u001b[0m` : shown;
  if (!style.full) return [first];
  const below = record.kind === 'message' ? printableLines(decodeUtf8(record.head).trimEnd()) : [];
  const body = record.body === null ? [] : ['', ...printableLines(decodeUtf8(record.body))];
  return [first, ...[...below, ...body].map((text) => `    ${text}`.trimEnd()), ''];
}
