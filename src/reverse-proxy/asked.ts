import type { IncomingMessage } from 'node:http';
import { requestHeaders } from './headers.ts';
import type { Route } from './routes.ts';
import { targetOf, type Target } from './target.ts';
import type { Outgoing } from './upstream.ts';

/** An answer of the proxy itself. */
export interface Refusal {
  readonly kind: 'refused';
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that may go to a pool. */
export interface Asked {
  readonly kind: 'asked';
  readonly target: Target;
  readonly route: Route;
  readonly outgoing: Outgoing;
}

/** What the reading of a request depends on. */
export interface Rules {
  readonly routes: ReadonlyMap<string, Route>;
  readonly bodyBytes: number;
  /** FQDN of the proxy, for Via. */
  readonly via: string;
  /** IP address of the client. */
  readonly client: string;
  readonly secure: boolean;
  /** True when as many requests are on their way as the proxy carries. */
  readonly busy: boolean;
}

/** Decides whether a request goes to a pool, to which, and as what. Pure. */
export function readAsked(
  incoming: Pick<IncomingMessage, 'url' | 'method' | 'headers' | 'rawHeaders'>,
  rules: Rules,
): Asked | Refusal {
  // It would show a script what the browser hides from it.
  if (incoming.method === 'TRACE') return refused(405, 'TRACE is not served.');
  const target = targetOf(incoming.url ?? '', incoming.headers.host);
  if (target === undefined) return refused(400, 'Bad request.');
  const route = rules.routes.get(target.name);
  if (route === undefined) return refused(404, 'No site of this name here.');
  if (rules.busy) return refused(503, 'Too busy.', { 'Retry-After': '5' });
  const length = incoming.headers['content-length'];
  if (Number(length ?? 0) > rules.bodyBytes) return refused(413, 'The body is too large.');
  const coding = incoming.headers['transfer-encoding']?.toLowerCase();
  // Node undoes `chunked` alone; what lies beneath would reach the pool without its name.
  if (coding !== undefined && coding !== 'chunked') return refused(501, 'Unknown coding.');
  const body = coding !== undefined ? 'chunked' : length === undefined ? undefined : { length };
  const { client, secure, via } = rules;
  return {
    kind: 'asked',
    target,
    route,
    outgoing: {
      method: incoming.method ?? 'GET',
      path: target.path,
      headers: requestHeaders(incoming.rawHeaders, {
        host: target.host,
        client,
        secure,
        via,
        body,
      }),
      secure,
      hasBody: body !== undefined,
    },
  };
}

/** An answer of the proxy itself, in one line. */
export function refused(
  status: number,
  message: string,
  headers?: Readonly<Record<string, string>>,
): Refusal {
  return { kind: 'refused', status, message, ...(headers === undefined ? {} : { headers }) };
}
