import { pino, type Logger } from 'pino';
import type { Host } from '#topology';

export type { Logger } from 'pino';

/**
 * The operational log of one host: JSON lines on standard output, English, no secrets: whatever
 * looks like a credential is blanked even when a caller hands it over by mistake.
 *
 * @param worker which of several processes of the host writes; absent when there is one
 */
export function hostLog(host: Host, worker?: number): Logger {
  return pino({
    base: { host: host.fqdn, role: host.role, ...(worker === undefined ? {} : { worker }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['key', 'secret', 'password', 'authorization', '*.key', '*.secret', '*.password'],
      censor: '[removed]',
    },
  });
}
