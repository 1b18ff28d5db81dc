import type { Language } from '#base';

const en = {
  description:
    'Search what the servers recorded, watch them, draw a call as a ladder. Records stay on the ' +
    'servers; each one is asked directly, and every answer that is missing is named.',
  start: 'start a scenario: record more, for a while',
  stop: 'stop a scenario; what it recorded stays searchable',
  status: 'what each agent does: scenarios, records, space, losses',
  update: 'give running scenarios a new end',
  flush: 'bring to disk what the agents still hold in memory',
  search: 'find records on every server, oldest first',
  follow: 'show records as they are made, until Ctrl-C',
  topology: 'topology file (default: ./topology.yaml; where there is none, the Contoso example)',
  portOffset: 'number added to every port, as for "usher up"',
  host: 'ask this host only (repeatable)',
  pool: 'ask the members of this pool only (repeatable)',
  as: 'host whose certificate to show (default: the first one in the state directory)',
  json: 'JSON for programs: one object a line',
  scenario: 'name of the scenario; AlwaysOn runs by itself',
  scenarioUpdate: 'only this scenario (default: all that have an end)',
  level: 'Fatal, Error, Warning, Info, Verbose or Debug',
  bodies: 'bodies to keep: none, signalling (all but text messages) or all',
  bodiesOf: 'keep bodies only of messages from or to this address',
  duration: 'how long, e.g. 30m or 2d (default 4h; AlwaysOn: until stopped)',
  durationUpdate: 'from now on, e.g. 30m or 2d',
  callId: 'Call-ID (repeatable)',
  uri: 'address of record, or its user part: alice@contoso.com, alice',
  ip: 'address at either end of the connection',
  text: 'part of a header or of a recorded body',
  method: 'requests of this method and their responses',
  statusCode: 'status of the response: 404 or 4xx',
  levelSearch: 'least grave level wanted; Warning leaves only refusals and faults',
  since: 'from: 15m (ago), 2h, or 2026-11-22T13:00:00Z (default 30m; with --call-id: everything)',
  until: 'up to: the same forms',
  any: 'records that match any of the criteria (default: all of them)',
  limit: 'records from each host at most',
  full: 'the whole head of each message, and its body if it was recorded',
  ladder: 'draw the calls found as ladders, complete even where the criteria match one hop',
  calls: 'ladders at most',
  ascii: 'no line drawing characters',
  svg: 'also write each ladder as SVG; further ones get -2, -3 … before the ending',
  examples: `
Examples:
  usher logs search --uri alice --since 15m           what alice's clients and servers said
  usher logs search --uri alice --ladder              the same as ladders, one a Call-ID
  usher logs search --call-id 7f3a@pc33 --ladder      one call, whatever its age
  usher logs search --status 4xx --method REGISTER    sign-ins that were refused
  usher logs follow --ip 203.0.113.7                  live, one client address
  usher logs start --scenario Complaint --bodies all --bodies-of alice@contoso.com --duration 1h
  usher logs status                                   is anything lost, stopped or out of reach

AlwaysOn runs from the first start and keeps every SIP message without its body. Passwords, nonces
and media keys are masked before they reach a disk. Times are UTC. Exit status 1: some agent did not
do its part; the answer may be incomplete.`,
  examplesOf: {
    start: `
Examples:
  usher logs start --scenario IncomingAndOutgoingCall          calls with their SDP, for 4 hours
  usher logs start --scenario Authentication --duration 30m    and every connection
  usher logs start --scenario AlwaysOn                         after it was stopped

Names are free. Text messages are kept only with --bodies all: tell those concerned.`,
    search: `
Examples:
  usher logs search --uri alice --since 15m --ladder
  usher logs search --ip 203.0.113.7 --status 4xx --any --since 2h
  usher logs search --text "stale=true" --since 2026-11-22T13:00 --until 2026-11-22T14:00 --full
  usher logs search --uri bob --json | jq -r .head`,
    follow: `
Examples:
  usher logs follow --uri alice
  usher logs follow --level Warning --pool dirpool01.contoso.net`,
    status: `
Examples:
  usher logs status
  usher logs status --pool dirpool01.contoso.net --json`,
    stop: `
Example:
  usher logs stop --scenario Authentication`,
    update: `
Examples:
  usher logs update --duration 2h
  usher logs update --scenario Authentication --duration 1d`,
    flush: `
Example:
  usher logs flush && usher logs search --uri alice`,
  },
  noAgents: 'This topology has no host with a logging agent.',
  noAgentsRemedy: 'Agents run on Directors, Front Ends and Edges; see usher ports --all.',
  unknownPool: (pool: string) => `${pool} is no pool of this topology`,
  badChoice: (option: string, value: string) => `--${option} ${value} is not possible`,
  choose: (values: string) => `Choose one of: ${values}.`,
  badNumber: 'Write a whole number above 0.',
  failed: { unreachable: 'unreachable', refused: 'refused', broken: 'broke off' },
  found: (records: number, hosts: number) =>
    `${records} ${records === 1 ? 'record' : 'records'} from ${hosts} ${hosts === 1 ? 'host' : 'hosts'}`,
  nothing: 'Nothing found.',
  nothingSince: (since: string) => `Nothing found since ${since}; --since looks further back.`,
  truncated: (host: string) => `${host} has more than --limit allows; narrow the search.`,
  damaged: (host: string, segment: string) => `${host}: a part of the store is damaged: ${segment}`,
  moreCalls: (count: number) => `${count} more calls match; --calls shows more.`,
  wrote: (file: string) => `Wrote ${file}`,
  state: { recording: 'recording', stopped: 'stopped', failing: 'failing' },
  columns: ['host', 'role', 'state', 'scenarios', 'records', 'lost', 'store', 'since', 'memory'],
  untilTime: (time: string) => `until ${time}`,
  losses: (host: string, dropped: number, lost: number, reason: string) =>
    `${host}: ${dropped} records dropped by overload, ${lost} not taken by the store${reason}`,
  changed: (host: string, names: string) => `${host}: ${names}`,
  running: 'running',
  none: 'none',
  flushed: 'on disk',
};

