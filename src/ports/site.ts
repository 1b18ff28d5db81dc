import type { SiteFlow, SiteProtocol, SiteService } from '#topology';

/** Ports of one protocol, both included. */
export interface SiteTraffic {
  readonly protocol: SiteProtocol;
  readonly first: number;
  readonly last: number;
}

const one = (protocol: SiteProtocol, port: number): SiteTraffic => ({
  protocol,
  first: port,
  last: port,
});

/** Well-known ports (IANA Service Name and Transport Protocol Port Number Registry). */
const wellKnown: Readonly<Record<SiteService, readonly SiteTraffic[]>> = {
  ssh: [one('tcp', 22)],
  rdp: [one('tcp', 3389)],
  dns: [one('udp', 53), one('tcp', 53)],
  ntp: [one('udp', 123)],
  ldap: [one('tcp', 389)],
  ldaps: [one('tcp', 636)],
  kerberos: [one('tcp', 88), one('udp', 88)],
  snmp: [one('udp', 161)],
  syslog: [one('udp', 514)],
};

/** The ports a flow of the site is about. */
export function siteTraffic({ service, protocol, ports }: SiteFlow): readonly SiteTraffic[] {
  return service === undefined
    ? ports.map((range) => ({ protocol, ...range }))
    : wellKnown[service];
}

/** Ports by which people administer a host from afar: without one of them it is out of their reach. */
export const remoteAdministration: readonly SiteTraffic[] = [...wellKnown.ssh, ...wellKnown.rdp];
