import type { Language } from '#base';
import { renderCsv, renderJson } from './data.ts';
import { renderHtml, renderMarkdown } from './markup.ts';
import type { TableRow } from './rows.ts';
import type { SiteRow } from './site-rows.ts';
import { renderText } from './text.ts';

export { tableRows } from './rows.ts';
export { siteRow, siteRows } from './site-rows.ts';
export type { SiteRow } from './site-rows.ts';
export type { TableRow } from './rows.ts';
export { partyWords, protocolWords } from './words.ts';

/** The forms the port table is printed in. */
export const tableFormats = ['text', 'md', 'html', 'csv', 'json'] as const;
export type TableFormat = (typeof tableFormats)[number];

/** How to print the table; width and colour matter for `text` only. */
export interface TableOptions {
  readonly format: TableFormat;
  readonly language: Language;
  /** Name of the deployment, for titles. */
  readonly name: string;
  /** Width of the terminal in characters. */
  readonly columns: number;
  readonly colour: boolean;
  /** The site's own flows, below the rows and marked as such. */
  readonly site: readonly SiteRow[];
}

const renderers: Readonly<
  Record<TableFormat, (rows: readonly TableRow[], options: TableOptions) => string>
> = {
  text: renderText,
  md: renderMarkdown,
  html: renderHtml,
  csv: renderCsv,
  json: renderJson,
};

/** Prints rows in one of the formats, without a line break at the end. */
export function renderTable(rows: readonly TableRow[], options: TableOptions): string {
  return renderers[options.format](rows, options);
}
