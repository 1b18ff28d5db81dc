import type { Text } from '#base';
import type { CommandFactory } from './context.ts';

/** One command as the overview lists it; its code is loaded only when it is asked for. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: Text;
  readonly load: () => Promise<CommandFactory>;
}

/** Every command, in the order a newcomer needs them. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'up',
    summary: {
      en: 'bring the whole deployment up here, prove every row, keep running',
      de: 'die ganze Umgebung hier starten, jede Zeile nachweisen, weiterlaufen',
    },
    load: async () => (await import('./commands/up.ts')).up,
  },
  {
    name: 'verify',
    summary: {
      en: 'prove the running deployment: every row open, everything else closed',
      de: 'die laufende Umgebung prüfen: jede Zeile offen, alles andere zu',
    },
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  {
    name: 'serve',
    summary: {
      en: 'run what the topology puts on one host (production, under systemd)',
      de: 'ausführen, was die Topologie einem Host zuweist (Betrieb, unter systemd)',
    },
    load: async () => (await import('./commands/serve.ts')).serve,
  },
  {
    name: 'init',
    summary: {
      en: 'ask for the few facts needed and write a commented topology',
      de: 'die wenigen nötigen Angaben erfragen und eine kommentierte Topologie schreiben',
    },
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    name: 'ports',
    summary: {
      en: 'print the port table: text, Markdown, HTML, CSV or JSON',
      de: 'die Porttabelle ausgeben: Text, Markdown, HTML, CSV oder JSON',
    },
    load: async () => (await import('./commands/ports.ts')).ports,
  },
  {
    name: 'dns',
    summary: {
      en: 'print the DNS records remote users need, or check those there are',
      de: 'die DNS-Einträge für Remotebenutzer ausgeben oder die vorhandenen prüfen',
    },
    load: async () => (await import('./commands/dns.ts')).dns,
  },
  {
    name: 'user',
    summary: {
      en: 'add, list, move, remove and import users',
      de: 'Benutzer anlegen, auflisten, verschieben, entfernen und importieren',
    },
    load: async () => (await import('./commands/user.ts')).user,
  },
  {
    name: 'pki',
    summary: {
      en: 'create the CA; issue, renew, revoke and show certificates',
      de: 'die CA anlegen; Zertifikate ausstellen, erneuern, sperren und zeigen',
    },
    load: async () => (await import('./commands/pki.ts')).pki,
  },
  {
    name: 'logs',
    summary: {
      en: 'search what the servers recorded, draw it as a ladder',
      de: 'durchsuchen, was die Server aufgezeichnet haben, und als Leiter zeichnen',
    },
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  {
    name: 'pool',
    summary: {
      en: 'see the state of every host; drain a Director or Front End',
      de: 'den Zustand jedes Hosts sehen; einen Director oder ein Front-End leeren',
    },
    load: async () => (await import('./commands/pool.ts')).pool,
  },
  {
    name: 'balancer',
    summary: {
      en: 'see the members behind the VIP, drain one; print HAProxy, nginx, F5 and others',
      de: 'Mitglieder hinter der VIP sehen, eines leeren; HAProxy, nginx, F5 und andere ausgeben',
    },
    load: async () => (await import('./commands/balancer.ts')).balancer,
  },
  {
    name: 'firewall',
    summary: {
      en: 'write firewall rules from the port table; hold those in force against it',
      de: 'Firewallregeln aus der Porttabelle schreiben; die geltenden mit ihr vergleichen',
    },
    load: async () => (await import('./commands/firewall.ts')).firewall,
  },
  {
    name: 'lab',
    summary: {
      en: 'bring the deployment up in network namespaces under its own firewalls (root)',
      de: 'die Umgebung in Netzwerk-Namensräumen unter ihren eigenen Firewalls starten (root)',
    },
    load: async () => (await import('./commands/lab.ts')).lab,
  },
  {
    name: 'reverse-proxy',
    summary: {
      en: 'print an nginx or HAProxy configuration in place of the reverse proxy',
      de: 'eine Konfiguration für nginx oder HAProxy statt des Reverseproxys ausgeben',
    },
    load: async () => (await import('./commands/reverse-proxy.ts')).reverseProxy,
  },
];
