import type { Language } from '#base';

const en = {
  description: 'write firewall rules from the port table, and hold those in force against it',
  audit: 'find what the rules in force block of the port table, and what they admit beyond it',
  diff: 'find the packets that one rule set admits and the other does not',
  topology: 'topology file (default ./topology.yaml, else the Contoso example)',
  host: 'FQDN of the host, or perimeter or gateway (default: what the rules or their file are called after)',
  rules: 'files with the rules in force, as the firewall lists them (nftables: "nft list ruleset")',
  target: 'kind of firewall the rules are of',
  certificate: 'write a certificate of the outcome, for "usher firewall check"',
  certificateRead: 'what "usher firewall audit --certificate" wrote',
  check: 'verify the certificate of an audit, without the code that made it',
  first: 'a file with rules as the firewall lists them',
  second: 'another one',
  json: 'print the findings as JSON',
  portOffset: 'the offset the deployment was started with',
  examples: `
Examples:
  usher firewall render --target nftables --host dir01.contoso.net > dir01.nft
  usher firewall audit --host dir01.contoso.net --rules dir01.nft      (nft list ruleset > dir01.nft)
  usher firewall audit --rules rules/*.nft                 one file a device, called after it: dir01.contoso.net.nft
  usher firewall audit --target asa --host gateway --rules show-run.txt
  usher firewall audit --host gateway --rules gw.nft --certificate gw.json
  usher firewall check gw.json --rules gw.nft
  usher firewall diff before.nft after.nft

Exit status: 0 nothing found; 1 something is blocked, in excess or different, or a certificate is wrong; 2 bad
usage or bad rules.`,
  unreadable: (file: string) => `cannot read the rules in ${file}`,
  unreadableRemedy: (target: string) =>
    target === 'nftables'
      ? 'Name a file with what "nft list ruleset" prints.'
      : `Name a file with the rules of ${target}, as docs/firewall-targets.md says.`,
  uncertifiedRemedy: 'Name a file that "usher firewall audit --certificate" wrote.',
  noRules: (files: string, target: string) => `${files}: no rules of ${target}`,
  notAmong: (host: string, devices: string) => `The rules are of ${devices}; none of ${host}.`,
  notAmongRemedy: 'Name one of these with --host, or the files of one device only.',
  oneCertificate: 'A certificate is about one device, and these rules are of several.',
  oneCertificateRemedy: 'Name one of them with --host.',
  written: (file: string) => `wrote ${file}`,
  holds: (device: string, regions: number) =>
    `${device}: the certificate holds; ${regions} regions are all packets, each with the rules that decide`,
  proves: (missing: number, excess: number) =>
    missing + excess === 0
      ? 'nothing is blocked, nothing is in excess'
      : `regions with blocked packets: ${missing}; with packets in excess: ${excess}`,
  refuted: (device: string, why: string) => `${device}: the certificate is wrong: ${why}`,
  why: {
    directions: 'it is not about the directions there are rules for',
    noPartition: 'its cuts end too early or too late, or one lies outside of what it cuts',
    asked: 'another rule of the port table decides',
    strict: 'another rule in force decides',
    generous: 'another rule in force may decide',
  },
  region: (place: number) => `region ${place} (counted from 0)`,
  all: 'all of it:',
  and: 'and',
  more: (count: number) => `and ${count} more regions (--json has them)`,
  instead: 'write instead:',
  remove: 'no row asks for any of it: remove the rule',
  closeDefault: 'let the default drop',
  tooLarge: (file: string, megabytes: number) => `${file} has more than ${megabytes} MB`,
  clean: (device: string) =>
    `${device}: the rules admit what the port table asks for, and nothing else`,
  same: 'both admit the same packets',
  missing: 'Blocked',
  excess: 'In excess',
  shadowed: 'Never reached',
  unknown: 'Not understood, read both ways',
  onlyIn: (file: string) => `Admitted by ${file} only`,
  direction: { in: 'to the host', out: 'from the host', forward: 'through it' },
  blocked: (packet: string, way: string, rule: string) => `${packet} ${way} is dropped by ${rule}`,
  admitted: (packet: string, way: string, rule: string) =>
    `${packet} ${way} is admitted by ${rule}`,
  untranslated: {
    destination: (packet: string) => `${packet} is led to no member: no rule translates it`,
    source: (packet: string) =>
      `${packet} reaches members as the client's: no rule translates its source`,
  },
  astray: {
    destination: (packet: string, rule: string) =>
      `${packet} is led to others than the members by ${rule}`,
    source: (packet: string, rule: string) =>
      `${packet} reaches members as another's than the balancer's by ${rule}`,
  },
  there: (rule: string) => `the other drops it by ${rule}`,
  hidden: (by: string) => `is hidden by ${by}`,
  perhaps: 'depends on a condition that is not understood',
  byDefault: 'the default',
  ruleAt: (position: string) => `the rule at ${position}`,
};

