import { servicePort, type Plan } from '#ports';
import type { Pool } from '#topology';
import { textReply, type Reply } from '../reply.ts';
import { parametersOf, type WebRequest } from '../request.ts';
import {
  chooseFormat,
  renderAnswer,
  type Access,
  type Answer,
  type Link,
} from './autodiscover-format.ts';
import { aorOfSipUri, webHomeOf, type HomeFinder } from './home.ts';
import { discoveryNames, poolUrl, type Site } from './names.ts';

const rootPath = '/Autodiscover/AutodiscoverService.svc/root';
const domainPath = `${rootPath}/domain`;
const userPath = `${rootPath}/user`;

/** Which Autodiscover resource a path means, letters of either case; undefined for none. */
export function autodiscoverResource(
  site: Site,
  request: WebRequest,
): 'root' | 'domain' | 'user' | undefined {
  const path = request.path.toLowerCase().replace(/\/$/u, '');
  if (path === rootPath.toLowerCase()) return 'root';
  if (path === domainPath.toLowerCase()) return 'domain';
  if (path === userPath.toLowerCase()) return 'user';
  // Clients that guess a name ask it for `/?sipuri=…` and nothing else.
  return path === '' && discoveryNames(site.plan, site.kind).includes(request.host)
    ? 'root'
    : undefined;
}

/**
 * Answers an Autodiscover request (MS-OCDISCWS 3.1.5). The user resource needs `homes`; without a
 * user directory it answers 503.
 */
export async function answerAutodiscover(
  site: Site,
  request: WebRequest,
  resource: 'root' | 'domain' | 'user',
  homes: HomeFinder | undefined,
): Promise<Reply> {
  const format = chooseFormat(request.accept);
  if (format === undefined) {
    return textReply(406, 'Autodiscover answers as JSON or XML.');
  }
  const accessLocation = site.kind === 'internal' ? 'Internal' : 'External';
  const parameters = parametersOf(request.search);
  if (resource === 'root') {
    return renderAnswer(
      { accessLocation, part: 'Root', links: rootLinks(site, parameters) },
      format,
    );
  }
  if (resource === 'domain') {
    return renderAnswer(
      {
        accessLocation,
        part: 'Domain',
        ...reach(site, site.pool),
        links: poolLinks(site, site.pool),
      },
      format,
    );
  }
  const user = await answerUser(site, parameters.get('sipuri'), homes);
  return 'status' in user ? user : renderAnswer({ accessLocation, ...user }, format);
}

/**
 * In clear the root names only its secure self, as MS-OCDISCWS 3.1.5.2 has it: nothing but that
 * address may be learned, or altered, on the way. Secured it names the next resources.
 */
function rootLinks(site: Site, parameters: ReadonlyMap<string, string>): readonly Link[] {
  const query = carriedQuery(site.plan, parameters);
  const to = (token: string, path: string): Link => ({
    token,
    href: poolUrl(site.plan, site.kind, site.pool, `${path}${query}`),
  });
  if (!site.secure) return [to('Redirect', rootPath)];
  return [to('Domain', domainPath), to('User', userPath), to('Self', rootPath)];
}

/**
 * What a client said about itself travels on in the links, written anew: clients follow the
 * User link as it stands and could not name their user otherwise.
 */
function carriedQuery(plan: Plan, parameters: ReadonlyMap<string, string>): string {
  const carried = new URLSearchParams();
  const domain = parameters.get('originaldomain')?.toLowerCase();
  if (domain !== undefined && plan.topology.sipDomains.includes(domain)) {
    carried.set('originalDomain', domain);
  }
  const aor = aorOfSipUri(parameters.get('sipuri') ?? '');
  if (aor !== undefined) carried.set('sipuri', aor);
  return carried.size === 0 ? '' : `?${carried.toString()}`;
}

async function answerUser(
  site: Site,
  sipUri: string | undefined,
  homes: HomeFinder | undefined,
): Promise<Omit<Answer, 'accessLocation'> | Reply> {
  const aor = aorOfSipUri(sipUri ?? '');
  if (aor === undefined) return textReply(400, 'Name the user: sipuri=user@domain.');
  const domain = aor.slice(aor.lastIndexOf('@') + 1);
  if (!site.plan.topology.sipDomains.includes(domain)) {
    return textReply(404, 'No SIP domain of this deployment.');
  }
  const home = await homes?.find(aor);
  if (home === undefined) {
    return textReply(503, 'No user directory to ask.', { 'retry-after': '60' });
  }
  return { part: 'User', ...reach(site, home), links: poolLinks(site, webHomeOf(home, site.pool)) };
}

/**
 * Where SIP clients of this side sign in. Internal names stay inside: an answer given to the
 * outside carries the external access alone.
 */
function reach(site: Site, home: Pool): { internal?: Access; external?: Access } {
  const { plan } = site;
  const edge = plan.topology.edges[0]?.external?.fqdns[0];
  const external =
    edge === undefined ? undefined : { fqdn: edge, port: servicePort(plan, 'accessEdge') };
  const internal =
    site.kind === 'internal'
      ? { fqdn: signInPool(site, home).fqdn, port: servicePort(plan, 'sip') }
      : undefined;
  return {
    ...(internal === undefined ? {} : { internal }),
    ...(external === undefined ? {} : { external }),
  };
}

/** The Director pool where internal clients may sign in at it; else, and without one, the home. */
function signInPool(site: Site, home: Pool): Pool {
  const { options, pools } = site.plan.topology;
  const director = options.internalClientsSignInAtDirector
    ? pools.find((pool) => pool.role === 'director')
    : undefined;
  return director ?? home;
}

/** The pool's Autodiscover as reached from this side, and from outside for those who leave. */
function poolLinks(site: Site, pool: Pool): readonly Link[] {
  const root = (kind: 'internal' | 'external'): string => poolUrl(site.plan, kind, pool, rootPath);
  return [
    ...(site.kind === 'internal'
      ? [{ token: 'Internal/Autodiscover', href: root('internal') }]
      : []),
    { token: 'External/Autodiscover', href: root('external') },
  ];
}
