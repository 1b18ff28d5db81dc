import type { Credentials } from '#trust';
import { jsonReply, redirectReply, textReply, type Reply } from '../reply.ts';
import type { WebRequest } from '../request.ts';
import { answerAutodiscover, autodiscoverResource } from './autodiscover.ts';
import type { HomeFinder } from './home.ts';
import { secureOrigin, type Site } from './names.ts';
import { answerSimpleUrl } from './simple-urls.ts';

/** What the steps need beside the site and the request. */
export interface SiteContext {
  readonly site: Site;
  readonly homes: HomeFinder | undefined;
  /** The revocation lists as last read, PEM. */
  readonly crl: () => Credentials['crl'];
  readonly state: () => 'up' | 'draining';
}

/** One decision about a request: an answer, or undefined to leave it to the next step. */
interface Step {
  readonly name: string;
  answer(request: WebRequest, context: SiteContext): Reply | undefined | Promise<Reply | undefined>;
}

/**
 * The steps of a web site in their order; the first that answers ends the walk.
 * On the plain socket everything but health, revocation list and the Autodiscover root leads to
 * the secure one.
 */
export const siteSteps: readonly Step[] = [
  { name: 'knownHost', answer: knownHost },
  { name: 'readOnly', answer: readOnly },
  { name: 'health', answer: health },
  { name: 'revocationList', answer: revocationList },
  { name: 'autodiscoverRootInClear', answer: autodiscoverRootInClear },
  { name: 'leadToSecure', answer: leadToSecure },
  { name: 'autodiscover', answer: autodiscover },
  { name: 'simpleUrl', answer: simpleUrl },
];

/** Walks the steps; what no step answers does not exist. */
export async function answerSite(request: WebRequest, context: SiteContext): Promise<Reply> {
  for (const step of siteSteps) {
    // In order by design: a later step relies on what the earlier ones let through.
    const reply = await step.answer(request, context);
    if (reply !== undefined) return reply;
  }
  return textReply(404, 'Nothing here.');
}

/** A name that is not the site's gets nothing: no redirect to it, no address with it. */
function knownHost(request: WebRequest, { site }: SiteContext): Reply | undefined {
  return site.names.has(request.host) ? undefined : textReply(404, 'No site of this name here.');
}

function readOnly(request: WebRequest): Reply | undefined {
  return request.method === 'GET' || request.method === 'HEAD'
    ? undefined
    : textReply(405, 'Only GET and HEAD are served here.', { allow: 'GET, HEAD' });
}

function health(request: WebRequest, { site, state }: SiteContext): Reply | undefined {
  if (request.path.toLowerCase() !== '/health') return undefined;
  const now = state();
  const [status, word] = now === 'up' ? [200, 'healthy'] : [503, 'draining'];
  // The reverse proxy publishes the external site: internal names stay inside.
  const who = site.kind === 'internal' ? { pool: site.pool.fqdn, host: site.host.fqdn } : {};
  return jsonReply(status, { status: word, state: now, ...who });
}

/** The list is signed, so it may travel in clear; a client that checks it cannot use TLS yet. */
function revocationList(request: WebRequest, context: SiteContext): Reply | undefined {
  const path = request.path.toLowerCase();
  if (path !== '/crl/ca.crl' && path !== '/crl/ca.pem') return undefined;
  const crl = context.crl();
  if (crl === undefined) return textReply(404, 'No revocation list.');
  if (path.endsWith('.pem')) {
    return { status: 200, headers: { 'content-type': 'application/x-pem-file' }, body: crl };
  }
  const encoded = /-----BEGIN X509 CRL-----([\w+/=\s]+)-----END/u.exec(crl)?.[1] ?? '';
  return {
    status: 200,
    headers: { 'content-type': 'application/pkix-crl' },
    body: Buffer.from(encoded, 'base64'),
  };
}

function autodiscoverRootInClear(
  request: WebRequest,
  { site }: SiteContext,
): Promise<Reply> | undefined {
  if (site.secure || autodiscoverResource(site, request) !== 'root') return undefined;
  return answerAutodiscover(site, request, 'root', undefined);
}

function leadToSecure(request: WebRequest, { site }: SiteContext): Reply | undefined {
  if (site.secure) return undefined;
  // A client that asked by address would not find the address in the certificate.
  const byAddress = [...site.host.addresses, ...site.pool.vips].includes(request.host);
  const name = byAddress ? site.pool.web[site.kind] : request.host;
  const url = new URL(secureOrigin(site.plan, site.kind, name));
  url.pathname = request.path;
  url.search = request.search;
  return redirectReply(301, url.href);
}

function autodiscover(
  request: WebRequest,
  { site, homes }: SiteContext,
): Promise<Reply> | undefined {
  const resource = autodiscoverResource(site, request);
  return resource === undefined ? undefined : answerAutodiscover(site, request, resource, homes);
}

function simpleUrl(request: WebRequest, { site, homes }: SiteContext): Promise<Reply | undefined> {
  return answerSimpleUrl(site, request, homes);
}
