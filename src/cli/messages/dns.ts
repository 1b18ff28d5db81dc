import type { Language } from '#base';

const en = {
  description:
    'Print the DNS records by which remote users find the Edge from their SIP domain (RFC 3263), for the zones outside. ' +
    'With --check, ask the DNS as a client would, and say whether it leads to the Edge and nowhere else.',
  topology: 'topology file (default: ./topology.yaml; where there is none, the Contoso example)',
  check: 'ask the DNS instead; exit status 1 when a domain leads nowhere or elsewhere',
  server:
    'with --check: the DNS server to ask, address or address:port (default: those of this machine)',
  json: 'records or findings for programs',
  portOffset: 'number added to every port, as for "usher up"',
  examples: `
Examples:
  usher dns > records.zone            lines for the zone files outside
  usher dns --check                   does the DNS this machine asks lead to the Edge?
  usher dns --check --server 1.1.1.1  does the one of the Internet?`,
  noEdge: 'The topology has no Edge: there is nothing for remote users to find.',
  badServer: (server: string) => `--server ${server}: that is no address of a DNS server.`,
  badServerRemedy:
    'Give an IPv4 or IPv6 address, with a port if it is not the usual one: 192.0.2.53 or [2001:db8::53]:5353.',
  serverWithoutCheck: '--server goes with --check: without it nothing is asked.',
  serverWithoutCheckRemedy: 'Add --check, or leave --server out.',
  nothing: 'no server: neither NAPTR nor SRV records, and no address of its own',
  by: {
    NAPTR: 'by NAPTR and SRV records',
    SRV: 'by SRV records',
    host: 'by the address of the domain itself',
    address: 'by the address',
    port: 'by the port',
  },
  astray: 'no Edge of the topology takes remote users in there',
};

const de: typeof en = {
  description:
    'Die DNS-Einträge ausgeben, mit denen Remotebenutzer von ihrer SIP-Domäne zum Edge finden (RFC 3263), für die Zonen außen. ' +
    'Mit --check das DNS fragen wie ein Client und sagen, ob es zum Edge führt und nirgends sonst hin.',
  topology: 'Topologiedatei (Vorgabe: ./topology.yaml; wo keine liegt, das Contoso-Beispiel)',
  check:
    'stattdessen das DNS fragen; Exitstatus 1, wenn eine Domäne nirgends oder anderswohin führt',
  server: 'mit --check: der DNS-Server, Adresse oder Adresse:Port (Vorgabe: die dieser Maschine)',
  json: 'Einträge oder Befunde für Programme',
  portOffset: 'Zahl, die zu jedem Port addiert wird, wie bei „usher up“',
  examples: `
Beispiele:
  usher dns > eintraege.zone          Zeilen für die Zonendateien außen
  usher dns --check                   führt das DNS dieser Maschine zum Edge?
  usher dns --check --server 1.1.1.1  führt das des Internets dorthin?`,
  noEdge: 'Die Topologie hat keinen Edge: Remotebenutzer haben nichts zu finden.',
  badServer: (server) => `--server ${server}: das ist keine Adresse eines DNS-Servers.`,
  badServerRemedy:
    'Eine IPv4- oder IPv6-Adresse angeben, mit Port, wenn es nicht der übliche ist: 192.0.2.53 oder [2001:db8::53]:5353.',
  serverWithoutCheck: '--server gehört zu --check: ohne das wird nichts gefragt.',
  serverWithoutCheckRemedy: '--check ergänzen oder --server weglassen.',
  nothing: 'kein Server: weder NAPTR- noch SRV-Einträge und keine eigene Adresse',
  by: {
    NAPTR: 'über NAPTR- und SRV-Einträge',
    SRV: 'über SRV-Einträge',
    host: 'über die Adresse der Domäne selbst',
    address: 'über die Adresse',
    port: 'über den Port',
  },
  astray: 'dort nimmt kein Edge der Topologie Remotebenutzer an',
};

/** Texts of `usher dns`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
