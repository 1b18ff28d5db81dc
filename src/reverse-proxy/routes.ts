import { UsherError } from '#base';
import { nextHops, type Hop, type Plan } from '#ports';
import type { Pool } from '#topology';

/** One pool the reverse proxy publishes: the names it answers to and where its sites are. */
export interface Route {
  /** Pool FQDN; every member's certificate names it. */
  readonly pool: string;
  /** Host names, lower case; no two routes share one. */
  readonly names: readonly string[];
  /** External site in clear: the balancer's address, or each member. Empty when no flow allows it. */
  readonly plain: readonly Hop[];
  /** External site secured, as above. */
  readonly secure: readonly Hop[];
}

/**
 * What a reverse proxy publishes (rows RP-E1, RP-E2 on its outside; RP-I1, RP-I2 behind it).
 *
 * The Director pool, or without one the first Front End pool, also takes the names that clients
 * guess or are told before they know their pool: `lyncdiscover.`, `meet.` and `dialin.`. The
 * administration URL is not published.
 */
export function routesOf(plan: Plan, reverseProxy: string): readonly Route[] {
  const { pools, sipDomains, simpleUrls } = plan.topology;
  const landing = pools.find((pool) => pool.role === 'director') ?? pools[0];
  const shared = [
    ...sipDomains.map((domain) => `lyncdiscover.${domain}`),
    ...simpleUrls.meet,
    ...(simpleUrls.dialin === undefined ? [] : [simpleUrls.dialin]),
  ];
  return pools
    .map((pool) => ({
      pool: pool.fqdn,
      names: [pool.web.external, ...(pool === landing ? shared : [])].map((name) =>
        name.toLowerCase(),
      ),
      plain: hopsTo(plan, reverseProxy, pool, 'webExternalPlain'),
      secure: hopsTo(plan, reverseProxy, pool, 'webExternal'),
    }))
    .filter((route) => route.plain.length + route.secure.length > 0);
}

/** The hops of one service, or none when no flow leads there. */
function hopsTo(
  plan: Plan,
  from: string,
  pool: Pool,
  service: 'webExternalPlain' | 'webExternal',
): readonly Hop[] {
  try {
    return nextHops(plan, from, pool.fqdn, service);
  } catch (error) {
    if (error instanceof UsherError && error.code === 'USHER_NO_FLOW') return [];
    throw error;
  }
}
