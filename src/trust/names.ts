import { poolOf, type Host, type Pool, type Topology } from '#topology';

/** The names one host's certificate has to prove. */
export interface CertificateNames {
  /** Common name of the subject: the pool for its members, else the host. */
  readonly subject: string;
  /** dNSName entries, lower case, without repetition. */
  readonly names: readonly string[];
}

/**
 * What the certificate of a host names. One certificate serves all its listeners: a member of a
 * pool proves the pool, itself, the web sites, the simple URLs, the autodiscover names and
 * `sip.<domain>`; an Edge its inside and outside names; a reverse proxy what it publishes; a
 * balancer itself, for its health probes over mutual TLS.
 */
export function namesOf(topology: Topology, host: Host): CertificateNames {
  const pool = poolOf(topology, host);
  if (pool !== undefined) return named(pool.fqdn, memberNames(topology, pool, host));
  const outside = host.external?.fqdns ?? [];
  if (host.role !== 'reverseProxy') return named(host.fqdn, [host.fqdn, ...outside]);
  return named(host.fqdn, [
    host.fqdn,
    ...outside,
    ...topology.pools.map((each) => each.web.external),
    ...simpleUrls(topology),
    ...topology.sipDomains.map((domain) => `lyncdiscover.${domain}`),
  ]);
}

function memberNames(topology: Topology, pool: Pool, host: Host): string[] {
  return [
    pool.fqdn,
    host.fqdn,
    pool.web.internal,
    pool.web.external,
    ...simpleUrls(topology),
    ...topology.sipDomains.flatMap((domain) => [
      `lyncdiscoverinternal.${domain}`,
      `lyncdiscover.${domain}`,
      `sip.${domain}`,
    ]),
  ];
}

function simpleUrls(topology: Topology): string[] {
  const { meet, dialin, admin } = topology.simpleUrls;
  return [...meet, dialin, admin].filter((name) => name !== undefined);
}

function named(subject: string, names: readonly string[]): CertificateNames {
  return { subject, names: [...new Set(names.map((name) => name.toLowerCase()))] };
}

/**
 * URL of the revocation list, for the certificates: the plain internal web site of the first
 * Director pool serves it (RFC 5280 section 4.2.1.13). Undefined when there is no Director pool.
 */
export function distributionPointOf(topology: Topology): string | undefined {
  const pool = topology.pools.find((each) => each.role === 'director');
  if (pool === undefined) return undefined;
  const port = topology.ports.webInternalPlain;
  return `http://${pool.web.internal}${port === undefined ? '' : `:${port}`}/crl/ca.crl`;
}
