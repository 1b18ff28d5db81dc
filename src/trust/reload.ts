import type { Agent } from 'node:https';
import { TLSSocket, type Server } from 'node:tls';
import type { Credentials } from './credentials.ts';
import { chainOfPeer } from './dialler.ts';
import { anchorsOf } from './in-force.ts';
import type { Revocation } from './revocation.ts';
import { serverTls } from './tls.ts';

/** A listener whose certificate, CA and revocation lists can be replaced while it serves. */
export interface Reloadable {
  /**
   * New connections are judged by, and see, the new files. Open ones stay, except those whose peer
   * is revoked by now.
   *
   * @returns how many connections were closed
   */
  reload(credentials: Credentials): { readonly dropped: number };
}

/**
 * Makes a TLS server made from `serverTls` reloadable. Call it before the server listens: it keeps
 * track of the connections.
 */
export function reloadable(server: Server, security: 'TLS' | 'MTLS'): Reloadable {
  const connections = new Set<TLSSocket>();
  let current: Credentials | undefined;
  server.on('secureConnection', (socket) => {
    // Its handshake began before the last reload and was judged by the lists of then.
    if (current !== undefined && revocationOfPeer(socket, current) !== undefined) {
      socket.destroy();
      return;
    }
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  return {
    reload(credentials) {
      server.setSecureContext(serverTls(credentials, security));
      current = credentials;
      return { dropped: drop(connections, credentials) };
    },
  };
}

/**
 * Lets an agent of node:https end after a reload, when a new one has taken its place: requests under
 * way get their answers, unless their server is revoked by now; no connection is used again.
 *
 * @returns how many connections were closed because of a revocation
 */
export function retire(agent: Agent, credentials: Credentials): { readonly dropped: number } {
  agent.maxFreeSockets = 0;
  const busy = tlsSockets(agent.sockets);
  for (const socket of tlsSockets(agent.freeSockets)) socket.destroy();
  return { dropped: drop(busy, credentials) };
}

function tlsSockets(sockets: Agent['sockets']): readonly TLSSocket[] {
  return Object.values(sockets)
    .flatMap((each) => each ?? [])
    .filter((socket) => socket instanceof TLSSocket);
}

function drop(connections: Iterable<TLSSocket>, credentials: Credentials): number {
  let dropped = 0;
  for (const socket of connections) {
    if (revocationOfPeer(socket, credentials) === undefined) continue;
    socket.destroy();
    dropped++;
  }
  return dropped;
}

/**
 * The revocation of the certificate at the other end of a connection, accepted or dialled, by the
 * lists of these credentials; undefined when there is none or the peer has no certificate.
 */
export function revocationOfPeer(
  socket: TLSSocket,
  credentials: Credentials,
): Revocation | undefined {
  const [certificate] = chainOfPeer(socket);
  return certificate === undefined ? undefined : anchorsOf(credentials).revocationOf(certificate);
}
