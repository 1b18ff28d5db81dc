import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { systemErrorCode } from '#base';
import type { Emission } from './messages.ts';

/** Connections begun before the earlier ones are given up again. */
const atOnce = 256;

/** The kernel refused to begin: nothing was sent. Any other error is an answer to a packet. */
const unsent: ReadonlySet<string> = new Set([
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EINVAL',
  'EMFILE',
]);

/** What became of an emission. */
export interface Emitted {
  readonly sent: number;
  readonly failed: Readonly<Record<string, number>>;
}

function* pairs({ sources, destinations }: Emission): Iterable<readonly [string, string]> {
  for (const source of sources) {
    for (const destination of destinations) {
      const oneFamily = source.includes(':') === destination.includes(':');
      if (source !== destination && oneFamily) yield [source, destination];
    }
  }
}

/**
 * Sends one opening packet for each probe: a SYN that is given up at once, or a datagram. Nobody waits for
 * answers: what counts is what the devices see.
 */
export async function emit(emission: Emission): Promise<Emitted> {
  const failed: Record<string, number> = {};
  let sent = 0;
  const fails = (error: unknown): void => {
    const code = systemErrorCode(error) ?? 'UNKNOWN';
    if (!unsent.has(code)) return;
    failed[code] = (failed[code] ?? 0) + 1;
    sent -= 1;
  };
  if (emission.protocols.includes('tcp')) sent += await openings(emission, fails);
  if (emission.protocols.includes('udp')) sent += await datagrams(emission, fails);
  return { sent, failed };
}

async function openings(emission: Emission, fails: (error: unknown) => void): Promise<number> {
  const { mark, ports } = emission;
  let pending: Socket[] = [];
  let begun = 0;
  const giveUp = async (): Promise<void> => {
    // The connection begins in the turn after this one.
    await turn();
    for (const socket of pending) socket.destroy();
    pending = [];
  };
  for (const [source, destination] of pairs(emission)) {
    for (const [first, last] of ports) {
      for (let port = first; port <= last; port++) {
        const socket = connect({
          host: destination,
          port,
          localAddress: source,
          localPort: mark,
          autoSelectFamily: false,
        });
        socket.on('error', fails);
        pending.push(socket);
        begun += 1;
        if (pending.length >= atOnce) await giveUp();
      }
    }
  }
  await giveUp();
  // Errors of the last ones arrive in their own turn.
  await turn();
  return begun;
}

async function datagrams(emission: Emission, fails: (error: unknown) => void): Promise<number> {
  const { mark, ports } = emission;
  let begun = 0;
  for (const source of emission.sources) {
    const socket = createSocket({ type: source.includes(':') ? 'udp6' : 'udp4', reuseAddr: true });
    socket.on('error', fails);
    socket.bind({ address: source, port: mark });
    await once(socket, 'listening');
    const sending: Promise<void>[] = [];
    for (const [, destination] of pairs({ ...emission, sources: [source] })) {
      for (const [first, last] of ports) {
        for (let port = first; port <= last; port++) {
          const { promise, resolve } = Promise.withResolvers<void>();
          socket.send('usher', port, destination, (error) => {
            if (error !== null) fails(error);
            resolve();
          });
          sending.push(promise);
          begun += 1;
          if (sending.length >= atOnce) await Promise.all(sending.splice(0));
        }
      }
    }
    await Promise.all(sending);
    socket.close();
  }
  return begun;
}
