import type { Language } from '#base';

const en = {
  expired: (row: string, day: string, owner: string) =>
    `${row} was valid until ${day}: its rules are left out (owner: ${owner})`,
  expiring: (row: string, day: string, days: number, owner: string) =>
    `${row} is valid until ${day}, ${days === 1 ? 'today' : `${days} days yet`} (owner: ${owner})`,
  lockedOut: (hosts: string) =>
    `no rule lets SSH or RDP in, so that only the console is left once they are loaded: ${hosts}. ` +
    'List who may under "policy:" of the topology (docs/topology.md).',
};

const de: typeof en = {
  expired: (row, day, owner) =>
    `${row} galt bis ${day}: Regeln dafür entfallen (verantwortlich: ${owner})`,
  expiring: (row, day, days, owner) =>
    `${row} gilt bis ${day}, ${days === 1 ? 'heute noch' : `noch ${days} Tage`} (verantwortlich: ${owner})`,
  lockedOut: (hosts) =>
    `keine Regel lässt SSH oder RDP ein; einmal geladen, bleibt nur die Konsole: ${hosts}. ` +
    'Wer darf, steht unter „policy:“ der Topologie (docs/topology.md).',
};

/** Texts about the site's own flows. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