const de: typeof en = {
  description: 'Firewallregeln aus der Porttabelle schreiben und die geltenden mit ihr vergleichen',
  audit:
    'finden, was die geltenden Regeln von der Porttabelle sperren und was sie darüber hinaus zulassen',
  diff: 'die Pakete finden, die ein Regelsatz zulässt und der andere nicht',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml, sonst das Contoso-Beispiel)',
  host: 'FQDN des Hosts oder perimeter oder gateway (Vorgabe: wonach die Regeln oder ihre Datei benannt sind)',
  rules:
    'Dateien mit den geltenden Regeln, wie die Firewall sie auflistet (nftables: „nft list ruleset“)',
  target: 'Art der Firewall, von der die Regeln sind',
  certificate: 'ein Zertifikat des Ergebnisses schreiben, für „usher firewall check“',
  certificateRead: 'was „usher firewall audit --certificate“ geschrieben hat',
  check: 'das Zertifikat eines Audits prüfen, ohne den Code, der es erstellt hat',
  first: 'eine Datei mit Regeln, wie die Firewall sie auflistet',
  second: 'eine andere',
  json: 'die Befunde als JSON ausgeben',
  portOffset: 'der Versatz, mit dem die Umgebung gestartet wurde',
  examples: `
Beispiele:
  usher firewall render --target nftables --host dir01.contoso.net > dir01.nft
  usher firewall audit --host dir01.contoso.net --rules dir01.nft      (nft list ruleset > dir01.nft)
  usher firewall audit --rules rules/*.nft                 eine Datei je Gerät, nach ihm benannt: dir01.contoso.net.nft
  usher firewall audit --target asa --host gateway --rules show-run.txt
  usher firewall audit --host gateway --rules gw.nft --certificate gw.json
  usher firewall check gw.json --rules gw.nft
  usher firewall diff vorher.nft nachher.nft

Exit-Status: 0 kein Befund; 1 etwas ist gesperrt, zu viel oder verschieden, oder ein Zertifikat ist falsch;
2 falscher Aufruf oder fehlerhafte Regeln.`,
  unreadable: (file) => `die Regeln in ${file} sind nicht lesbar`,
  unreadableRemedy: (target) =>
    target === 'nftables'
      ? 'Eine Datei mit der Ausgabe von „nft list ruleset“ nennen.'
      : `Eine Datei mit den Regeln von ${target} nennen, wie docs/firewall-targets.md sagt.`,
  uncertifiedRemedy: 'Eine Datei nennen, die „usher firewall audit --certificate“ geschrieben hat.',
  noRules: (files, target) => `${files}: keine Regeln von ${target}`,
  notAmong: (host, devices) => `Die Regeln sind von ${devices}; keine von ${host}.`,
  notAmongRemedy: 'Eines davon mit --host nennen oder nur die Dateien eines Geräts.',
  oneCertificate: 'Ein Zertifikat gilt einem Gerät, und diese Regeln sind von mehreren.',
  oneCertificateRemedy: 'Eines davon mit --host nennen.',
  written: (file) => `${file} geschrieben`,
  holds: (device, regions) =>
    `${device}: Das Zertifikat stimmt; ${regions} Regionen sind alle Pakete, jede mit den Regeln, die entscheiden`,
  proves: (missing, excess) =>
    missing + excess === 0
      ? 'nichts ist gesperrt, nichts ist zu viel'
      : `Regionen mit gesperrten Paketen: ${missing}; mit Paketen zu viel: ${excess}`,
  refuted: (device, why) => `${device}: Das Zertifikat ist falsch: ${why}`,
  why: {
    directions: 'es handelt nicht von den Richtungen, für die es Regeln gibt',
    noPartition:
      'seine Schnitte enden zu früh oder zu spät, oder einer liegt außerhalb dessen, was er teilt',
    asked: 'eine andere Regel der Porttabelle entscheidet',
    strict: 'eine andere geltende Regel entscheidet',
    generous: 'eine andere geltende Regel kann entscheiden',
  },
  region: (place) => `Region ${place} (ab 0 gezählt)`,
  all: 'alles davon:',
  and: 'und',
  more: (count) => `und ${count} weitere Regionen (--json nennt sie)`,
  instead: 'stattdessen schreiben:',
  remove: 'keine Zeile verlangt etwas davon: die Regel entfernen',
  closeDefault: 'die Vorgabe verwerfen lassen',
  tooLarge: (file, megabytes) => `${file} hat mehr als ${megabytes} MB`,
  clean: (device) =>
    `${device}: Die Regeln lassen zu, was die Porttabelle verlangt, und sonst nichts`,
  same: 'beide lassen dieselben Pakete zu',
  missing: 'Gesperrt',
  excess: 'Zu viel',
  shadowed: 'Nie erreicht',
  unknown: 'Nicht verstanden, auf beide Arten gelesen',
  onlyIn: (file) => `Nur von ${file} zugelassen`,
  direction: { in: 'zum Host', out: 'vom Host', forward: 'hindurch' },
  blocked: (packet, way, rule) => `${packet} ${way} wird verworfen: ${rule}`,
  admitted: (packet, way, rule) => `${packet} ${way} wird zugelassen: ${rule}`,
  untranslated: {
    destination: (packet) => `${packet} kommt zu keinem Mitglied: keine Regel übersetzt es`,
    source: (packet) =>
      `${packet} kommt als das des Clients zu den Mitgliedern: keine Regel übersetzt seine Quelle`,
  },
  astray: {
    destination: (packet, rule) => `${packet} kommt zu anderen als den Mitgliedern: ${rule}`,
    source: (packet, rule) =>
      `${packet} kommt nicht als das des Load Balancers zu den Mitgliedern: ${rule}`,
  },
  there: (rule) => `der andere verwirft es: ${rule}`,
  hidden: (by) => `ist verdeckt durch ${by}`,
  perhaps: 'hängt von einer Bedingung ab, die nicht verstanden wird',
  byDefault: 'die Vorgabe',
  ruleAt: (position) => `die Regel in ${position}`,
};

/** Texts of `usher firewall`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
