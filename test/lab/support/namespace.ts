import { networkInterfaces } from 'node:os';

/**
 * Why these tests must not touch the network here, or false: they change rules and addresses, so they
 * need root and a network namespace where nothing but loopback is.
 */
export function notOurs(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  if (Object.keys(networkInterfaces()).some((name) => name !== 'lo')) {
    return 'needs a network namespace of its own (npm run test:lab makes one)';
  }
  return false;
}
