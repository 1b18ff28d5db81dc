import { escapeMarkup } from '#base';
import { jsonReply, type Reply } from '../reply.ts';

/** A named address in an Autodiscover answer. */
export interface Link {
  readonly token: string;
  readonly href: string;
}

/** A SIP server to sign in at. */
export interface Access {
  readonly fqdn: string;
  readonly port: number;
}

/** An Autodiscover answer before it has a form (MS-OCDISCWS 2.2.5). */
export interface Answer {
  readonly accessLocation: 'Internal' | 'External';
  readonly part: 'Root' | 'Domain' | 'User';
  readonly internal?: Access;
  readonly external?: Access;
  readonly links: readonly Link[];
}

/** A form of the answer and the content type it is sent as. */
export interface Format {
  readonly kind: 'json' | 'xml';
  readonly contentType: string;
}

const vendorJson = 'application/vnd.microsoft.rtc.autodiscover+json';
const vendorXml = 'application/vnd.microsoft.rtc.autodiscover+xml';

/** Content types offered, best first; the first is the answer to those who do not care. */
const formats: readonly (Format & { readonly type: string })[] = [
  { type: 'application/json', kind: 'json', contentType: 'application/json; charset=utf-8' },
  { type: vendorJson, kind: 'json', contentType: `${vendorJson};v=1` },
  { type: vendorXml, kind: 'xml', contentType: `${vendorXml};v=1` },
  { type: 'application/xml', kind: 'xml', contentType: 'application/xml; charset=utf-8' },
  { type: 'text/xml', kind: 'xml', contentType: 'text/xml; charset=utf-8' },
];

/** Ranges of an Accept value looked at; sixteen kilobytes of commas are no wish. */
const mostRanges = 64;

/**
 * The form an Accept value asks for (RFC 9110 12.5.1): highest `q` first, then the more specific
 * range, then the order sent. No Accept is JSON, as health checks send none and must get 200.
 * Undefined when nothing offered is acceptable.
 */
export function chooseFormat(accept: string): Format | undefined {
  if (accept.trim() === '') return formats[0];
  const wishes = accept
    .split(',', mostRanges)
    .map(readRange)
    .filter((wish) => wish.q > 0)
    .toSorted((a, b) => b.q - a.q || b.weight - a.weight);
  for (const { type } of wishes) {
    const found = formats.find((format) => matches(type, format.type));
    if (found !== undefined) return found;
  }
  return undefined;
}

function readRange(range: string): { type: string; q: number; weight: number } {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  const q = quality === undefined ? 1 : Number(quality.slice(2));
  const weight = type === '*/*' ? 0 : type.endsWith('/*') ? 1 : 2;
  return { type, q: Number.isFinite(q) ? q : 0, weight };
}

function matches(range: string, type: string): boolean {
  if (range === '*/*') return true;
  return range.endsWith('/*') ? type.startsWith(range.slice(0, -1)) : range === type;
}

/** The answer in the form asked for, never to be cached: it depends on who asks from where. */
export function renderAnswer(answer: Answer, format: Format): Reply {
  const headers = { 'content-type': format.contentType, vary: 'Accept' };
  return format.kind === 'json'
    ? jsonReply(200, asJson(answer), headers)
    : { status: 200, headers, body: asXml(answer) };
}

function asJson(answer: Answer): unknown {
  return {
    AccessLocation: answer.accessLocation,
    [answer.part]: {
      ...(answer.internal === undefined
        ? {}
        : { SipClientInternalAccess: jsonAccess(answer.internal) }),
      ...(answer.external === undefined
        ? {}
        : { SipClientExternalAccess: jsonAccess(answer.external) }),
      Links: answer.links.map(({ href, token }) => ({ href, token })),
    },
  };
}

/** The protocol's data contract types the port as text. */
function jsonAccess(access: Access): { fqdn: string; port: string } {
  return { fqdn: access.fqdn, port: String(access.port) };
}

function asXml(answer: Answer): string {
  const links = answer.links.map(
    ({ token, href }) => `<Link token="${escapeMarkup(token)}" href="${escapeMarkup(href)}"/>`,
  );
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    `<AutodiscoverResponse AccessLocation="${answer.accessLocation}"><${answer.part}>`,
    xmlAccess('SipClientInternalAccess', answer.internal),
    xmlAccess('SipClientExternalAccess', answer.external),
    ...links,
    `</${answer.part}></AutodiscoverResponse>`,
  ].join('');
}

function xmlAccess(name: string, access: Access | undefined): string {
  return access === undefined
    ? ''
    : `<${name} fqdn="${escapeMarkup(access.fqdn)}" port="${access.port}"/>`;
}
