import type { IncomingMessage } from 'node:http';
import { textReply, type Reply } from './reply.ts';

/** What the steps of a web site look at: the request line and the few headers that matter. */
export interface WebRequest {
  readonly method: string;
  /** Host asked for, lower case, without port and trailing dot; brackets of IPv6 removed. */
  readonly host: string;
  /** Path as sent, always starting with a slash; percent-encoding untouched. */
  readonly path: string;
  /** Query as sent, with its question mark, or empty. */
  readonly search: string;
  /** Value of Accept, lower case, or empty. */
  readonly accept: string;
}

/** Longest request target looked at, in characters; the header limit of Node is larger. */
const maximumTarget = 4096;

/**
 * Reads a request, or says what is wrong with it.
 *
 * Accepts the origin form and, as RFC 9112 3.2.2 demands of every server, the absolute form; the
 * host of the latter wins over the Host field.
 */
export function readRequest(message: IncomingMessage): WebRequest | Reply {
  const target = message.url ?? '';
  if (target.length > maximumTarget) return textReply(414, 'The address is too long.');
  const base = targetOf(target);
  if (base === undefined) return textReply(400, 'The request target is neither path nor URL.');
  const host = normalHost(base.host ?? message.headers.host ?? '');
  if (host === undefined) return textReply(400, 'The Host field names no host.');
  const question = base.rest.indexOf('?');
  return {
    method: message.method ?? '',
    host,
    path: question < 0 ? base.rest : base.rest.slice(0, question),
    search: question < 0 ? '' : base.rest.slice(question),
    accept: (message.headers.accept ?? '').toLowerCase(),
  };
}

/** True for an answer, false for a request: tells the two results of `readRequest` apart. */
export function isReply(value: WebRequest | Reply): value is Reply {
  return 'status' in value;
}

function targetOf(target: string): { host?: string; rest: string } | undefined {
  if (target.startsWith('/')) return { rest: target };
  const absolute = /^https?:\/\/([^/?#@]+)(.*)$/iu.exec(target);
  const [, host, rest] = absolute ?? [];
  if (host === undefined || rest === undefined) return undefined;
  return { host, rest: rest.startsWith('/') ? rest : `/${rest}` };
}

/**
 * A Host value without its port, lower case, without trailing dot; undefined when it is no host.
 * Compared with known names only, never put into an answer unless it equals one of them.
 */
export function normalHost(value: string): string | undefined {
  const match =
    /^(?:\[([\da-f:.]{2,45})\]|([a-z\d](?:[a-z\d.-]{0,252}[a-z\d])?)\.?)(?::\d{0,5})?$/iu.exec(
      value,
    );
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

/** The query's parameters by lower-case name; the first of a name counts. */
export function parametersOf(search: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(search)) {
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, value);
  }
  return parameters;
}
