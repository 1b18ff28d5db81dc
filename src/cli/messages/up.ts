import type { Language } from '#base';

const en = {
  description: 'bring the whole deployment up on this machine, prove every row, keep running',
  topology: 'topology file (default ./topology.yaml, else the Contoso example)',
  once: 'stop after the proof; exit 0 when it holds, 1 when not',
  json: 'print the proof as JSON instead of text',
  portOffset: 'add this to every port number (for running without root)',
  workers:
    'processes of each Director, Front End and Edge (default 1: all hosts share this machine)',
  examples: `
Examples:
  usher up                               the Contoso example with its real port numbers
  usher up --once                        bring up, prove, stop: for CI
  usher up --port-offset 10000           without root: HTTPS on 10443, SIP on 15061, …
  usher up topology.yaml --state ./state your own deployment, with its own CA and users

Every host is a process of its own; its log is STATE/run/HOST.log. Ctrl-C drains and stops all.`,
  heading: (name: string, hosts: number, rows: number) =>
    `${name}: ${hosts} hosts, ${rows} rows of the port table`,
  standbys: (fqdns: string) =>
    `takes a VIP over on a machine of its own, not started here: ${fqdns}`,
  others: (fqdns: string) => `run by other software, not started here: ${fqdns}`,
  certificates: (count: number) => `certificates issued: ${count}`,
  reloaded: 'every host has read certificates and revocation lists again',
  reloadKept: (fqdns: string) =>
    `the old certificates stay in use on ${fqdns}: STATE/run/HOST.log has the reason`,
  kept: (fqdn: string, why: string) => `kept the certificate of ${fqdn}: ${why}`,
  loading: 'starting',
  died: (fqdn: string, how: string) => `${fqdn} fell (${how}); it is being put back up`,
  restarted: (fqdn: string) => `${fqdn} is back`,
  started: (hosts: number, seconds: string) => `${hosts} hosts up after ${seconds} s`,
  proven: (seconds: string) => `the table is proven, ${seconds} s after the start`,
  notProven: (seconds: string) => `the table is NOT proven, ${seconds} s after the start`,
  ladderTitle: 'The path of the message, from the log agents’ records:',
  noLadder: (why: string) => `the path cannot be drawn: ${why}`,
  running: (users: string) =>
    `Running; Ctrl-C stops everything.
  Demo users and their passwords: ${users}
  From another terminal: npx usher verify, npx usher pool status,
    npx usher logs search --uri alice --ladder`,
  stopping: 'stopping …',
  stopped: 'stopped; no process and no socket is left',
  left: (pids: string) => `processes that did not end: ${pids}`,
};

const de: typeof en = {
  description: 'die ganze Umgebung auf diesem Rechner starten, jede Zeile nachweisen, weiterlaufen',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml, sonst das Contoso-Beispiel)',
  once: 'nach dem Nachweis enden; Exit-Status 0, wenn er gelingt, sonst 1',
  json: 'den Nachweis als JSON statt als Text ausgeben',
  portOffset: 'zu jeder Portnummer addieren (zum Betrieb ohne root)',
  workers:
    'Prozesse je Director, Front-End und Edge (Vorgabe 1: alle Hosts teilen sich diesen Rechner)',
  examples: `
Beispiele:
  usher up                               das Contoso-Beispiel mit seinen echten Portnummern
  usher up --once                        starten, nachweisen, enden: für CI
  usher up --port-offset 10000           ohne root: HTTPS auf 10443, SIP auf 15061, …
  usher up topology.yaml --state ./state die eigene Umgebung, mit eigener CA und Benutzern

Jeder Host ist ein eigener Prozess; sein Protokoll ist STATE/run/HOST.log. Strg-C beendet alle geordnet.`,
  heading: (name, hosts, rows) => `${name}: ${hosts} Hosts, ${rows} Zeilen der Porttabelle`,
  standbys: (fqdns) =>
    `übernimmt eine VIP auf einer eigenen Maschine, wird hier nicht gestartet: ${fqdns}`,
  others: (fqdns) => `läuft mit anderer Software, wird hier nicht gestartet: ${fqdns}`,
  certificates: (count) => `ausgestellte Zertifikate: ${count}`,
  reloaded: 'alle Hosts haben Zertifikate und Sperrlisten neu gelesen',
  reloadKept: (fqdns) =>
    `auf ${fqdns} bleiben die alten Zertifikate in Gebrauch: der Grund steht in STATE/run/HOST.log`,
  kept: (fqdn, why) => `Zertifikat von ${fqdn} belassen: ${why}`,
  loading: 'starte',
  died: (fqdn, how) => `${fqdn} ist gefallen (${how}) und wird wieder gestartet`,
  restarted: (fqdn) => `${fqdn} ist wieder da`,
  started: (hosts, seconds) => `${hosts} Hosts laufen nach ${seconds} s`,
  proven: (seconds) => `die Tabelle ist nachgewiesen, ${seconds} s nach dem Start`,
  notProven: (seconds) => `die Tabelle ist NICHT nachgewiesen, ${seconds} s nach dem Start`,
  ladderTitle: 'Der Weg der Nachricht, aus den Aufzeichnungen der Protokoll-Agenten:',
  noLadder: (why) => `der Weg lässt sich nicht zeichnen: ${why}`,
  running: (users) =>
    `Läuft; Strg-C beendet alles.
  Demobenutzer und ihre Kennwörter: ${users}
  In einem anderen Terminal: npx usher verify, npx usher pool status,
    npx usher logs search --uri alice --ladder`,
  stopping: 'beende …',
  stopped: 'beendet; kein Prozess und kein Socket ist übrig',
  left: (pids) => `Prozesse, die nicht endeten: ${pids}`,
};

/** Texts of `usher up`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
