import type { Language } from '#base';

const en = {
  description: 'see the members behind a VIP, take one out and bring it back',
  status: 'state of every member and service, and why',
  drain: 'give a member no new connections and wait until it has none',
  resume: 'let a drained member take connections again',
  topology: 'topology file (default ./topology.yaml, else the Contoso example)',
  member: 'FQDN of the member, as the topology writes it',
  host: 'the balancer to ask, where the topology has several',
  json: 'the whole status as JSON',
  deadline: 'when sessions that are left are reset (default 300, at most 86400)',
  noWait: 'begin the drain and return',
  force: 'even when no other member is up',
  examples: `
Examples:
  usher balancer status
  usher balancer drain dir01.contoso.net --deadline 60
  usher balancer resume dir01.contoso.net
  sudo -u usher usher balancer status /etc/usher/topology.yaml --state /var/lib/usher

Runs on the balancer's machine, as the account of the balancer or as root. A drained member gets no
new connection, the clients bound to it go to others, its sessions go on and are counted down; at the
deadline what is left is reset, and clients dial again and reach another member. It stays out until
resume, also when it or the balancer is restarted. Ctrl-C leaves the drain going on.

Exit status: 0 as asked; 1 when status finds a member down, when the balancer does not run, or when
no other member is up; 2 for a member or a host that does not exist.`,
  which: (host: string | undefined) =>
    host === undefined ? 'the topology has not exactly one balancer' : `no balancer ${host}`,
  nameOne: 'Name one of them with --host:',
  none: 'This deployment has no balancer.',
  strange: (host: string) => `${host} answers, but not as a balancer of this version`,
  strangeRemedy: 'Restart the balancer with the version of this command.',
  wholeSeconds: (most: number) => `--deadline takes a whole number of seconds from 0 to ${most}.`,
  left: (member: string, open: number, seconds: number) =>
    `${member}: ${open} sessions left, reset in ${seconds} s`,
  goesOn: (member: string) => `the drain goes on; usher balancer resume ${member} ends it`,
  drained: (member: string, open: number, cut: number) =>
    `${member} gets no new connections; ${open} sessions left, ${cut} reset`,
  resumed: (member: string) => `${member} takes connections again once it is healthy`,
  heading: (balancer: string, engine: string) => `${balancer}, engine ${engine}`,
  pair: {
    here: (partner: string, since: string) =>
      `the VIP is here, since ${since}; ${partner} takes over`,
    elsewhere: (partner: string, since: string) =>
      `the VIP is not here, since ${since}; ${partner} has it, or nobody`,
  },
  engineFault: (why: string) => `the engine could not follow the last change: ${why}`,
  memoryFault: (why: string) => `a restart would not know drains and health: ${why}`,
  columns: ['member', 'service', 'state', 'for', 'sessions', 'next probe', 'last reason'],
  states: { up: 'up', down: 'down', checking: 'checking', draining: 'draining' },
  until: (seconds: number) => `(reset in ${seconds} s)`,
  watched: (host: string, service: string, state: string, reason: string) =>
    `${host} ${service} ${state}: ${reason} (probed only: web services follow it)`,
};

const de: typeof en = {
  description: 'die Mitglieder hinter einer VIP sehen, eines herausnehmen und zurückholen',
  status: 'Zustand jedes Mitglieds und Dienstes, mit Grund',
  drain: 'einem Mitglied keine neuen Verbindungen geben und warten, bis es keine mehr hat',
  resume: 'ein herausgenommenes Mitglied wieder Verbindungen annehmen lassen',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml, sonst das Contoso-Beispiel)',
  member: 'FQDN des Mitglieds, wie er in der Topologie steht',
  host: 'der Lastenausgleich, der gefragt wird, wenn die Topologie mehrere hat',
  json: 'der ganze Zustand als JSON',
  deadline: 'wann übrige Sitzungen getrennt werden, in Sekunden (Vorgabe 300, höchstens 86400)',
  noWait: 'nur damit beginnen und nicht warten',
  force: 'auch wenn kein anderes Mitglied verfügbar ist',
  examples: `
Beispiele:
  usher balancer status
  usher balancer drain dir01.contoso.net --deadline 60
  usher balancer resume dir01.contoso.net
  sudo -u usher usher balancer status /etc/usher/topology.yaml --state /var/lib/usher

Läuft auf der Maschine des Lastenausgleichs, unter dessen Konto oder als root. Ein herausgenommenes
Mitglied bekommt keine neue Verbindung, die ihm zugeordneten Clients gehen zu anderen, seine Sitzungen
laufen weiter und werden heruntergezählt; was bei Ablauf der Frist übrig ist, wird getrennt, und die
Clients wählen neu und erreichen ein anderes Mitglied. Es bleibt draußen bis resume, auch über einen
Neustart von ihm oder vom Lastenausgleich hinweg. Strg-C lässt den Vorgang weiterlaufen.

Exit-Status: 0 wie gewünscht; 1, wenn status ein ausgefallenes Mitglied findet, der Lastenausgleich
nicht läuft oder kein anderes Mitglied verfügbar ist; 2 bei einem unbekannten Mitglied oder Host.`,
  which: (host) =>
    host === undefined
      ? 'die Topologie hat nicht genau einen Lastenausgleich'
      : `kein Lastenausgleich ${host}`,
  nameOne: 'Einen davon mit --host nennen:',
  none: 'Diese Umgebung hat keinen Lastenausgleich.',
  strange: (host) => `${host} antwortet, aber nicht wie ein Lastenausgleich dieser Version`,
  strangeRemedy: 'Den Lastenausgleich mit der Version dieses Befehls neu starten.',
  wholeSeconds: (most) => `--deadline nimmt eine ganze Zahl von Sekunden von 0 bis ${most}.`,
  left: (member, open, seconds) =>
    `${member}: noch ${open} Sitzungen, getrennt werden sie in ${seconds} s`,
  goesOn: (member) => `der Vorgang läuft weiter; usher balancer resume ${member} beendet ihn`,
  drained: (member, open, cut) =>
    `${member} bekommt keine neuen Verbindungen; noch ${open} Sitzungen, ${cut} getrennt`,
  resumed: (member) => `${member} nimmt wieder Verbindungen an, sobald es gesund ist`,
  heading: (balancer, engine) => `${balancer}, Engine ${engine}`,
  pair: {
    here: (partner, since) => `die VIP ist hier, seit ${since}; ${partner} übernimmt`,
    elsewhere: (partner, since) =>
      `die VIP ist nicht hier, seit ${since}; ${partner} hat sie, oder niemand`,
  },
  engineFault: (why) => `die Engine konnte der letzten Änderung nicht folgen: ${why}`,
  memoryFault: (why) => `nach einem Neustart wären Zustand und Herausgenommene unbekannt: ${why}`,
  columns: ['Mitglied', 'Dienst', 'Zustand', 'seit', 'Sitzungen', 'nächste Probe', 'letzter Grund'],
  states: { up: 'verfügbar', down: 'ausgefallen', checking: 'in Prüfung', draining: 'leert sich' },
  until: (seconds) => `(getrennt in ${seconds} s)`,
  watched: (host, service, state, reason) =>
    `${host} ${service} ${state}: ${reason} (nur geprüft: Webdienste richten sich danach)`,
};

/** Texts of `usher balancer`, and of drains elsewhere. */
export const texts = (language: Language): typeof en => (language === 'de' ? de : en);
