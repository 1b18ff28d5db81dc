import type { Language } from '#base';

const en = {
  description:
    'Print the port table that follows from the topology: who may open what towards whom. ' +
    'The rows are those of the reference; --all adds options, neighbours, and what each member sees behind its load balancer. ' +
    "Below them stand the site's own flows, from policy: of the topology.",
  topology: 'topology file (default: ./topology.yaml; where there is none, the Contoso example)',
  format: 'text, md, html, csv or json',
  json: 'the same as --format json',
  all: 'every flow, balancer legs and health probes, not only what the reference names',
  portOffset: 'number added to every port, as for "usher up"',
  examples: `
Examples:
  usher ports                             the table of ./topology.yaml on this terminal
  usher ports --all --lang de             every flow, in German
  usher ports --format html > ports.html  one page for the firewall team, nothing else needed
  usher ports --format csv > ports.csv    for the spreadsheet
  usher ports --json | jq '.rows[].port'  for programs; the fields are a stable contract

Row ids: DH, DD, DS are the Director summaries (hardware balancing, DNS balancing, single
Director); a P marks a flow only the text of the summary names. IS, EX, EI, CL and RP are rows of
Front Ends, Edge, clients and reverse proxy. "/member" and "/probe" are what a member sees of a
balanced row. SITE rows are those of the site; in JSON they are '.site', in CSV of origin "site".`,
  empty: 'No row follows from this topology; --all shows every flow.',
  badFormat: (format: string) => `--format ${format}: there is no such format.`,
  badFormatRemedy: (formats: string) => `Choose one of ${formats}.`,
};

const de: typeof en = {
  description:
    'Die Porttabelle ausgeben, die aus der Topologie folgt: wer zu wem was öffnen darf. ' +
    'Die Zeilen sind die der Vorlage; --all ergänzt Optionen, Nachbarn und was jedes Mitglied hinter seinem Lastenausgleich sieht. ' +
    'Darunter stehen die eigenen Datenflüsse des Standorts, aus policy: der Topologie.',
  topology: 'Topologiedatei (Vorgabe: ./topology.yaml; wo keine liegt, das Contoso-Beispiel)',
  format: 'text, md, html, csv oder json',
  json: 'dasselbe wie --format json',
  all: 'alle Datenflüsse, Teilstrecken und Zustandsprüfungen, nicht nur, was die Vorlage nennt',
  portOffset: 'Zahl, die zu jedem Port addiert wird, wie bei „usher up“',
  examples: `
Beispiele:
  usher ports                             die Tabelle von ./topology.yaml auf diesem Terminal
  usher ports --all --lang de             alle Datenflüsse, auf Deutsch
  usher ports --format html > ports.html  eine Seite für das Firewall-Team, sonst nichts nötig
  usher ports --format csv > ports.csv    für die Tabellenkalkulation
  usher ports --json | jq '.rows[].port'  für Programme; die Felder sind ein stabiler Vertrag

Zeilennamen: DH, DD, DS sind die Director-Übersichten (Hardwarelastenausgleich, DNS-Lastenausgleich,
einzelner Director); ein P steht für einen Datenfluss, den nur der Text der Übersicht nennt. IS, EX, EI,
CL und RP sind Zeilen von Front-Ends, Edge, Clients und Reverseproxy. „/member“ und „/probe“ zeigen,
was ein Mitglied von einer verteilten Zeile sieht. SITE-Zeilen sind die des Standorts; in JSON stehen sie
unter '.site', in CSV mit der Herkunft "site".`,
  empty: 'Aus dieser Topologie folgt keine Zeile; --all zeigt alle Datenflüsse.',
  badFormat: (format) => `--format ${format}: dieses Format gibt es nicht.`,
  badFormatRemedy: (formats) => `Eines davon wählen: ${formats}.`,
};

/** Texts of `usher ports`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
