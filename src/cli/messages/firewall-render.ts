import type { Language } from '#base';

const en = {
  description:
    'Write the packet filter of every host, and of the two firewalls between the zones, from the port ' +
    'table: what a row asks for passes, all else is dropped. Each rule bears its row and the reason.',
  topology: 'topology file (default: ./topology.yaml; where there is none, the Contoso example)',
  target: 'kind of firewall',
  host: 'one device only: FQDN of a host, "perimeter" (outside to published) or "gateway" (between the zones inside)',
  out: 'write the files into this directory instead of printing them',
  portOffset: 'number added to every port, as for "usher up"',
  examples: `
Examples:
  usher firewall render --target nftables --host dir1.contoso.com > dir1.nft
  usher firewall render --target nftables --out rules/     one file for every device
  usher firewall render --target iptables --out rules/     two for every device: IPv4 and IPv6 (also pf: one)
  usher firewall render --target asa --out rules/          perimeter and gateway (also ios, paloalto, srx, fortigate)
  usher firewall render --target windows --out rules/      a script for every host (also azure, bicep, aws, kubernetes)
  usher firewall render --target nftables --lang de        reasons in German

The rules allow what the table and the "policy:" section of the topology allow, and nothing else: list
there what else a host needs (SSH, DNS, time, monitoring). Hosts nobody could administer any more are
named. The head of each file says how to check, load and roll back.`,
  hostsOnly: (target: string, devices: string) =>
    `${target} protects hosts only; left out: ${devices}`,
  firewallsOnly: (target: string, devices: string) =>
    `${target} stands between zones, not on hosts; left out: ${devices}`,
  written: (file: string) => `wrote ${file}`,
};

const de: typeof en = {
  description:
    'Die Paketfilter aller Hosts und der beiden Firewalls zwischen den Zonen aus der Porttabelle schreiben: ' +
    'Was eine Zeile verlangt, darf durch, alles andere wird verworfen. Jede Regel trägt Zeile und Grund.',
  topology: 'Topologiedatei (Vorgabe: ./topology.yaml; wo keine liegt, das Contoso-Beispiel)',
  target: 'Art der Firewall',
  host: 'nur ein Gerät: FQDN eines Hosts, „perimeter“ (außen zu veröffentlicht) oder „gateway“ (zwischen den inneren Zonen)',
  out: 'die Dateien in dieses Verzeichnis schreiben, statt sie auszugeben',
  portOffset: 'Zahl, die zu jedem Port addiert wird, wie bei „usher up“',
  examples: `
Beispiele:
  usher firewall render --target nftables --host dir1.contoso.com > dir1.nft
  usher firewall render --target nftables --out rules/     eine Datei für jedes Gerät
  usher firewall render --target iptables --out rules/     zwei für jedes Gerät: IPv4 und IPv6 (auch pf: eine)
  usher firewall render --target asa --out rules/          perimeter und gateway (auch ios, paloalto, srx, fortigate)
  usher firewall render --target windows --out rules/      ein Skript für jeden Host (auch azure, bicep, aws, kubernetes)
  usher firewall render --target nftables --lang de        Gründe auf Deutsch

Die Regeln erlauben, was die Tabelle und der Abschnitt „policy:“ der Topologie erlauben, und sonst
nichts: Dort steht, was ein Host außerdem braucht (SSH, DNS, Zeit, Überwachung). Hosts, die niemand mehr
verwalten könnte, werden genannt. Der Kopf jeder Datei sagt, wie man sie prüft, lädt und zurücknimmt.`,
  hostsOnly: (target, devices) => `${target} schützt nur Hosts; ausgelassen: ${devices}`,
  firewallsOnly: (target, devices) =>
    `${target} steht zwischen Zonen, nicht auf Hosts; ausgelassen: ${devices}`,
  written: (file) => `${file} geschrieben`,
};

/** Texts of `usher firewall render`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
