import type { Text } from '#base';

/** What the proof says to people. */
export const texts = {
  obstacle: {
    permission: { en: 'not permitted', de: 'nicht erlaubt' },
    taken: {
      en: 'already taken by another program',
      de: 'schon von einem anderen Programm belegt',
    },
    absent: {
      en: 'this machine does not have the address',
      de: 'diese Adresse hat der Rechner nicht',
    },
  },
  cannotOpen: (count: number): Text => ({
    en: count === 1 ? 'One socket cannot be opened:' : `${count} sockets cannot be opened:`,
    de:
      count === 1
        ? 'Ein Socket lässt sich nicht öffnen:'
        : `${count} Sockets lassen sich nicht öffnen:`,
  }),
  machinePort: (port: number): Text => ({
    en: `port ${port}: another program of this machine listens on every address`,
    de: `Port ${port}: Ein anderes Programm dieses Rechners lauscht auf jeder Adresse`,
  }),
  noSocketTable: {
    en: 'closure not proven: this system has no /proc/net/tcp',
    de: 'Geschlossenheit nicht nachgewiesen: Dieses System hat kein /proc/net/tcp',
  },
  remedyPermission: (lowest: number): Text => ({
    en: `Ports under 1024 need a right this user does not have. One of:
    usher up --port-offset 10000                        (every port 10000 higher, nothing else changes)
    sudo sysctl net.ipv4.ip_unprivileged_port_start=${lowest}   (until the next boot, for all users)
    sudo usher up                                       (as root)`,
    de: `Ports unter 1024 brauchen ein Recht, das dieser Benutzer nicht hat. Eines davon:
    usher up --port-offset 10000                        (jeder Port 10000 höher, sonst ändert sich nichts)
    sudo sysctl net.ipv4.ip_unprivileged_port_start=${lowest}   (bis zum nächsten Start, für alle Benutzer)
    sudo usher up                                       (als root)`,
  }),
  remedyTaken: {
    en: 'End the program that holds it (ss -ltnp shows which), or move every port with --port-offset, or one with ports: in the topology.',
    de: 'Das Programm beenden, das ihn hält (ss -ltnp zeigt, welches), oder alle Ports mit --port-offset verschieben, oder einen mit ports: in der Topologie.',
  },
  remedyAbsent: {
    en: 'Give the machine the address (ip address add … dev …), or write one it has into the topology. 127.0.0.0/8 is there on every Linux machine.',
    de: 'Dem Rechner die Adresse geben (ip address add … dev …) oder eine in die Topologie schreiben, die er hat. 127.0.0.0/8 hat jeder Linux-Rechner.',
  },
  remedyNotLinux: {
    en: 'Outside Linux only 127.0.0.1 exists until the others are added (macOS: sudo ifconfig lo0 alias ADDRESS up, for each one listed). The closure proof reads the Linux socket table and is not available here.',
    de: 'Außerhalb von Linux gibt es nur 127.0.0.1, bis die übrigen angelegt sind (macOS: sudo ifconfig lo0 alias ADRESSE up, für jede genannte). Der Nachweis der Geschlossenheit liest die Linux-Sockettabelle und entfällt hier.',
  },
} as const;
