import { pino, type Logger } from 'pino';
import type { Host } from '#topology';

export type { Logger } from 'pino';

/**
 * The operational log of one host: JSON lines on standard output, English, no secrets: whatever
 * looks like a credential is blanked even when a caller hands it over by mistake.
 */
export function hostLog(host: Host): Logger {
  return pino({
    base: { host: host.fqdn, role: host.role },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['key', 'secret', 'password', 'authorization', '*.key', '*.secret', '*.password'],
      censor: '[removed]',
    },
  });
}
