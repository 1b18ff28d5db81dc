import { parseNameAddr, parseUri } from '#sip';
import type { NameAddr, Outcome, SipRequest } from '#sip';
import { serviceRouteOf } from './service-route.ts';
import type { Binding, ContactUpdate, Registration } from './bindings.ts';

/** Bounds of one REGISTER. Lifetimes in seconds. */
export interface RegistrationLimits {
  /** Shorter wishes are refused with 423 (RFC 3261 10.3 step 7). */
  readonly shortest: number;
  /** Longer wishes are shortened to this. */
  readonly longest: number;
  /** Used when the client wishes nothing, or nonsense. */
  readonly usual: number;
  /** Contacts of one request. */
  readonly contacts: number;
  /** Path values of one request. */
  readonly paths: number;
  /** Characters of a contact URI, an instance, a Path value or a Call-ID: they are kept in memory. */
  readonly text: number;
}

export const defaultRegistrationLimits: RegistrationLimits = {
  shortest: 60,
  longest: 86_400,
  usual: 3600,
  contacts: 12,
  paths: 4,
  text: 512,
};

/** Option tags a REGISTER may require of us. */
const understood = ['path', 'outbound'];

type Refusal = { readonly refusal: Outcome };

function bad(status: number, reason: string, headers: [string, string][] = []): Refusal {
  return { refusal: { kind: 'respond', status, reason, headers } };
}

/**
 * Reads what a REGISTER asks for, or says why it cannot be granted (RFC 3261 10.3 steps 2, 6 and 7).
 * `connection` is the id of the connection it came over when that is the way back to the client;
 * otherwise the Path is (RFC 3327 5.3), and a REGISTER without one is refused with 421.
 */
export function readRegistration(
  request: SipRequest,
  connection: string | undefined,
  limits: RegistrationLimits = defaultRegistrationLimits,
): { readonly registration: Registration } | Refusal {
  const unknown = request
    .values('Require')
    .filter((tag) => !understood.includes(tag.toLowerCase()));
  if (unknown.length > 0) return bad(420, 'Bad Extension', [['Unsupported', unknown.join(', ')]]);
  const { callId } = request;
  const cseq = request.cseq.number;
  // A Path written by the client itself would let it point calls anywhere.
  const path = connection === undefined ? request.values('Path') : [];
  if (callId.length > limits.text) return bad(400, 'Call-ID Too Long');
  if (path.length > limits.paths || path.some((value) => value.length > limits.text)) {
    return bad(400, 'Path Too Long');
  }
  if (!path.every(isSipAddress)) return bad(400, 'Bad Path');
  const asked = request.contacts;
  const expires = request.header('Expires');
  if (asked === '*') {
    if (readSeconds(expires) !== 0) return bad(400, 'A Contact of * Needs Expires: 0');
    return { registration: { contacts: '*', path, connection, callId, cseq } };
  }
  if (asked.length > limits.contacts) return bad(400, 'Too Many Contacts');
  const contacts: ContactUpdate[] = [];
  for (const contact of asked) {
    const update = readContact(contact, expires, limits);
    if ('refusal' in update) return update;
    contacts.push(update);
  }
  const arrives = contacts.some(({ lifetime }) => lifetime > 0);
  if (arrives && connection === undefined && path.length === 0) {
    return bad(421, 'Extension Required', [['Require', 'path']]);
  }
  return { registration: { contacts, path, connection, callId, cseq } };
}

function readContact(
  contact: NameAddr,
  expires: string | undefined,
  limits: RegistrationLimits,
): ContactUpdate | Refusal {
  const { uri, params } = contact;
  if (!isSipUri(uri)) return bad(400, 'Contact Is No SIP URI');
  const instance = textOf(params.get('+sip.instance'));
  const regId = textOf(params.get('reg-id'));
  if ([uri, instance, regId].some((text) => (text?.length ?? 0) > limits.text)) {
    return bad(400, 'Contact Too Long');
  }
  const wish = params.has('expires') ? textOf(params.get('expires')) : expires;
  const lifetime = wish === undefined ? limits.usual : (readSeconds(wish) ?? limits.usual);
  if (lifetime > 0 && lifetime < limits.shortest) {
    return bad(423, 'Interval Too Brief', [['Min-Expires', String(limits.shortest)]]);
  }
  const q = readQ(textOf(params.get('q')));
  return { uri, instance, regId, q, lifetime: Math.min(lifetime, limits.longest) };
}

function textOf(value: string | true | undefined): string | undefined {
  return value === true ? undefined : value;
}

/** Delta-seconds (RFC 3261 20.19); undefined for anything else. */
function readSeconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/u.test(text) ? Number(text) : undefined;
}

/** A qvalue (RFC 3261 25.1); 1 when absent or malformed. */
function readQ(text: string | undefined): number {
  return text !== undefined && /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/u.test(text)
    ? Number(text)
    : 1;
}

function isSipUri(text: string): boolean {
  try {
    parseUri(text);
    return true;
  } catch {
    return false;
  }
}

function isSipAddress(value: string): boolean {
  try {
    return isSipUri(parseNameAddr(value).uri);
  } catch {
    return false;
  }
}

/**
 * The answer to a granted REGISTER: every binding of the user with its remaining lifetime (RFC 3261
 * 10.3 step 8), the Path it was stored with (RFC 3327 5.3), the Service-Route (RFC 3608), and `outbound`
 * where flows were used.
 */
export function registrationAnswer(
  request: SipRequest,
  registration: Registration,
  bindings: readonly Binding[],
  now: number,
): Outcome {
  const headers: [string, string][] = bindings.map((binding) => [
    'Contact',
    contactValue(binding, now),
  ]);
  for (const value of registration.path) headers.push(['Path', value]);
  const serviceRoute = serviceRouteOf(registration.path);
  if (serviceRoute !== undefined) headers.push(['Service-Route', serviceRoute]);
  const usesFlows =
    registration.contacts !== '*' &&
    registration.contacts.some(
      ({ instance, regId }) => instance !== undefined && regId !== undefined,
    );
  const supports = request.values('Supported').some((tag) => tag.toLowerCase() === 'outbound');
  if (usesFlows && supports) headers.push(['Require', 'outbound']);
  headers.push(['Supported', understood.join(', ')]);
  return { kind: 'respond', status: 200, reason: 'OK', headers };
}

function contactValue(binding: Binding, now: number): string {
  const seconds = Math.max(1, Math.ceil((binding.expiresAt - now) / 1000));
  const parts = [`<${binding.uri}>`, `expires=${seconds}`];
  if (binding.q !== 1) parts.push(`q=${binding.q}`);
  if (binding.instance !== undefined) {
    parts.push(`+sip.instance="${binding.instance.replaceAll(/["\\]/gu, String.raw`\$&`)}"`);
  }
  if (binding.regId !== undefined) parts.push(`reg-id=${quotedUnlessToken(binding.regId)}`);
  return parts.join(';');
}

function quotedUnlessToken(text: string): string {
  return /^[\w.!%*+`'~-]+$/u.test(text) ? text : `"${text.replaceAll(/["\\]/gu, String.raw`\$&`)}"`;
}
