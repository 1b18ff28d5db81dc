import type { FailureCause } from './health.ts';

/** System error codes and what they say about the member at the other end. */
const causes: Readonly<Record<string, FailureCause>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EPERM: 'unreachable',
  EACCES: 'unreachable',
};

/** Failures of the balancer's own machine; they say nothing about a member. */
const own: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
]);

/** What a system error code at connecting means; unknown codes count as `unreachable`. */
export function causeOf(code: string | undefined): FailureCause {
  return (code === undefined ? undefined : causes[code]) ?? 'unreachable';
}

/** True when the balancer could not even try: no source port, no descriptor, no memory. */
export function isOwnFailure(code: string | undefined): boolean {
  return code !== undefined && own.has(code);
}
