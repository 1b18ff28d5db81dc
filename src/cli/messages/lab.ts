import type { Language } from '#base';

const en = {
  description: 'the deployment in network namespaces, each host and firewall under its own rules',
  up: 'lay the wires, load the rules, start every host; what runs stays when the command ends',
  exec: 'run a program on a host of the lab',
  status: 'list the namespaces of the lab and what runs in them',
  down: 'end everything that runs in the lab and remove it',
  verify: 'prove the lab from every station in it: rows open, every device closed to all else',
  sweep: 'also try all 65,535 ports between any two stations (minutes)',
  from: 'the same, but only from these stations',
  devices: 'only what the firewalls let pass, not what the services answer',
  junit: 'write the proof as JUnit XML for CI',
  html: 'write the proof as one HTML page',
  verifyJson: 'print the proof as JSON instead of text',
  topology: 'topology file (default ./topology.yaml, else the Contoso example)',
  name: 'name of the lab; its namespaces begin with it',
  json: 'print as JSON',
  host: 'FQDN or first label of a host, or gateway, perimeter, internalClients, administration, outside, wire',
  words: 'the program and its arguments, after --',
  examples: `
Examples:
  usher lab up                                     the Contoso example
  usher lab exec dir01 -- nft list ruleset         the rules a Director is under
  usher lab exec outside -- curl -k https://meet.contoso.com/
  usher lab verify --html proof.html
  usher lab verify --devices --from outside edge01          what an attacker there would find open
  usher lab status
  usher lab down

Needs root, Linux, iproute2 and nftables. Several labs can be up side by side under different names. Exit
status of exec: 0 when the program ends with 0, else 1. docs/lab.md has the picture.`,
  cleaned: (name: string) => `an interrupted start of ${name} was cleaned away`,
  heading: (topology: string, lab: string, hosts: number, namespaces: number) =>
    `${topology} as lab ${lab}: ${hosts} hosts, ${namespaces} namespaces`,
  moved: (file: string) => `loopback addresses moved to 10.x.y.z: ${file}`,
  wired: (seconds: string) => `wires and rules after ${seconds} s`,
  started: (hosts: number, seconds: string) => `${hosts} hosts up after ${seconds} s`,
  starting: 'starting',
  users: (file: string) => `demo users and their passwords: ${file}`,
  next: `What runs stays. Look around: usher lab status, usher lab exec HOST -- sh; end it: usher lab down`,
  removed: (name: string) => `the lab ${name} is gone: no process, namespace or file of it is left`,
  none: (name: string) => `no lab ${name} is here`,
  endedWith: (program: string, status: number) => `${program} ended with status ${status}`,
  columns: { station: 'station', addresses: 'addresses', runs: 'processes' },
  gone: 'its namespace is gone',
  fallen: 'down: it has no process',
  missingProgram: 'no program is named',
  missingProgramRemedy: 'Name it after --: usher lab exec dir01 -- nft list ruleset',
};

const de: typeof en = {
  description:
    'die Umgebung in Netzwerk-Namensräumen, jeder Host und jede Firewall unter eigenen Regeln',
  up: 'Leitungen legen, Regeln laden, jeden Host starten; was läuft, bleibt nach dem Befehl',
  exec: 'ein Programm auf einem Host des Labors ausführen',
  status: 'die Namensräume des Labors auflisten und was darin läuft',
  down: 'alles beenden, was im Labor läuft, und es entfernen',
  verify: 'das Labor von jeder Station aus prüfen: Zeilen offen, jedes Gerät zu für alles andere',
  sweep: 'zusätzlich alle 65.535 Ports zwischen je zwei Stationen versuchen (Minuten)',
  from: 'ebenso, aber nur von diesen Stationen aus',
  devices: 'nur, was die Firewalls durchlassen, nicht, was die Dienste antworten',
  junit: 'den Nachweis als JUnit-XML für CI schreiben',
  html: 'den Nachweis als eine HTML-Seite schreiben',
  verifyJson: 'den Nachweis als JSON statt als Text ausgeben',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml, sonst das Contoso-Beispiel)',
  name: 'Name des Labors; seine Namensräume beginnen damit',
  json: 'als JSON ausgeben',
  host: 'FQDN oder erster Teil eines Hosts, oder gateway, perimeter, internalClients, administration, outside, wire',
  words: 'das Programm und seine Argumente, nach --',
  examples: `
Beispiele:
  usher lab up                                     das Contoso-Beispiel
  usher lab exec dir01 -- nft list ruleset         die Regeln, unter denen ein Director steht
  usher lab exec outside -- curl -k https://meet.contoso.com/
  usher lab verify --html nachweis.html
  usher lab verify --devices --from outside edge01          was ein Angreifer dort offen fände
  usher lab status
  usher lab down

Braucht root, Linux, iproute2 und nftables. Mehrere Labore können unter verschiedenen Namen
nebeneinander laufen. Exit-Status von exec: 0, wenn das Programm mit 0 endet, sonst 1. Das Bild steht
in docs/lab.md.`,
  cleaned: (name) => `ein abgebrochener Start von ${name} wurde aufgeräumt`,
  heading: (topology, lab, hosts, namespaces) =>
    `${topology} als Labor ${lab}: ${hosts} Hosts, ${namespaces} Namensräume`,
  moved: (file) => `Loopback-Adressen nach 10.x.y.z verlegt: ${file}`,
  wired: (seconds) => `Leitungen und Regeln nach ${seconds} s`,
  started: (hosts, seconds) => `${hosts} Hosts laufen nach ${seconds} s`,
  starting: 'starte',
  users: (file) => `Demobenutzer und ihre Kennwörter: ${file}`,
  next: `Was läuft, bleibt. Umsehen: usher lab status, usher lab exec HOST -- sh; beenden: usher lab down`,
  removed: (name) =>
    `das Labor ${name} ist fort: kein Prozess, kein Namensraum und keine Datei ist übrig`,
  none: (name) => `ein Labor ${name} gibt es hier nicht`,
  endedWith: (program, status) => `${program} endete mit Status ${status}`,
  columns: { station: 'Station', addresses: 'Adressen', runs: 'Prozesse' },
  gone: 'ihr Namensraum ist fort',
  fallen: 'gefallen: sie hat keinen Prozess',
  missingProgram: 'es ist kein Programm genannt',
  missingProgramRemedy: 'Nach -- nennen: usher lab exec dir01 -- nft list ruleset',
};

/** Texts of `usher lab`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
