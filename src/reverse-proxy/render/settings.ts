import { hostAndPort, UsherError } from '#base';
import { listenersOf, type Plan } from '#ports';
import { findHost } from '#topology';
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
  /** Inside address: where connections to the pools come from. */
  readonly inside: string;
  /** `address:port` published in clear, and secured; undefined when the plan has no such socket. */
  readonly plain: string | undefined;
  readonly secure: string | undefined;
  readonly routes: readonly Route[];
  readonly paths: CertificatePaths;
  /** Seconds. */
  readonly connectTimeout: number;
  /** Seconds. */
  readonly upstreamTimeout: number;
  readonly bodyBytes: number;
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
  const endpoint = (service: string): string | undefined => {
    const found = listeners.find((listener) => listener.service === service);
    if (found === undefined) return undefined;
    return hostAndPort(found.address, found.port);
  };
  return {
    fqdn: host.fqdn,
    inside: host.address,
    plain: endpoint('publishedPlain'),
    secure: endpoint('published'),
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
