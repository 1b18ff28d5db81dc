import type { Language } from '#base';

const en = {
  description: 'see the state of every host that has a log agent',
  status: 'ask every log agent how its host is',
  topology: 'topology file (default ./topology.yaml, else the Contoso example)',
  json: 'everything the hosts tell, as JSON',
  portOffset: 'the offset the deployment was started with',
  examples: `
Examples:
  usher pool status
  usher pool status --json | jq '.[] | {host, sip: .value.details.sip}'

Directors, Front Ends and Edges answer (rows DH-08, FE-08, EI10). Exit status 1 when one does not.`,
  up: (seconds: number, megabytes: number) => `up for ${seconds} s, ${megabytes} MB resident`,
  unreachable: (reason: string) => `does not answer: ${reason}`,
};

const de: typeof en = {
  description: 'den Zustand jedes Hosts mit Protokoll-Agent sehen',
  status: 'jeden Protokoll-Agenten nach dem Zustand seines Hosts fragen',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml, sonst das Contoso-Beispiel)',
  json: 'alles, was die Hosts sagen, als JSON',
  portOffset: 'der Versatz, mit dem die Umgebung gestartet wurde',
  examples: `
Beispiele:
  usher pool status
  usher pool status --json | jq '.[] | {host, sip: .value.details.sip}'

Directors, Front-Ends und Edges antworten (Zeilen DH-08, FE-08, EI10). Exit-Status 1, wenn einer schweigt.`,
  up: (seconds, megabytes) => `läuft seit ${seconds} s, ${megabytes} MB im Speicher`,
  unreachable: (reason) => `antwortet nicht: ${reason}`,
};

/** Texts of `usher pool`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
