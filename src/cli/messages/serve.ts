import type { Language } from '#base';

const en = {
  description: 'run what the topology puts on one host: sockets, services, log agent',
  host: 'FQDN of the host, as the topology writes it',
  topology: 'topology file (default ./topology.yaml)',
  portOffset: 'add this to every port number (for trying things without root)',
  workers:
    'processes that share the sockets of a Director, Front End or Edge (default: one a core)',
  examples: `
Examples:
  usher serve dir01.contoso.net topology.yaml
  usher serve dir01.contoso.net --state /var/lib/usher --workers 4

The state directory needs this host's certificate (usher pki issue), the pool secret and,
on Directors and Front Ends, the users. SIGTERM drains for up to 30 s, then ends. SIGHUP reads
certificates and revocation lists again and drops nobody but revoked peers. Logs go to standard
output as JSON lines. docs/production.md has a service for systemd.`,
  unknownHost: (fqdn: string) => `the topology has no host ${fqdn}`,
  knownHosts: 'Its hosts are',
  otherSoftware: (fqdn: string) => `${fqdn} runs other software (software: other in the topology)`,
  otherSoftwareRemedy: 'Start that software there, or remove the key to run Usher.',
};

const de: typeof en = {
  description: 'ausführen, was die Topologie einem Host zuweist: Sockets, Dienste, Protokoll-Agent',
  host: 'FQDN des Hosts, wie er in der Topologie steht',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml)',
  portOffset: 'zu jeder Portnummer addieren (zum Ausprobieren ohne root)',
  workers:
    'Prozesse, die sich die Sockets eines Directors, Front-Ends oder Edge teilen (Vorgabe: je Kern einer)',
  examples: `
Beispiele:
  usher serve dir01.contoso.net topology.yaml
  usher serve dir01.contoso.net --state /var/lib/usher --workers 4

Das Zustandsverzeichnis braucht das Zertifikat dieses Hosts (usher pki issue), das Poolgeheimnis
und, auf Directors und Front-Ends, die Benutzer. Nach SIGTERM darf Begonnenes noch bis zu 30 s
lang zu Ende laufen.
SIGHUP liest Zertifikate und Sperrlisten neu und trennt nur gesperrte Gegenstellen. Protokolle gehen
als JSON-Zeilen auf die Standardausgabe. docs/production.md hat einen Dienst für systemd.`,
  unknownHost: (fqdn: string) => `die Topologie hat keinen Host ${fqdn}`,
  knownHosts: 'Ihre Hosts sind',
  otherSoftware: (fqdn) => `${fqdn} läuft mit anderer Software (software: other in der Topologie)`,
  otherSoftwareRemedy:
    'Diese Software dort starten oder den Schlüssel entfernen, um Usher auszuführen.',
};

/** Texts of `usher serve`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
