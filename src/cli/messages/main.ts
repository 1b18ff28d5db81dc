import type { Text } from '#base';

/** What the front of the command line says, before any command does. */
export const texts = {
  about: {
    en: 'A Director pool for SIP: one topology file runs it, balances it and proves its port table.',
    de: 'Ein Directorpool für SIP aus einer einzigen Topologiedatei: Betrieb, Lastenausgleich und der Nachweis seiner Porttabelle.',
  },
  everywhere: {
    en: `
Everywhere:
  --state DIR   where the CA, certificates, users, keys and records live
                (default ./.usher; /var/lib/usher for serve; variable USHER_STATE)
  --lang en|de  language of what you read here (default: LANG); logs stay English
  --help        after any command: what it does, with examples

Exit status: 0 as asked; 1 a negative verdict (a row fails); 2 bad usage or bad topology.

First steps:
  usher up                       the Contoso example, every row proven, on this machine
  usher init --out topology.yaml write a topology of your own
  usher ports --format html      the port table for the firewall team`,
    de: `
Überall:
  --state DIR   wo CA, Zertifikate, Benutzer, Schlüssel und Aufzeichnungen liegen
                (Vorgabe ./.usher; /var/lib/usher bei serve; Variable USHER_STATE)
  --lang en|de  Sprache dessen, was Sie hier lesen (Vorgabe: LANG); Protokolle bleiben englisch
  --help        nach jedem Befehl: was er tut, mit Beispielen

Exit-Status: 0 wie gewünscht; 1 ein negatives Ergebnis (eine Zeile besteht nicht); 2 falscher
Aufruf oder fehlerhafte Topologie.

Erste Schritte:
  usher up                       das Contoso-Beispiel auf diesem Rechner, jede Zeile nachgewiesen
  usher init --out topology.yaml eine eigene Topologie schreiben
  usher ports --format html      die Porttabelle für das Firewall-Team`,
  },
  langAllowed: {
    en: 'the language is en or de',
    de: 'die Sprache ist en oder de',
  },
  needsValue: { en: 'needs a value', de: 'braucht einen Wert' },
  inputEnded: {
    en: 'standard input ended before every question was answered',
    de: 'die Standardeingabe endete, bevor alle Fragen beantwortet waren',
  },
  inputEndedRemedy: {
    en: 'Give one line for each question, or answer with flags (--help lists them).',
    de: 'Eine Zeile je Frage eingeben oder mit Optionen antworten (--help nennt sie).',
  },
  unexpected: {
    en: 'This is a defect of Usher; the cause follows.',
    de: 'Das ist ein Fehler in Usher; die Ursache folgt.',
  },
  remedy: { en: 'What to do', de: 'Abhilfe' },
} as const satisfies Record<string, Text>;
