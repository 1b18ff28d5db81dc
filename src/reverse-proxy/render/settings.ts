import { hostAndPort, UsherError, waysTo } from '#base';
import { listenersOf, type Hop, type Plan } from '#ports';
import { familyOf, findHost } from '#topology';
import { defaultLimits } from '../limits.ts';
import { routesOf, type Route } from '../routes.ts';

/** Where the rendered configuration finds its certificate files; PEM. */
export interface CertificatePaths {
  /** Certificate chain of the reverse proxy; for HAProxy with the key in the same file. */
  readonly certificate: string;
  readonly key: string;
  /** The CA that the pools' certificates chain to. */
  readonly ca: string;
}

/** What every renderer starts from. */
export interface ProxySettings {
  readonly fqdn: string;
  /** Inside addresses, one a family: where connections to the pools come from. */
  readonly inside: readonly string[];
  /** `address:port` published in clear, and secured, one a family; empty when the plan has no such socket. */
  readonly plain: readonly string[];
  readonly secure: readonly string[];
  readonly routes: readonly Route[];
  readonly paths: CertificatePaths;
  /** Seconds. */
  readonly connectTimeout: number;
  /** Seconds. */
  readonly upstreamTimeout: number;
  readonly bodyBytes: number;
}

/** Where a route leads, and the address connections there come from. */
export interface Upstream {
  readonly hops: readonly Hop[];
  readonly source: string;
}

/**
 * The hops of a route by one address family, IPv6 where it can be: nginx and HAProxy have one source
 * address for all servers of a pool, and a packet cannot change its family.
 *
 * @throws UsherError `USHER_NO_COMMON_FAMILY` when no family leads to all of them
 */
export function upstreamOf(
  route: Route,
  kind: 'plain' | 'secure',
  settings: ProxySettings,
): Upstream {
  const ways = route[kind].map((hop) => waysTo(hop));
  for (const source of settings.inside) {
    const hops = ways.flatMap(
      (own) => own.find((way) => familyOf(way.address) === familyOf(source)) ?? [],
    );
    if (hops.length === ways.length) return { hops, source };
  }
  throw new UsherError(
    'USHER_NO_COMMON_FAMILY',
    `No address family leads from ${settings.fqdn} to every server of ${route.pool}.`,
    { remedy: `Give all members of ${route.pool} an address of one family ${settings.fqdn} has.` },
  );
}

/** Collects the settings of one reverse proxy; throws `USHER_NOT_A_REVERSE_PROXY` for another host. */
export function settingsOf(
  plan: Plan,
  fqdn: string,
  paths: Partial<CertificatePaths> = {},
): ProxySettings {
  const host = findHost(plan.topology, fqdn);
  if (host?.role !== 'reverseProxy') {
    throw new UsherError('USHER_NOT_A_REVERSE_PROXY', `${fqdn} is no reverse proxy.`, {
      remedy: 'Name a host that the topology lists under `reverseProxies`.',
    });
  }
  const listeners = listenersOf(plan, host.fqdn);
  const endpoints = (service: string): readonly string[] =>
    listeners
      .filter((listener) => listener.service === service)
      .map(({ address, port }) => hostAndPort(address, port));
  return {
    fqdn: host.fqdn,
    inside: host.addresses,
    plain: endpoints('publishedPlain'),
    secure: endpoints('published'),
    routes: routesOf(plan, host.fqdn),
    paths: {
      certificate: `/etc/usher/tls/${host.fqdn}.crt`,
      key: `/etc/usher/tls/${host.fqdn}.key`,
      ca: '/etc/usher/tls/ca.crt',
      ...paths,
    },
    connectTimeout: defaultLimits.connectTimeout / 1000,
    upstreamTimeout: defaultLimits.upstreamTimeout / 1000,
    bodyBytes: defaultLimits.bodyBytes,
  };
}

/** A pool's name as an identifier: letters, digits and underscores. */
export function identifier(pool: string, kind: 'plain' | 'secure'): string {
  return `${pool.replaceAll(/[^a-z\d]/giu, '_')}_${kind}`;
}
