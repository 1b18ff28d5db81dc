import type { Language } from '#base';

const en = {
  description: 'write firewall rules from the port table, and hold those in force against it',
  audit: 'find what the rules in force block of the port table, and what they admit beyond it',
  diff: 'find the packets that one rule set admits and the other does not',
  topology: 'topology file (default ./topology.yaml, else the Contoso example)',
  host: 'FQDN of the host, or perimeter or gateway',
  rules: 'what "nft list ruleset" prints on it',
  first: 'a file with what "nft list ruleset" prints, or one for "nft -f"',
  second: 'another one',
  json: 'print the findings as JSON',
  portOffset: 'the offset the deployment was started with',
  examples: `
Examples:
  usher firewall render --target nftables --host dir01.contoso.net > dir01.nft
  usher firewall audit --host dir01.contoso.net --rules dir01.nft      (nft list ruleset > dir01.nft)
  usher firewall diff before.nft after.nft

Exit status: 0 nothing found; 1 something is blocked, in excess or different; 2 bad usage or bad rules.`,
  unreadable: (file: string) => `cannot read the rules in ${file}`,
  unreadableRemedy: 'Name a file with what "nft list ruleset" prints.',
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
  host: 'FQDN des Hosts oder perimeter oder gateway',
  rules: 'was „nft list ruleset“ dort ausgibt',
  first: 'eine Datei mit der Ausgabe von „nft list ruleset“ oder eine für „nft -f“',
  second: 'eine andere',
  json: 'die Befunde als JSON ausgeben',
  portOffset: 'der Versatz, mit dem die Umgebung gestartet wurde',
  examples: `
Beispiele:
  usher firewall render --target nftables --host dir01.contoso.net > dir01.nft
  usher firewall audit --host dir01.contoso.net --rules dir01.nft      (nft list ruleset > dir01.nft)
  usher firewall diff vorher.nft nachher.nft

Exit-Status: 0 kein Befund; 1 etwas ist gesperrt, zu viel oder verschieden; 2 falscher Aufruf oder
fehlerhafte Regeln.`,
  unreadable: (file) => `die Regeln in ${file} sind nicht lesbar`,
  unreadableRemedy: 'Eine Datei mit der Ausgabe von „nft list ruleset“ nennen.',
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
  there: (rule) => `der andere verwirft es: ${rule}`,
  hidden: (by) => `ist verdeckt durch ${by}`,
  perhaps: 'hängt von einer Bedingung ab, die nicht verstanden wird',
  byDefault: 'die Vorgabe',
  ruleAt: (position) => `die Regel in ${position}`,
};

/** Texts of `usher firewall`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
