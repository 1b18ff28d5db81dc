import type { Pool } from '#topology';
import { redirectReply, type Reply } from '../reply.ts';
import type { WebRequest } from '../request.ts';
import type { HomeFinder } from './home.ts';
import { poolUrl, type Site } from './names.ts';

/**
 * Leads the hosts of the simple URLs to the web site that serves them: `meet.` to the pool the
 * organiser named in the path is homed in, the others to a Front End pool.
 * Undefined when the request is for no simple URL.
 *
 * A Director is their preferred landing point and serves none of the content itself.
 */
export async function answerSimpleUrl(
  site: Site,
  request: WebRequest,
  homes: HomeFinder | undefined,
): Promise<Reply | undefined> {
  const { meet, dialin, admin } = site.plan.topology.simpleUrls;
  if (meet.includes(request.host)) {
    const organiser = organiserOf(site, request);
    const home = organiser === undefined ? undefined : await homes?.find(organiser);
    return leadTo(site, home ?? anyHome(site), '/meet', request);
  }
  if (request.host === dialin) return leadTo(site, anyHome(site), '/dialin', request);
  if (request.host === admin) return leadTo(site, anyHome(site), '/admin', request);
  return undefined;
}

/** The pool asked when it homes users itself, else the first that does. */
function anyHome(site: Site): Pool {
  if (site.pool.role === 'frontEnd') return site.pool;
  return site.plan.topology.pools.find((pool) => pool.role === 'frontEnd') ?? site.pool;
}

function leadTo(site: Site, pool: Pool, directory: string, request: WebRequest): Reply {
  const url = new URL(poolUrl(site.plan, site.kind, pool, directory));
  // Set as properties, so that whatever the path holds stays path and query, percent-encoded.
  if (request.path !== '/') url.pathname = `${directory}${request.path}`;
  url.search = request.search;
  return redirectReply(302, url.href);
}

/** `/alice/7QX2M1` or `/contoso.com/alice/7QX2M1`: the organiser's address-of-record. */
function organiserOf(site: Site, request: WebRequest): string | undefined {
  const { sipDomains } = site.plan.topology;
  const [first = '', second = ''] = request.path.slice(1).toLowerCase().split('/');
  if (sipDomains.includes(first)) return second === '' ? undefined : `${second}@${first}`;
  const domain =
    sipDomains.find((candidate) => request.host.endsWith(`.${candidate}`)) ?? sipDomains[0];
  return first === '' || domain === undefined ? undefined : `${first}@${domain}`;
}
