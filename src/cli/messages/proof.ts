import type { Language } from '#base';
import type { Party } from '#ports';
import type { Verdict } from '#proof';

const role = (
  vip: (name: string) => string,
  names: Readonly<Record<Party['role'], string>>,
  sides: Readonly<Record<'internal' | 'external', string>>,
) => {
  return (party: Party): string => {
    const name = names[party.role];
    if (party.via === 'vip') return vip(name);
    return party.interface === undefined ? name : `${name} (${sides[party.interface]})`;
  };
};

const verdictEn: Readonly<Record<Verdict, string>> = {
  open: 'open',
  noListener: 'no listener',
  rejected: 'rejected',
  elsewhere: 'other host',
  dropped: 'dropped',
  wrongIdentity: 'identity',
  closedByPeer: 'closed',
  wrongAnswer: 'wrong answer',
};

const verdictDe: Readonly<Record<Verdict, string>> = {
  open: 'offen',
  noListener: 'niemand da',
  rejected: 'abgelehnt',
  elsewhere: 'anderer Host',
  dropped: 'verworfen',
  wrongIdentity: 'Identität',
  closedByPeer: 'geschlossen',
  wrongAnswer: 'falsche Antw.',
};

const en = {
  proving: 'proving',
  verdict: verdictEn,
  role: role(
    (name) => `${name} VIP`,
    {
      director: 'Director',
      frontEnd: 'Front End',
      directorOrFrontEnd: 'Director/Front End',
      edge: 'Edge',
      reverseProxy: 'reverse proxy',
      balancer: 'balancer',
      trustedPeer: 'trusted peer',
      internalClient: 'internal client',
      remoteClient: 'remote client',
      logController: 'log controller',
      any: 'any',
    },
    { internal: 'inside', external: 'outside' },
  ),
  refusals: (count: number, admitted: number) =>
    admitted === 0
      ? `${count} wrong certificates knocked on the mutual-TLS sockets; every one was refused`
      : `${admitted} of ${count} wrong certificates were not refused:`,
  closure: (probed: number, open: number) =>
    open === 0
      ? `no socket without a flow (${probed} looked at)`
      : `${open} ${open === 1 ? 'socket' : 'sockets'} that no flow asks for (${probed} looked at):`,
  sum: (open: number, all: number) => `${open} of ${all} rows open`,
  devices: (devices: number, probed: number, findings: number) =>
    findings === 0
      ? `${devices} devices let pass what the table asks for and nothing else (${probed} packets put before them)`
      : `${findings} ${findings === 1 ? 'difference' : 'differences'} between ${devices} devices and the table (${probed} packets put before them):`,
  pairs: (pairs: number, probed: number, findings: number) =>
    findings === 0
      ? `every port between ${pairs} pairs of addresses as the table says (${probed} packets)`
      : `${findings} ${findings === 1 ? 'port' : 'ports'} between ${pairs} pairs of addresses not as the table says (${probed} packets):`,
  way: { in: 'to the host', out: 'from the host', forward: 'through it' },
  blocked: (packet: string, row: string) => `${packet} is dropped, ${row} asks for it`,
  admitted: (packet: string) => `${packet} is admitted, no row asks for it`,
  decidedBy: (rule: string) => `decided by ${rule}`,
  policyDecides: 'decided by no rule: the policy of the chain',
  undecided: 'the kernel does not tell by what',
  alike: (count: number) => `${count} probes alike`,
  conversation: (from: string, to: string, met: boolean, inside: boolean) =>
    `${from} and ${to} ${met ? 'met' : 'did not meet'} ${inside ? 'inside' : 'through the Edge'}`,
  page: {
    proven: 'the port table is proven',
    notProven: 'the port table is NOT proven',
    rows: 'Rows of the port table',
    rowHead: ['row', 'from', 'to', 'port', 'verdict', 'evidence'],
    devices: 'What each device lets pass',
    deviceHead: ['device', 'packets', 'put before it', 'let pass', 'verdict'],
    asAsked: 'as the table says',
    differences: (count: number) => `${count} ${count === 1 ? 'difference' : 'differences'}`,
    pairs: 'Every port between any two',
    pairHead: ['between', 'packet'],
    refusals: 'Wrong certificates and sockets',
    conversation: 'Two users meet',
  },
};

