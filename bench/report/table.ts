/** A Markdown table as the formatter lays it out: the first column to the left, numbers to the right. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** Bars of text, the longest 40 characters; `unit` follows each number. */
export function barPlot(
  bars: readonly { readonly name: string; readonly value: number; readonly text: string }[],
): string {
  const highest = Math.max(...bars.map(({ value }) => value), 1e-9);
  const width = Math.max(...bars.map(({ name }) => name.length), 0);
  const lines = bars.map(({ name, value, text }) => {
    const bar = '█'.repeat(Math.max(1, Math.round((value / highest) * 40)));
    return `${name.padEnd(width)}  ${bar} ${text}`;
  });
  return ['```text', ...lines, '```'].join('\n');
}
