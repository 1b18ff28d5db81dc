import type { Language } from '#base';

const en = {
  description: 'prove the running deployment: every row open, everything else closed',
  topology: 'topology file (default ./topology.yaml, else the Contoso example)',
  json: 'print the proof as JSON',
  junit: 'also write the proof as JUnit XML to this file',
  html: 'write the proof as one HTML page',
  sweep:
    'also connect to all 65,535 ports of every address (2 to 3 s an address on this machine: half a minute for the Contoso example)',
  here: 'only what this machine can prove alone: rows that start at its hosts, its own sockets',
  portOffset: 'the offset the deployment was started with',
  examples: `
Examples:
  usher verify                          what usher up started in another terminal
  usher verify --json | jq .ok
  usher verify topology.yaml --junit proof.xml --sweep

Each row is probed from the address and with the certificate of its source: connected, identity
checked, asked in the row's own protocol. Then three kinds of wrong certificate knock on every
mutual-TLS socket, and the kernel's socket table is compared with the plan. Exit status 1 when
anything is not as the table says.

Where hosts are machines of their own, no machine can play all sources: run it on each with --here
(docs/production.md).`,
  notAHost: 'this machine has no address of a host of the topology',
  notAHostRemedy: 'Run usher verify --here on the machines of the deployment.',
  noDemoUsers:
    'no demo users in the state directory: the conversation through the Edge is left out',
};

const de: typeof en = {
  description: 'die laufende Umgebung prüfen: jede Zeile offen, alles andere zu',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml, sonst das Contoso-Beispiel)',
  json: 'den Nachweis als JSON ausgeben',
  junit: 'den Nachweis zusätzlich als JUnit-XML in diese Datei schreiben',
  html: 'den Nachweis als eine HTML-Seite schreiben',
  sweep:
    'zusätzlich alle 65.535 Ports jeder Adresse durchprobieren (2 bis 3 s je Adresse auf diesem Rechner: eine halbe Minute für das Contoso-Beispiel)',
  here: 'nur, was dieser Rechner allein nachweisen kann: die Zeilen seiner Hosts und seine eigenen Sockets',
  portOffset: 'der Versatz, mit dem die Umgebung gestartet wurde',
  examples: `
Beispiele:
  usher verify                          was usher up in einem anderen Terminal gestartet hat
  usher verify --json | jq .ok
  usher verify topology.yaml --junit nachweis.xml --sweep

Jede Zeile wird von der Adresse und mit dem Zertifikat ihrer Quelle geprüft: verbunden, Identität
geprüft, im Protokoll der Zeile gefragt. Dann klopfen drei Arten falscher Zertifikate an jedem
MTLS-Socket, und die Sockettabelle des Kerns wird mit dem Plan verglichen. Exit-Status 1, wenn etwas
nicht ist, wie die Tabelle es sagt.

Läuft jeder Host auf einem eigenen Rechner, kann keiner für alle Quellen sprechen: auf jedem mit --here aufrufen
(docs/production.md).`,
  notAHost: 'diese Maschine hat keine Adresse eines Hosts der Topologie',
  notAHostRemedy: 'usher verify --here auf den Maschinen der Umgebung aufrufen.',
  noDemoUsers: 'keine Demobenutzer im Zustandsverzeichnis: das Gespräch über den Edge entfällt',
};

/** Texts of `usher verify`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