const de: typeof en = {
  proving: 'prüfe',
  verdict: verdictDe,
  role: role(
    (name) => `${name}-VIP`,
    {
      director: 'Director',
      frontEnd: 'Front-End',
      directorOrFrontEnd: 'Director/Front-End',
      edge: 'Edge',
      reverseProxy: 'Reverseproxy',
      balancer: 'Lastenausgleich',
      trustedPeer: 'vertrauenswürdige Gegenstelle',
      internalClient: 'interner Client',
      remoteClient: 'externer Client',
      logController: 'Protokoll-Controller',
      any: 'beliebig',
    },
    { internal: 'innen', external: 'außen' },
  ),
  refusals: (count, admitted) =>
    admitted === 0
      ? `${count} falsche Zertifikate klopften an den MTLS-Sockets an; alle wurden abgewiesen`
      : `${admitted} von ${count} falschen Zertifikaten wurden nicht abgewiesen:`,
  closure: (probed, open) =>
    open === 0
      ? `kein Socket ohne Datenfluss (${probed} geprüft)`
      : `${open} ${open === 1 ? 'Socket, den' : 'Sockets, die'} kein Datenfluss verlangt (${probed} geprüft):`,
  sum: (open, all) => `${open} von ${all} Zeilen offen`,
  devices: (devices, probed, findings) =>
    findings === 0
      ? `${devices} Geräte lassen durch, was die Tabelle verlangt, und sonst nichts (${probed} Pakete vorgelegt)`
      : `${findings} ${findings === 1 ? 'Abweichung' : 'Abweichungen'} zwischen ${devices} Geräten und der Tabelle (${probed} Pakete vorgelegt):`,
  pairs: (pairs, probed, findings) =>
    findings === 0
      ? `jeder Port zwischen ${pairs} Adresspaaren, wie die Tabelle es sagt (${probed} Pakete)`
      : `${findings} ${findings === 1 ? 'Port' : 'Ports'} zwischen ${pairs} Adresspaaren nicht, wie die Tabelle es sagt (${probed} Pakete):`,
  way: { in: 'zum Host', out: 'vom Host', forward: 'hindurch' },
  blocked: (packet, row) => `${packet} wird verworfen, ${row} verlangt es`,
  admitted: (packet) => `${packet} wird zugelassen, keine Zeile verlangt es`,
  decidedBy: (rule) => `entschieden von ${rule}`,
  policyDecides: 'entschieden von keiner Regel: die Vorgabe der Kette',
  undecided: 'der Kern sagt nicht, wovon',
  alike: (count) => `${count} gleiche Proben`,
  conversation: (from, to, met, inside) =>
    `${from} und ${to} trafen sich ${met ? '' : 'nicht '}${inside ? 'intern' : 'über den Edge'}`,
  page: {
    proven: 'die Porttabelle ist nachgewiesen',
    notProven: 'die Porttabelle ist NICHT nachgewiesen',
    rows: 'Zeilen der Porttabelle',
    rowHead: ['Zeile', 'von', 'nach', 'Port', 'Ergebnis', 'Beleg'],
    devices: 'Was jedes Gerät durchlässt',
    deviceHead: ['Gerät', 'Pakete', 'vorgelegt', 'durchgelassen', 'Ergebnis'],
    asAsked: 'wie die Tabelle es sagt',
    differences: (count) => `${count} ${count === 1 ? 'Abweichung' : 'Abweichungen'}`,
    pairs: 'Jeder Port zwischen je zweien',
    pairHead: ['zwischen', 'Paket'],
    refusals: 'Falsche Zertifikate und Sockets',
    conversation: 'Zwei Benutzer treffen sich',
  },
};

/** Texts of the proof, shared by `usher up` and `usher verify`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
