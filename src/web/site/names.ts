import { servicePort, type Listener, type Plan } from '#ports';
import type { Host, Pool } from '#topology';

/** Which of the two web sites of a pool: internal clients use one, the reverse proxy the other. */
export type SiteKind = 'internal' | 'external';

/** One web site of one host: what the steps that answer its requests know about it. */
export interface Site {
  readonly plan: Plan;
  readonly host: Host;
  readonly pool: Pool;
  readonly kind: SiteKind;
  /** True for the HTTPS socket of the site, false for the plain one beside it. */
  readonly secure: boolean;
  /** Every name and address, lower case, under which the site may be asked. */
  readonly names: ReadonlySet<string>;
}

/** Puts the parts of a site together; `listener` must be one of the four web services. */
export function siteOf(plan: Plan, host: Host, pool: Pool, listener: Listener): Site {
  const kind: SiteKind =
    listener.service === 'webExternal' || listener.service === 'webExternalPlain'
      ? 'external'
      : 'internal';
  const names = [
    host.fqdn,
    ...host.addresses,
    pool.fqdn,
    ...pool.vips,
    pool.web[kind],
    ...discoveryNames(plan, kind),
    ...simpleUrlNames(plan, kind),
  ];
  return {
    plan,
    host,
    pool,
    kind,
    secure: listener.security !== 'none',
    names: new Set(names.map((name) => name.toLowerCase())),
  };
}

/**
 * The names clients guess: `lyncdiscoverinternal.` inside, `lyncdiscover.` outside, one a SIP
 * domain. The external name works inside as well, for networks whose DNS does not tell the two
 * apart; the listener still decides which answer is given.
 */
export function discoveryNames(plan: Plan, kind: SiteKind): readonly string[] {
  const prefixes =
    kind === 'internal' ? ['lyncdiscoverinternal', 'lyncdiscover'] : ['lyncdiscover'];
  return plan.topology.sipDomains.flatMap((domain) =>
    prefixes.map((prefix) => `${prefix}.${domain}`),
  );
}

/** Hosts of the simple URLs; administration is never offered to the outside. */
export function simpleUrlNames(plan: Plan, kind: SiteKind): readonly string[] {
  const { meet, dialin, admin } = plan.topology.simpleUrls;
  return [
    ...meet,
    ...(dialin === undefined ? [] : [dialin]),
    ...(admin === undefined || kind === 'external' ? [] : [admin]),
  ];
}

/**
 * `https://name[:port]` as clients of that side reach it; the port is left out when it is the
 * scheme's own. Outside, that is what the reverse proxy publishes, not where the pool listens.
 */
export function secureOrigin(plan: Plan, kind: SiteKind, name: string): string {
  const service =
    kind === 'internal'
      ? 'webInternal'
      : plan.topology.reverseProxies.length > 0
        ? 'published'
        : 'webExternal';
  return new URL(`https://${name}:${servicePort(plan, service)}`).origin;
}

/** The address of a path on the pool's own web site, as clients of that side reach it. */
export function poolUrl(plan: Plan, kind: SiteKind, pool: Pool, path: string): string {
  return `${secureOrigin(plan, kind, pool.web[kind])}${path}`;
}
