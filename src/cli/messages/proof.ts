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
  dropped: 'dropped',
  wrongIdentity: 'identity',
  closedByPeer: 'closed',
  wrongAnswer: 'wrong answer',
};

const verdictDe: Readonly<Record<Verdict, string>> = {
  open: 'offen',
  noListener: 'niemand da',
  rejected: 'abgelehnt',
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
  conversation: (from: string, to: string, met: boolean, inside: boolean) =>
    `${from} and ${to} ${met ? 'met' : 'did not meet'} ${inside ? 'inside' : 'through the Edge'}`,
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
  conversation: (from, to, met, inside) =>
    `${from} und ${to} trafen sich ${met ? '' : 'nicht '}${inside ? 'intern' : 'über den Edge'}`,
};

/** Texts of the proof, shared by `usher up` and `usher verify`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
