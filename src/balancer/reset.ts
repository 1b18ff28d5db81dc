import type { Socket } from 'node:net';

/**
 * Ends a TCP connection with a reset, so that its peer need not wait for a silence. Does nothing to
 * one that is closed already. The caller listens for its errors.
 *
 * Not with `resetAndDestroy` alone: while the shutdown of a finished side is under way, libuv refuses
 * the reset (EINVAL), Node 26 then forgets the handle without closing it, and the descriptor stays
 * open until the process ends, which it then never does. Such a connection is closed the ordinary way;
 * all that had to be sent is sent by then.
 */
export function resetConnection(socket: Socket): void {
  if (socket.destroyed) return;
  const shuttingDown =
    socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (socket.connecting || shuttingDown) socket.destroy();
  else socket.resetAndDestroy();
}
