import type { Language } from '#base';

const en = {
  description:
    'Write a commented topology file that loads without fault. Asks for the few facts it needs; ' +
    'a fact given as an option is not asked for.',
  out: 'file to write (default: standard output)',
  force: 'write even when the file exists',
  yes: 'ask nothing: take the proposal for every fact not given',
  schema: 'print the JSON Schema of the topology file instead, for editors',
  facts: {
    sipDomain: 'domain of the users',
    serverDomain: 'domain of the servers',
    balancing: 'how the load is spread over the Directors: none, dns or hardware',
    directors: 'number of Directors',
    frontEnds: 'number of Front Ends in the home pool',
    inside: 'block the inside addresses are taken from, /16 or larger',
    outside: 'block the outside addresses are taken from, /24 or larger',
    clients: 'block internal clients live in',
    administration: 'block administrators live in',
  },
  examples: `
Examples:
  usher init --out topology.yaml                 asks, then writes ./topology.yaml
  usher init --yes                               a deployment on loopback addresses, printed
  usher init --yes --sip-domain example.org --server-domain corp.example.org \\
             --inside 10.10.0.0/16 --outside 203.0.113.0/24 \\
             --clients 10.30.0.0/16 --administration 10.40.0.0/24 --out topology.yaml
  usher init --schema > topology.schema.json     completion and checks for your editor

Then: usher ports, usher up. Addresses in 127.0.0.0/8 (the proposal) run on this machine as they are.`,
  exists: (file: string) => `${file} exists already.`,
  existsRemedy: 'Choose another file with --out, or overwrite this one with --force.',
  unwritable: (file: string) => `${file} cannot be written`,
  unwritableRemedy: 'Choose a file in a directory you may write to.',
  badBalancing: (found: string) => `Load balancing: ${found} cannot be used.`,
  badBalancingRemedy: 'Give none, dns or hardware.',
  written: (file: string) =>
    `${file} is written. Next: usher ports ${file} shows its port table, usher up ${file} runs it.`,
};

const de: typeof en = {
  description:
    'Eine kommentierte Topologiedatei schreiben, die fehlerfrei lädt. Fragt nach den wenigen nötigen Angaben; ' +
    'was als Option gegeben ist, wird nicht gefragt.',
  out: 'zu schreibende Datei (Vorgabe: Standardausgabe)',
  force: 'auch schreiben, wenn es die Datei schon gibt',
  yes: 'nichts fragen: für jede fehlende Angabe den Vorschlag nehmen',
  schema: 'stattdessen das JSON-Schema der Topologiedatei ausgeben, für Editoren',
  facts: {
    sipDomain: 'Domäne der Benutzer',
    serverDomain: 'Domäne der Server',
    balancing: 'wie die Last auf die Directors verteilt wird: none, dns oder hardware',
    directors: 'Anzahl der Directors',
    frontEnds: 'Anzahl der Front-Ends im Heimatpool',
    inside: 'Adressblock für die inneren Adressen, /16 oder größer',
    outside: 'Adressblock für die äußeren Adressen, /24 oder größer',
    clients: 'Adressblock der internen Clients',
    administration: 'Adressblock der Administratoren',
  },
  examples: `
Beispiele:
  usher init --out topology.yaml                 fragt und schreibt dann ./topology.yaml
  usher init --yes                               eine Umgebung auf Loopback-Adressen, ausgegeben
  usher init --yes --sip-domain example.org --server-domain corp.example.org \\
             --inside 10.10.0.0/16 --outside 203.0.113.0/24 \\
             --clients 10.30.0.0/16 --administration 10.40.0.0/24 --out topology.yaml
  usher init --schema > topology.schema.json     Vervollständigung und Prüfung im Editor

Danach: usher ports, usher up. Adressen in 127.0.0.0/8 (der Vorschlag) laufen auf diesem Rechner, wie sie sind.`,
  exists: (file) => `${file} gibt es schon.`,
  existsRemedy: 'Mit --out eine andere Datei wählen oder diese mit --force überschreiben.',
  unwritable: (file) => `${file} lässt sich nicht schreiben`,
  unwritableRemedy: 'Eine Datei in einem Verzeichnis wählen, in das Sie schreiben dürfen.',
  badBalancing: (found) => `Lastenausgleich: ${found} ist nicht möglich.`,
  badBalancingRemedy: 'none, dns oder hardware angeben.',
  written: (file) =>
    `${file} ist geschrieben. Weiter: usher ports ${file} zeigt die Porttabelle, usher up ${file} startet die Umgebung.`,
};

/** Texts of `usher init`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
