import type { Language } from '#base';
import type { TableRow } from './rows.ts';

/**
 * The port table as JSON, the stable contract of `usher ports --format json`. The note is in the
 * language asked for; everything else does not depend on it.
 */
export function renderJson(
  rows: readonly TableRow[],
  { language }: { language: Language },
): string {
  const plain = rows.map((row) => ({
    id: row.id,
    application: row.application,
    security: row.security,
    transport: row.transport,
    port: row.port,
    source: {
      role: row.source.role,
      interface: row.source.interface ?? null,
      addresses: row.source.addresses,
    },
    destination: {
      role: row.destination.role,
      via: row.destination.via ?? null,
      addresses: row.destination.addresses,
    },
    origin: row.origin,
    note: row.note[language],
  }));
  return JSON.stringify({ rows: plain }, null, 2);
}

const columns = [
  'id',
  'application',
  'security',
  'transport',
  'port',
  'sourceRole',
  'sourceInterface',
  'sourceAddresses',
  'destinationRole',
  'destinationInterface',
  'via',
  'destinationAddresses',
  'origin',
  'note',
] as const;

/**
 * One field of RFC 4180, always quoted. A text a spreadsheet would take for a formula gets an
 * apostrophe before it.
 */
function field(value: string | number | undefined): string {
  const text = String(value ?? '');
  const harmless = /^[=+\-@\t\r\n]/u.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}

/** The port table as CSV (RFC 4180, CRLF, UTF-8); several addresses are separated by a space. */
export function renderCsv(rows: readonly TableRow[], { language }: { language: Language }): string {
  const lines = rows.map((row) =>
    [
      row.id,
      row.application,
      row.security,
      row.transport,
      row.port,
      row.source.role,
      row.source.interface,
      row.source.addresses.join(' '),
      row.destination.role,
      row.destination.interface,
      row.destination.via,
      row.destination.addresses.join(' '),
      row.origin,
      row.note[language],
    ].map(field),
  );
  return [columns.map(field), ...lines].map((line) => line.join(',')).join('\r\n');
}
