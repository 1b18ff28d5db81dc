import type { Language } from '#base';
import type { TableRow } from './rows.ts';
import { addressWords, origins, partyWords, protocolWords, words } from './words.ts';

/** What the documents carry besides the rows. */
export interface DocumentOptions {
  readonly language: Language;
  /** Name of the deployment. */
  readonly name: string;
}

const markdownSpecial = /[\\`*_{}[\]<>|#~&]/gu;

/** Makes text mean itself in a Markdown table cell. */
function markdown(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').replaceAll(markdownSpecial, (sign) => `\\${sign}`);
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The port table as a Markdown document (GitHub tables). */
export function renderMarkdown(rows: readonly TableRow[], options: DocumentOptions): string {
  const { language, name } = options;
  const headings = [words.row, words.protocol, words.source, words.destination, words.note];
  const end = (party: TableRow['source']): string =>
    [partyWords(party, language), ...addressWords(party, language)].map(markdown).join('<br>');
  return [
    `# ${markdown(`${words.title[language]}: ${name}`)}`,
    '',
    line(headings.map((heading) => heading[language])),
    line(headings.map(() => '---')),
    ...rows.map((row) =>
      line([
        markdown(row.id),
        markdown(protocolWords(row)),
        end(row.source),
        end(row.destination),
        markdown(row.note[language]),
      ]),
    ),
  ].join('\n');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Makes text mean itself in HTML content and quoted attributes. */
function html(text: string): string {
  return text.replaceAll(/[&<>"']/gu, (sign) => entities[sign] ?? sign);
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
  ul { list-style: none; margin: .25rem 0 0; padding: 0; }
  @media print { body { margin: 0; max-width: none; } thead { display: table-header-group; }
    tr { break-inside: avoid; } }
`;

/** The port table as one HTML page that needs nothing else: no script, no font, no network. */
export function renderHtml(rows: readonly TableRow[], options: DocumentOptions): string {
  const { language, name } = options;
  const title = html(`${words.title[language]}: ${name}`);
  const headings = [
    words.row,
    words.protocol,
    words.source,
    words.destination,
    words.origin,
    words.note,
  ];
  const end = (party: TableRow['source']): string => {
    const addresses = party.addresses.map((address, index) => {
      const shown = html(addressWords(party, language)[index] ?? address);
      return `<li>${address === 'any' ? shown : `<code>${shown}</code>`}</li>`;
    });
    return `<td>${html(partyWords(party, language))}<ul>${addresses.join('')}</ul></td>`;
  };
  const body = rows.map((row) =>
    [
      `      <tr>`,
      `<th scope="row" id="${html(row.id)}">${html(row.id)}</th>`,
      `<td><code>${html(protocolWords(row))}</code></td>`,
      end(row.source),
      end(row.destination),
      `<td>${origins[row.origin][language]}</td>`,
      `<td>${html(row.note[language])}</td>`,
      `</tr>`,
    ].join(''),
  );
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
    '  </table>',
    '  </main>',
    '</body>',
    '</html>',
  ].join('\n');
}
