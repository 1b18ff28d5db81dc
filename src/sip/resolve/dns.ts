import { Resolver as NodeResolver } from 'node:dns/promises';
import { systemErrorCode } from '#base';
import type { Resolver } from './locate.ts';

/** Milliseconds for the first try of a question, and tries; the wait doubles from try to try. */
const patience = { timeout: 1_500, tries: 2 } as const;

/** What the DNS says when a name has no record of the kind asked for, or does not exist. */
const none = new Set(['ENODATA', 'ENOTFOUND']);

/**
 * The DNS, asked directly: no hosts file is read.
 *
 * @param servers `address` or `address:port` of the servers to ask; those of the machine when absent.
 * Throws what Node says of an address that is none.
 */
export function dnsResolver(servers?: readonly string[]): Resolver {
  const dns = new NodeResolver(patience);
  if (servers !== undefined) dns.setServers(servers);
  return {
    naptr: (name) => orNone(dns.resolveNaptr(name)),
    srv: (name) => orNone(dns.resolveSrv(name)),
    async addresses(name) {
      const [four, six] = await Promise.all([
        orNone(dns.resolve4(name)),
        orNone(dns.resolve6(name)),
      ]);
      return [...four, ...six];
    },
  };
}

async function orNone<Answer>(asked: Promise<Answer[]>): Promise<Answer[]> {
  try {
    return await asked;
  } catch (error) {
    if (none.has(systemErrorCode(error) ?? '')) return [];
    throw error;
  }
}
