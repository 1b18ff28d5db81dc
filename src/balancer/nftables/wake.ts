import { connect } from 'node:net';
import type { Clock } from '#base';
import type { Tracked } from './conntrack.ts';

/** Clients called at once, and milliseconds until the next ones are. */
const batch = 500;
const pause = 100;

/** Milliseconds a client has to answer; the first packet is sent again after one second. */
const patience = 1500;

/**
 * Makes clients speak whose connections the rules reset: the kernel resets a connection by answering a
 * packet of it, and a client that waits for an answer sends none. A first packet (SYN) that seems to come
 * from the virtual service makes its kernel ask back (the challenge ACK of RFC 5961 section 4), and that
 * packet meets the rule. It is an ordinary connection attempt from the VIP's own port, which the rules let
 * out untracked and which never comes to anything.
 *
 * Resolves when every client has had its time.
 */
export async function wake(sessions: readonly Tracked[], clock: Clock): Promise<void> {
  const calls: Promise<void>[] = [];
  for (let from = 0; from < sessions.length; from += batch) {
    if (from > 0) await new Promise<void>((resolve) => void clock.after(pause, resolve));
    for (const session of sessions.slice(from, from + batch)) calls.push(knock(session, clock));
  }
  await Promise.all(calls);
}

function knock({ client, clientPort, address, port }: Tracked, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect({
    host: client,
    port: clientPort,
    localAddress: address,
    localPort: port,
  });
  // Whatever becomes of it, it is not ours to use.
  socket.on('error', () => undefined);
  socket.once('connect', () => socket.destroy());
  socket.once('close', () => resolve());
  const cancel = clock.after(patience, () => socket.destroy());
  return promise.finally(cancel);
}
