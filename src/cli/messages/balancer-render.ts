import type { Language } from '#base';

const en = {
  description: 'print a configuration that does what the balancer of the topology does',
  topology: 'topology file (default ./topology.yaml, else the Contoso example)',
  target: (names: string) => `which load balancer: ${names}`,
  balancer: 'which balancer (default the first of the topology that serves a VIP)',
  out: 'write it to a file instead of standard output',
  certificate: "haproxy: the balancer's certificate with its key (default under /etc/usher/tls/)",
  ca: 'haproxy: the CA the certificates of the members come from',
  portOffset: 'the offset the deployment was started with',
  interface:
    'keepalived-vrrp: the network interface of the VIP (default the one with its own address)',
  badInterface: (target: string) => `--interface says nothing to ${target}`,
  badInterfaceRemedy: (target: string) => `Leave it out, or choose --target ${target}.`,
  noInterface: (balancer: string, address: string) =>
    `no network interface here has ${address}, the address of ${balancer}`,
  noInterfaceRemedy:
    'Render it on the machine of the balancer, or name the interface there: --interface eth0.',
  examples: `
The head of every configuration says how to load it, how to go back, and what this
load balancer cannot do. docs/balancer.md compares them.

Examples:
  usher balancer render --target haproxy --out /etc/haproxy/haproxy.cfg
  usher balancer render --target nginx topology.yaml > /etc/nginx/usher-stream.conf
  usher balancer render --target keepalived --balancer lb01.contoso.net
  usher balancer render --target keepalived-vrrp --balancer lb02.contoso.net --interface eth0`,
  badTarget: (target: string) => `--target ${JSON.stringify(target)} is none that Usher writes for`,
  badTargetRemedy: (names: string) => `Name one of ${names}.`,
  none: (file: string) => `${file} has no balancer`,
  noneRemedy: 'Give a pool a `vip` and a `balancer` in the topology.',
  written: (file: string) => `written to ${file}; its head says how to load it`,
};

const de: typeof en = {
  description: 'eine Konfiguration ausgeben, die tut, was der Balancer der Topologie tut',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml, sonst das Contoso-Beispiel)',
  target: (names) => `für welchen Load-Balancer: ${names}`,
  balancer: 'welcher Balancer (Vorgabe: der erste der Topologie, der eine VIP bedient)',
  out: 'in eine Datei schreiben statt auf die Standardausgabe',
  certificate: 'haproxy: Zertifikat des Balancers samt Schlüssel (Vorgabe unter /etc/usher/tls/)',
  ca: 'haproxy: die CA, von der die Zertifikate der Mitglieder kommen',
  portOffset: 'der Versatz, mit dem die Umgebung gestartet wurde',
  interface:
    'keepalived-vrrp: die Netzwerkschnittstelle der VIP (Vorgabe die mit seiner eigenen Adresse)',
  badInterface: (target) => `--interface bedeutet für ${target} nichts`,
  badInterfaceRemedy: (target) => `Weglassen, oder --target ${target} wählen.`,
  noInterface: (balancer, address) =>
    `keine Netzwerkschnittstelle hier hat ${address}, die Adresse von ${balancer}`,
  noInterfaceRemedy:
    'Auf der Maschine des Balancers ausgeben lassen, oder ihre Schnittstelle nennen: --interface eth0.',
  examples: `
Der Kopf jeder Konfiguration sagt (auf Englisch), wie man sie lädt, wie man zurückgeht und
was dieser Load-Balancer nicht kann. docs/balancer.md vergleicht sie.

Beispiele:
  usher balancer render --target haproxy --out /etc/haproxy/haproxy.cfg
  usher balancer render --target nginx topology.yaml > /etc/nginx/usher-stream.conf
  usher balancer render --target keepalived --balancer lb01.contoso.net
  usher balancer render --target keepalived-vrrp --balancer lb02.contoso.net --interface eth0`,
  badTarget: (target) =>
    `--target ${JSON.stringify(target)} gehört nicht zu denen, die Usher schreibt`,
  badTargetRemedy: (names) => `Eines von diesen nennen: ${names}.`,
  none: (file) => `${file} hat keinen Balancer`,
  noneRemedy: 'In der Topologie einem Pool `vip` und `balancer` geben.',
  written: (file) => `in ${file} geschrieben; der Kopf sagt, wie man es lädt`,
};

/** Texts of `usher balancer render`. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
