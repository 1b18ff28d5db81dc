import { escapeMarkup, type Language } from '#base';
import type { TableRow } from './rows.ts';
import type { SiteRow } from './site-rows.ts';
import { printedRow, printedSite, words, type PrintedEnd, type PrintedRow } from './words.ts';

/** What the documents carry besides the rows. */
export interface DocumentOptions {
  readonly language: Language;
  /** Name of the deployment. */
  readonly name: string;
  readonly site: readonly SiteRow[];
}

const markdownSpecial = /[\\`*_{}[\]<>|#~&]/gu;

/** Makes text mean itself in a Markdown table cell. */
function markdown(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').replaceAll(markdownSpecial, (sign) => `\\${sign}`);
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The port table as a Markdown document (GitHub tables). */
export function renderMarkdown(rows: readonly TableRow[], options: DocumentOptions): string {
  const { language, name, site } = options;
  const headings = [words.row, words.protocol, words.source, words.destination, words.note];
  const end = ({ who, addresses }: PrintedEnd): string =>
    [...(who === undefined ? [] : [who]), ...addresses.map((address) => address.words)]
      .map(markdown)
      .join('<br>');
  const tableOf = (printed: readonly PrintedRow[]): readonly string[] => [
    line(headings.map((heading) => heading[language])),
    line(headings.map(() => '---')),
    ...printed.map(({ id, protocol, source, destination, note }) =>
      line([markdown(id), markdown(protocol), end(source), end(destination), markdown(note)]),
    ),
  ];
  return [
    `# ${markdown(`${words.title[language]}: ${name}`)}`,
    '',
    ...tableOf(rows.map((row) => printedRow(row, language))),
    ...(site.length === 0
      ? []
      : [
          '',
          `## ${markdown(words.site[language])}`,
          '',
          ...tableOf(site.map((row) => printedSite(row, language))),
        ]),
  ].join('\n');
}

const style = `
  :root { color-scheme: light dark; font: 1rem/1.45 system-ui, sans-serif; }
  body { margin: 2rem auto; max-width: 80rem; padding: 0 1rem; }
  .scroll { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; }
  caption { text-align: start; font-size: 1.5rem; font-weight: 600; padding-bottom: 1rem; }
  th, td { text-align: start; vertical-align: top; padding: .5rem .75rem;
    border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
  thead th { border-bottom-width: 2px; }
  td:last-child { min-width: 18rem; }
  tbody th, code { font-family: ui-monospace, monospace; white-space: nowrap; }
  tbody th.own { font-family: inherit; font-size: 1.1rem; padding-top: 2rem; }
  ul { list-style: none; margin: .25rem 0 0; padding: 0; }
  @media print { body { margin: 0; max-width: none; } thead { display: table-header-group; }
    tr { break-inside: avoid; } }
`;

function endCell({ who, addresses }: PrintedEnd): string {
  const items = addresses.map((address) => {
    const shown = escapeMarkup(address.words);
    return `<li>${address.literal ? `<code>${shown}</code>` : shown}</li>`;
  });
  return `<td>${escapeMarkup(who ?? '')}<ul>${items.join('')}</ul></td>`;
}

function bodyRow(row: PrintedRow): string {
  return [
    `      <tr>`,
    `<th scope="row" id="${escapeMarkup(row.id)}">${escapeMarkup(row.id)}</th>`,
    `<td><code>${escapeMarkup(row.protocol)}</code></td>`,
    endCell(row.source),
    endCell(row.destination),
    `<td>${escapeMarkup(row.origin)}</td>`,
    `<td>${escapeMarkup(row.note)}</td>`,
    `</tr>`,
  ].join('');
}

/** The port table as one HTML page that needs nothing else: no script, no font, no network. */
export function renderHtml(rows: readonly TableRow[], options: DocumentOptions): string {
  const { language, name, site } = options;
  const title = escapeMarkup(`${words.title[language]}: ${name}`);
  const headings = [
    words.row,
    words.protocol,
    words.source,
    words.destination,
    words.origin,
    words.note,
  ];
  const body = rows.map((row) => bodyRow(printedRow(row, language)));
  const own = [
    '    <tbody>',
    `      <tr><th class="own" scope="rowgroup" colspan="${headings.length}">${escapeMarkup(words.site[language])}</th></tr>`,
    ...site.map((row) => bodyRow(printedSite(row, language))),
    '    </tbody>',
  ];
  return [
    '<!doctype html>',
    `<html lang="${language}">`,
    '<head>',
    '  <meta charset="utf-8">',
    '  <meta name="viewport" content="width=device-width, initial-scale=1">',
    `  <title>${title}</title>`,
    `  <style>${style}  </style>`,
    '</head>',
    '<body>',
    '  <main class="scroll" tabindex="0" aria-labelledby="title">',
    '  <table>',
    `    <caption id="title">${title}</caption>`,
    '    <thead>',
    `      <tr>${headings.map((heading) => `<th scope="col">${heading[language]}</th>`).join('')}</tr>`,
    '    </thead>',
    '    <tbody>',
    ...body,
    '    </tbody>',
    ...(site.length === 0 ? [] : own),
    '  </table>',
    '  </main>',
    '</body>',
    '</html>',
  ].join('\n');
}
