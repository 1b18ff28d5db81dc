import type { Language, Text } from '#base';
import type { Origin, Party } from '../model.ts';
import type { TableRow } from './rows.ts';
import { portRange, type SiteRow } from './site-rows.ts';

const roles: Readonly<Record<Party['role'], Text>> = {
  director: { en: 'Director', de: 'Director' },
  frontEnd: { en: 'Front End', de: 'Front-End-Server' },
  directorOrFrontEnd: { en: 'Director, Front End', de: 'Director, Front-End-Server' },
  edge: { en: 'Edge', de: 'Edgeserver' },
  reverseProxy: { en: 'Reverse proxy', de: 'Reverseproxy' },
  balancer: { en: 'Load balancer', de: 'Lastenausgleich' },
  trustedPeer: { en: 'Trusted peer', de: 'Vertrauenswürdige Gegenstelle' },
  internalClient: { en: 'Internal clients', de: 'Interne Clients' },
  remoteClient: { en: 'Remote users', de: 'Remotebenutzer' },
  logController: { en: 'Log controllers', de: 'Protokollcontroller' },
  any: { en: 'Any', de: 'Beliebig' },
};

const vips = {
  director: { en: 'Director VIP', de: 'VIP des Directorpools' },
  frontEnd: { en: 'Front End VIP', de: 'VIP des Front-End-Pools' },
} as const satisfies Record<string, Text>;

const interfaces: Readonly<Record<'internal' | 'external', Text>> = {
  internal: { en: 'internal interface', de: 'interne Schnittstelle' },
  external: { en: 'external interface', de: 'externe Schnittstelle' },
};

/** Headings and other fixed words of the table. */
export const words = {
  title: { en: 'Port table', de: 'Porttabelle' },
  row: { en: 'Row', de: 'Zeile' },
  protocol: { en: 'Protocol and port', de: 'Protokoll und Port' },
  source: { en: 'Source', de: 'Quelle' },
  destination: { en: 'Destination', de: 'Ziel' },
  note: { en: 'Note', de: 'Hinweis' },
  origin: { en: 'Known from', de: 'Bekannt aus' },
  any: { en: 'any address', de: 'jede Adresse' },
  site: {
    en: "The site's own flows (policy: of the topology)",
    de: 'Eigene Datenflüsse des Standorts (policy: der Topologie)',
  },
  owner: { en: 'owner', de: 'zuständig' },
  until: { en: 'valid until', de: 'gültig bis' },
  siteOrigin: { en: 'site (policy:)', de: 'Standort (policy:)' },
} as const satisfies Record<string, Text>;

/** Where a row is known from, for people. */
const origins: Readonly<Record<Origin, Text>> = {
  table: { en: 'table', de: 'Tabelle' },
  prose: { en: 'text', de: 'Text' },
  derived: { en: 'topology', de: 'Topologie' },
  option: { en: 'option', de: 'Option' },
};

/** One end of a row in words: `Reverse proxy, internal interface`, `Director VIP`. */
export function partyWords(party: Party, language: Language): string {
  const role = roles[party.role][language];
  if (party.via === 'vip')
    return vips[party.role === 'director' ? 'director' : 'frontEnd'][language];
  if (party.interface !== undefined) return `${role}, ${interfaces[party.interface][language]}`;
  if (party.via === 'member' && party.hosts.length > 1) {
    return language === 'de' ? `Jeder ${role}` : `Each ${role}`;
  }
  return role;
}

/** Application, security and transport as the reference writes them: `SIP/MTLS/TCP 5061`. */
export function protocolWords(row: TableRow): string {
  // HTTPS says TLS already; log collection has no name for its protocol but MTLS.
  const parts = {
    HTTP: ['HTTP'],
    HTTPS: ['HTTPS'],
    SIP: ['SIP', row.security],
    CLS: [row.security],
    peers: ['HAProxy peers', row.security],
  }[row.application];
  return `${[...parts, row.transport].join('/')} ${row.port}`;
}

/** A row in words, for those who print it to people. */
export interface PrintedRow {
  readonly id: string;
  readonly protocol: string;
  readonly source: PrintedEnd;
  readonly destination: PrintedEnd;
  readonly origin: string;
  readonly note: string;
}

/** One end in words; a flow of the site says by addresses alone who it is. */
export interface PrintedEnd {
  readonly who: string | undefined;
  readonly addresses: readonly { readonly words: string; readonly literal: boolean }[];
}

const printedEnd = (
  who: string | undefined,
  addresses: readonly string[],
  language: Language,
): PrintedEnd => ({
  who,
  addresses: addresses.map((address) =>
    address === 'any'
      ? { words: words.any[language], literal: false }
      : { words: address, literal: true },
  ),
});

/** A row of the port table in words. */
export function printedRow(row: TableRow, language: Language): PrintedRow {
  const end = (party: Party): PrintedEnd =>
    printedEnd(partyWords(party, language), party.addresses, language);
  return {
    id: row.id,
    protocol: protocolWords(row),
    source: end(row.source),
    destination: end(row.destination),
    origin: origins[row.origin][language],
    note: row.note[language],
  };
}

/** A flow of the site in words. */
export function printedSite(row: SiteRow, language: Language): PrintedRow {
  const protocols = row.protocols.map((protocol) => protocol.toUpperCase()).join('+');
  return {
    id: row.id,
    protocol: `${protocols} ${row.ports.map(portRange).join(', ')}`,
    source: printedEnd(undefined, row.source, language),
    destination: printedEnd(undefined, row.destination, language),
    origin: words.siteOrigin[language],
    note: siteNote(row, language),
  };
}

/** Why the site has a flow, whose it is, and for how long. */
export function siteNote({ reason, owner, expires }: SiteRow, language: Language): string {
  const whose = `${words.owner[language]}: ${owner}`;
  const until = expires === undefined ? '' : `, ${words.until[language]} ${expires}`;
  return `${reason} (${whose}${until})`;
}
