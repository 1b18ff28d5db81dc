import type { Language } from '#base';
import type { TableRow } from './rows.ts';
import { portRange, type SiteRow } from './site-rows.ts';
import { siteNote } from './words.ts';

/**
 * The port table as JSON, the stable contract of `usher ports --format json`. The note is in the
 * language asked for; everything else does not depend on it.
 */
export function renderJson(
  rows: readonly TableRow[],
  { language, site }: { language: Language; site: readonly SiteRow[] },
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
  const own = site.map(({ id, protocols, ports, source, destination, ...row }) => ({
    id,
    protocols,
    ports,
    source: { addresses: source },
    destination: { addresses: destination },
    owner: row.owner,
    reason: row.reason,
    expires: row.expires ?? null,
  }));
  return JSON.stringify({ rows: plain, site: own }, null, 2);
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

/**
 * The port table as CSV (RFC 4180, CRLF, UTF-8); several addresses, and of the site's own flows (origin `site`)
 * several protocols and ports, are separated by a space.
 */
export function renderCsv(
  rows: readonly TableRow[],
  { language, site }: { language: Language; site: readonly SiteRow[] },
): string {
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
  const own = site.map((row) =>
    [
      row.id,
      undefined,
      undefined,
      row.protocols.map((protocol) => protocol.toUpperCase()).join(' '),
      row.ports.map(portRange).join(' '),
      undefined,
      undefined,
      row.source.join(' '),
      undefined,
      undefined,
      undefined,
      row.destination.join(' '),
      'site',
      siteNote(row, language),
    ].map(field),
  );
  return [columns.map(field), ...lines, ...own].map((line) => line.join(',')).join('\r\n');
}
