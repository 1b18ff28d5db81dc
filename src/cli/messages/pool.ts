import type { Language } from '#base';

const en = {
  description: 'see the state of every host, and drain a Director or Front End',
  status: 'ask every log agent how its host is',
  topology: 'topology file (default ./topology.yaml, else the Contoso example)',
  json: 'everything the hosts tell, as JSON',
  portOffset: 'the offset the deployment was started with',
  drain: 'have a Director or Front End on this machine refuse new requests, and wait for the old',
  resume: 'have it take requests again',
  host: 'FQDN of the host, as the topology writes it',
  deadline: 'how long to wait for requests in progress (default 300, at most 86400)',
  noWait: 'begin the drain and return',
  hostJson: 'what the host tells, as JSON',
  left: (host: string, unfinished: number, seconds: number) =>
    `${host}: ${unfinished} requests in progress, waiting ${seconds} s more`,
  goesOn: (host: string) => `the drain goes on; usher pool resume ${host} ends it`,
  drained: (host: string, unfinished: number, connections: number) =>
    `${host} refuses new requests; ${unfinished} in progress, ${connections} connections open`,
  resumed: (host: string) => `${host} takes requests again`,
  strange: (host: string) => `${host} answers, but not as a Director or Front End of this version`,
  strangeRemedy: 'Restart the host with the version of this command.',
  examples: `
Examples:
  usher pool status
  usher pool status --json | jq '.[] | {host, sip: .value.details.sip}'
  usher pool drain dir01.contoso.net --deadline 60
  usher pool resume dir01.contoso.net

status: Directors, Front Ends and Edges answer (rows DH-08, FE-08, EI10). Exit status 1 when one does
not. drain and resume run on the machine of the host, as its account or as root (--state as the host
has it). A drained host answers new requests 503 with Retry-After, those of dialogs go on, and the
balancer's probe and the Directors' polling see that it wants no more. It stays so until resume, also
over a restart. Behind a balancer, usher balancer drain comes first: it moves clients without a
refusal. Exit status 1 when requests are still in progress at the deadline, or the host does not run.`,
  up: (seconds: number, megabytes: number) => `up for ${seconds} s, ${megabytes} MB resident`,
  unreachable: (reason: string) => `does not answer: ${reason}`,
};

const de: typeof en = {
  description: 'den Zustand jedes Hosts sehen und einen Director oder ein Front-End leeren',
  status: 'jeden Protokoll-Agenten nach dem Zustand seines Hosts fragen',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml, sonst das Contoso-Beispiel)',
  json: 'alles, was die Hosts sagen, als JSON',
  portOffset: 'der Versatz, mit dem die Umgebung gestartet wurde',
  drain:
    'einen Director oder ein Front-End hier neue Anfragen ablehnen lassen und die alten abwarten',
  resume: 'ihn wieder Anfragen annehmen lassen',
  host: 'FQDN des Hosts, wie er in der Topologie steht',
  deadline: 'wie lange auf laufende Anfragen gewartet wird (Vorgabe 300, höchstens 86400)',
  noWait: 'nur damit beginnen und nicht warten',
  hostJson: 'was der Host sagt, als JSON',
  left: (host, unfinished, seconds) =>
    `${host}: ${unfinished} Anfragen in Arbeit, noch ${seconds} s Wartezeit`,
  goesOn: (host) => `der Vorgang läuft weiter; usher pool resume ${host} beendet ihn`,
  drained: (host, unfinished, connections) =>
    `${host} lehnt neue Anfragen ab; ${unfinished} in Arbeit, ${connections} Verbindungen offen`,
  resumed: (host) => `${host} nimmt wieder Anfragen an`,
  strange: (host) => `${host} antwortet, aber nicht wie ein Director oder Front-End dieser Version`,
  strangeRemedy: 'Den Host mit der Version dieses Befehls neu starten.',
  examples: `
Beispiele:
  usher pool status
  usher pool status --json | jq '.[] | {host, sip: .value.details.sip}'
  usher pool drain dir01.contoso.net --deadline 60
  usher pool resume dir01.contoso.net

status: Directors, Front-Ends und Edges antworten (Zeilen DH-08, FE-08, EI10). Exit-Status 1, wenn
einer schweigt. drain und resume laufen auf der Maschine des Hosts, unter seinem Konto oder als root
(--state wie beim Host). Ein geleerter Host beantwortet neue Anfragen mit 503 und Retry-After, die von
Dialogen laufen weiter, und die Probe des Lastenausgleichs und die Abfragen der Directors merken, dass
er nichts mehr annimmt. So bleibt es bis resume, auch über einen Neustart hinweg. Hinter einem
Lastenausgleich kommt usher balancer drain zuerst: das verlagert Clients, ohne jemanden abzuweisen.
Exit-Status 1, wenn bei Ablauf der Frist noch Anfragen in Arbeit sind oder der Host nicht läuft.`,
  up: (seconds, megabytes) => `läuft seit ${seconds} s, ${megabytes} MB im Speicher`,
  unreachable: (reason) => `antwortet nicht: ${reason}`,
};

/** Texts of `usher pool`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