const de: typeof en = {
  description:
    'Durchsuchen, was die Server aufgezeichnet haben, ihnen zusehen, einen Anruf als Leiter zeichnen. ' +
    'Die Aufzeichnungen bleiben auf den Servern; jeder wird selbst gefragt, und jede Antwort, die fehlt, wird genannt.',
  start: 'ein Szenario starten: eine Zeit lang mehr aufzeichnen',
  stop: 'ein Szenario beenden; das Aufgezeichnete bleibt durchsuchbar',
  status: 'was jeder Agent tut: Szenarien, Aufzeichnungen, Platz, Verluste',
  update: 'laufenden Szenarien ein neues Ende geben',
  flush: 'auf die Platte schreiben, was die Agenten noch im Speicher halten',
  search: 'Aufzeichnungen auf allen Servern finden, älteste zuerst',
  follow: 'Aufzeichnungen zeigen, während sie entstehen, bis Strg-C',
  topology: 'Topologiedatei (Vorgabe: ./topology.yaml; wo keine liegt, das Contoso-Beispiel)',
  portOffset: 'Zahl, die zu jedem Port addiert wird, wie bei „usher up“',
  host: 'nur diesen Host fragen (wiederholbar)',
  pool: 'nur die Mitglieder dieses Pools fragen (wiederholbar)',
  as: 'Host, mit dessen Zertifikat gefragt wird (Vorgabe: der erste im Zustandsverzeichnis)',
  json: 'JSON für Programme: ein Objekt je Zeile',
  scenario: 'Name des Szenarios; AlwaysOn läuft von selbst',
  scenarioUpdate: 'nur dieses Szenario (Vorgabe: alle, die ein Ende haben)',
  level: 'Fatal, Error, Warning, Info, Verbose oder Debug',
  bodies: 'welche Inhalte bleiben: none, signalling (alle außer Textnachrichten) oder all',
  bodiesOf: 'Inhalte nur von Nachrichten von oder an diese Adresse behalten',
  duration: 'wie lange, z. B. 30m oder 2d (Vorgabe 4h; AlwaysOn: bis es beendet wird)',
  durationUpdate: 'ab jetzt, z. B. 30m oder 2d',
  callId: 'Call-ID (wiederholbar)',
  uri: 'Adresse oder ihr Benutzerteil: alice@contoso.com, alice',
  ip: 'IP-Adresse an einem der beiden Enden der Verbindung',
  text: 'Teil eines Headers oder eines aufgezeichneten Inhalts',
  method: 'Anfragen dieser Methode und ihre Antworten',
  statusCode: 'Status der Antwort: 404 oder 4xx',
  levelSearch: 'geringste gesuchte Stufe; Warning lässt nur Abweisungen und Fehler übrig',
  since: 'ab: 15m (her), 2h oder 2026-11-22T13:00:00Z (Vorgabe 30m; mit --call-id: alles)',
  until: 'bis: in denselben Formen',
  any: 'was auf irgendeines der Kriterien passt (Vorgabe: auf alle)',
  limit: 'höchstens so viele Aufzeichnungen je Host',
  full: 'den ganzen Kopf jeder Nachricht und den Inhalt, falls er aufgezeichnet wurde',
  ladder:
    'die gefundenen Anrufe als Leitern zeichnen, ganz, auch wenn nur ein Hop auf die Suche passt',
  calls: 'höchstens so viele Leitern',
  ascii: 'ohne Linienzeichen',
  svg: 'jede Leiter auch als SVG schreiben; weitere bekommen -2, -3 … vor der Endung',
  examples: `
Beispiele:
  usher logs search --uri alice --since 15m           was Alices Clients und Server gesagt haben
  usher logs search --uri alice --ladder              dasselbe als Leitern, eine je Call-ID
  usher logs search --call-id 7f3a@pc33 --ladder      ein Anruf, gleich wie alt
  usher logs search --status 4xx --method REGISTER    abgewiesene Anmeldungen
  usher logs follow --ip 203.0.113.7                  live, eine Clientadresse
  usher logs start --scenario Beschwerde --bodies all --bodies-of alice@contoso.com --duration 1h
  usher logs status                                   geht etwas verloren, steht etwas, fehlt jemand

AlwaysOn läuft vom ersten Start an und behält jede SIP-Nachricht ohne ihren Inhalt. Kennwörter,
Nonces und Medienschlüssel werden unkenntlich gemacht, bevor sie eine Platte erreichen. Zeiten sind
UTC. Exit-Status 1: Ein Agent hat seinen Teil nicht getan; die Antwort kann unvollständig sein.`,
  examplesOf: {
    start: `
Beispiele:
  usher logs start --scenario IncomingAndOutgoingCall          Anrufe mit ihrem SDP, 4 Stunden lang
  usher logs start --scenario Authentication --duration 30m    dazu jede Verbindung
  usher logs start --scenario AlwaysOn                         nachdem es beendet wurde

Namen sind frei. Textnachrichten bleiben nur mit --bodies all: Sagen Sie es den Betroffenen.`,
    search: `
Beispiele:
  usher logs search --uri alice --since 15m --ladder
  usher logs search --ip 203.0.113.7 --status 4xx --any --since 2h
  usher logs search --text "stale=true" --since 2026-11-22T13:00 --until 2026-11-22T14:00 --full
  usher logs search --uri bob --json | jq -r .head`,
    follow: `
Beispiele:
  usher logs follow --uri alice
  usher logs follow --level Warning --pool dirpool01.contoso.net`,
    status: `
Beispiele:
  usher logs status
  usher logs status --pool dirpool01.contoso.net --json`,
    stop: `
Beispiel:
  usher logs stop --scenario Authentication`,
    update: `
Beispiele:
  usher logs update --duration 2h
  usher logs update --scenario Authentication --duration 1d`,
    flush: `
Beispiel:
  usher logs flush && usher logs search --uri alice`,
  },
  noAgents: 'Diese Topologie hat keinen Host mit Protokoll-Agent.',
  noAgentsRemedy: 'Agenten laufen auf Directors, Front-Ends und Edges; siehe usher ports --all.',
  unknownPool: (pool) => `${pool} ist kein Pool dieser Topologie`,
  badChoice: (option, value) => `--${option} ${value} ist nicht möglich`,
  choose: (values) => `Zur Wahl stehen: ${values}.`,
  badNumber: 'Eine ganze Zahl über 0 angeben.',
  failed: { unreachable: 'nicht erreichbar', refused: 'abgelehnt', broken: 'abgebrochen' },
  found: (records, hosts) =>
    `${records} ${records === 1 ? 'Aufzeichnung' : 'Aufzeichnungen'} von ${hosts} ${hosts === 1 ? 'Host' : 'Hosts'}`,
  nothing: 'Nichts gefunden.',
  nothingSince: (since) => `Nichts gefunden seit ${since}; --since schaut weiter zurück.`,
  truncated: (host) => `${host} hat mehr, als --limit erlaubt; die Suche eingrenzen.`,
  damaged: (host, segment) => `${host}: Ein Teil des Speichers ist beschädigt: ${segment}`,
  moreCalls: (count) => `${count} weitere Rufe passen; --calls zeigt mehr.`,
  wrote: (file) => `${file} geschrieben`,
  state: { recording: 'zeichnet auf', stopped: 'steht', failing: 'gestört' },
  columns: [
    'Host',
    'Rolle',
    'Zustand',
    'Szenarien',
    'Aufzeichn.',
    'verloren',
    'Speicher',
    'seit',
    'RAM',
  ],
  untilTime: (time) => `bis ${time}`,
  losses: (host, dropped, lost, reason) =>
    `${host}: ${dropped} Aufzeichnungen wegen Überlast ausgelassen, ${lost} vom Speicher nicht angenommen${reason}`,
  changed: (host, names) => `${host}: ${names}`,
  running: 'läuft',
  none: 'keine',
  flushed: 'auf der Platte',
};

/** Texts of `usher logs`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
