import type { Language } from '#base';

const en = {
  description: 'compare the idle times on the way of every service of a VIP',
  topology: 'topology file (default ./topology.yaml, else the Contoso example)',
  balancer: 'which balancer (default the first of the topology that serves a VIP)',
  json: 'as JSON',
  examples: `
On an idle connection the client should speak before the balancer ends it, and the balancer, which
tells both sides, should end it before a firewall forgets it, which tells nobody:

  client keep-alive < balancer < firewall session < server

The topology says what Usher cannot know: timers.keepAlive (how long clients of the SIP service are
silent at most) and timers.firewallSession (the least patient firewall on the way). What is not
there is not compared.

Examples:
  usher balancer timers
  usher balancer timers topology.yaml --json

Exit status: 0 in order; 1 when something is not, with what to change.`,
  columns: ['service', 'client', 'balancer', 'firewall', 'server', 'rows'],
  unknown: 'not said',
  notThere: '–',
  seconds: (count: number) => `${count} s`,
  hops: {
    client: 'the client breaks a silence',
    balancer: 'the balancer ends the connection',
    firewall: 'a firewall forgets it',
    server: 'the server ends it',
  },
  finding: (service: string, early: string, first: number, late: string, second: number) =>
    `${service}: ${early} after ${first} s, but ${late} after ${second} s`,
  change: {
    client: (seconds: number) =>
      `have the clients send keep-alives within ${seconds} s, and say so in timers.keepAlive`,
    balancer: (seconds: number) => `set timers.idleTimeout below ${seconds}`,
    firewall: (seconds: number) =>
      `let the firewalls forget idle TCP sessions within ${seconds} s, and say so in timers.firewallSession`,
  },
  raise: {
    balancer: (seconds: number) => `or set timers.idleTimeout above ${seconds}`,
    firewall: (seconds: number) =>
      `or have the firewalls keep idle TCP sessions longer than ${seconds} s, and say so in timers.firewallSession`,
  },
  well: 'every known idle time is in order',
};

const de: typeof en = {
  description: 'die Leerlaufzeiten auf dem Weg jedes Dienstes einer VIP vergleichen',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml, sonst das Contoso-Beispiel)',
  balancer: 'welcher Balancer (Vorgabe der erste der Topologie, der eine VIP bedient)',
  json: 'als JSON',
  examples: `
Auf einer Verbindung im Leerlauf soll der Client sprechen, bevor der Balancer sie beendet, und der
Balancer, der es beiden Seiten sagt, soll sie beenden, bevor eine Firewall sie vergisst, die es
niemandem sagt:

  Keep-Alive des Clients < Balancer < Sitzung der Firewall < Server

Die Topologie sagt, was Usher nicht wissen kann: timers.keepAlive (wie lange Clients des SIP-Dienstes
höchstens schweigen) und timers.firewallSession (die ungeduldigste Firewall auf dem Weg). Was dort
nicht steht, wird nicht verglichen.

Beispiele:
  usher balancer timers
  usher balancer timers topology.yaml --json

Exit-Status: 0 in Ordnung; 1, wenn etwas nicht stimmt, mit dem, was zu ändern ist.`,
  columns: ['Dienst', 'Client', 'Balancer', 'Firewall', 'Server', 'Zeilen'],
  unknown: 'nicht gesagt',
  notThere: '–',
  seconds: (count) => `${count} s`,
  hops: {
    client: 'der Client bricht das Schweigen',
    balancer: 'der Balancer beendet die Verbindung',
    firewall: 'eine Firewall vergisst sie',
    server: 'der Server beendet sie',
  },
  finding: (service, early, first, late, second) =>
    `${service}: ${early} nach ${first} s, aber ${late} nach ${second} s`,
  change: {
    client: (seconds) =>
      `lassen Sie die Clients binnen ${seconds} s Keep-Alives senden, und sagen Sie es in timers.keepAlive`,
    balancer: (seconds) => `setzen Sie timers.idleTimeout unter ${seconds}`,
    firewall: (seconds) =>
      `lassen Sie die Firewalls TCP-Sitzungen im Leerlauf binnen ${seconds} s vergessen, und sagen Sie es in timers.firewallSession`,
  },
  raise: {
    balancer: (seconds) => `oder setzen Sie timers.idleTimeout über ${seconds}`,
    firewall: (seconds) =>
      `oder lassen Sie die Firewalls TCP-Sitzungen im Leerlauf länger als ${seconds} s behalten, und sagen Sie es in timers.firewallSession`,
  },
  well: 'alle bekannten Leerlaufzeiten stehen in der richtigen Ordnung',
};

export function texts(language: Language): typeof en {
  return language === 'de' ? de : en;
}
