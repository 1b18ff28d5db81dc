import type { Entry, Obstacle, Placed, Reading } from './entry.ts';

/**
 * Reads CSV (RFC 4180): the first line names the columns, `"` quotes, `""` is a quote, quoted values may
 * span lines. Semicolons separate when the first line has some and no comma, as spreadsheets write it
 * where the comma is the decimal sign. One of the columns is `aor`. A byte order mark and empty lines are skipped.
 */
export function readCsv(text: string): Reading {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const firstLine = source.slice(0, source.search(/\r|\n|$/u));
  const separator = firstLine.includes(';') && !firstLine.includes(',') ? ';' : ',';
  const obstacles: Obstacle[] = [];
  const rows = cut(source, separator, obstacles).filter(
    (row) => row.length > 1 || row[0]?.text.trim() !== '',
  );
  const [names, ...rest] = rows;
  if (names === undefined) {
    obstacles.push(
      obstacle({ line: 1, column: 1 }, 'empty-file', 'the file is empty', 'a line of column names'),
    );
    return { entries: [], obstacles };
  }
  if (!names.some((name) => name.text.trim() === 'aor')) {
    // Not shown: what stands there may be the first user, password and all.
    obstacles.push(
      obstacle({ line: 1, column: 1 }, 'no-header', 'no column named "aor"', 'column names first'),
    );
    return { entries: [], obstacles };
  }
  const entries: Entry[] = [];
  for (const row of rest) {
    const start = row[0] ?? { line: 1, column: 1 };
    if (row.length !== names.length) {
      const found = `${row.length} values in a row`;
      obstacles.push(
        obstacle(start, 'column-count', found, `${names.length}, as the first line has`),
      );
      continue;
    }
    const fields = new Map<string, Placed>();
    for (const [i, name] of names.entries()) {
      const value = row[i];
      // An empty cell says nothing; in other formats the key would be missing.
      if (value !== undefined && value.text !== '') fields.set(name.text.trim(), value);
    }
    entries.push({ line: start.line, column: start.column, path: '', fields });
  }
  return { entries, obstacles };
}

function obstacle(
  place: { line: number; column: number },
  code: string,
  found: string,
  allowed: string,
): Obstacle {
  return { line: place.line, column: place.column, path: '', code, found, allowed };
}

/** Rows of cells; an unclosed quote is reported where it opens. */
function cut(text: string, separator: string, obstacles: Obstacle[]): Placed[][] {
  const rows: Placed[][] = [];
  let row: Placed[] = [];
  let line = 1;
  let lineStart = 0;
  let at = 0;
  while (at <= text.length) {
    const place = { line, column: at - lineStart + 1 };
    let value: string;
    if (text[at] === '"') {
      let end = at + 1;
      value = '';
      for (;;) {
        const quote = text.indexOf('"', end);
        if (quote < 0) {
          obstacles.push(obstacle(place, 'unclosed-quote', 'a quote that never closes', '"…"'));
          return rows;
        }
        value += text.slice(end, quote);
        end = quote + 1;
        if (text[end] !== '"') break;
        value += '"';
        end++;
      }
      for (let i = at; i < end; i++) {
        if (text[i] !== '\n') continue;
        line++;
        lineStart = i + 1;
      }
      at = end;
    } else {
      let end = at;
      while (end < text.length && text[end] !== separator && text[end] !== '\n') end++;
      value = text.slice(at, end).replace(/\r$/u, '');
      at = end;
    }
    row.push({ text: value, ...place });
    if (text[at] === '\r') at++;
    if (text[at] === separator) at++;
    else if (at >= text.length || text[at] === '\n') {
      rows.push(row);
      row = [];
      at++;
      line++;
      lineStart = at;
    } else {
      const here = { line, column: at - lineStart + 1 };
      obstacles.push(
        obstacle(
          here,
          'after-quote',
          'text after a closing quote',
          `"${separator}" or the end of the line`,
        ),
      );
      return rows;
    }
  }
  return rows;
}
