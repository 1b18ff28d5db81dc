import { createServer, type Server, type Socket } from 'node:net';
import { messageOf, systemErrorCode, UsherError } from '#base';
import { backlog, keepAliveDelay } from '../constants.ts';
import type { EngineService } from '../engine.ts';

/**
 * Opens the address of one virtual service and hands over what arrives.
 *
 * Rejects with `USHER_PORT_TAKEN`, `USHER_VIP_NOT_LOCAL`, `USHER_PORT_FORBIDDEN` or
 * `USHER_LISTEN`, each naming the row.
 */
export async function openFrontend(
  service: EngineService,
  accept: (client: Socket) => void,
): Promise<Server> {
  const server = createServer({
    // A client that has finished sending may still be owed an answer.
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveDelay,
  });
  server.on('connection', accept);
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void => reject(listenError(service, error));
    server.once('error', failed);
    server.listen({ host: service.address, port: service.port, backlog }, () => {
      server.off('error', failed);
      // Errors after this are single accepts that failed (descriptors used up); the socket lives on.
      server.on('error', () => undefined);
      resolve();
    });
  });
  return server;
}

export function listenError(service: EngineService, cause: unknown): UsherError {
  const where = `the VIP ${service.address}:${service.port} (${service.service} of ${service.pool})`;
  switch (systemErrorCode(cause) ?? '') {
    case 'EADDRINUSE':
      return new UsherError('USHER_PORT_TAKEN', `Another program already listens on ${where}.`, {
        remedy: 'Stop that program, or move the port in the topology.',
        cause,
      });
    case 'EADDRNOTAVAIL':
      return new UsherError('USHER_VIP_NOT_LOCAL', `This machine does not have ${where}.`, {
        remedy: 'Add the VIP to a network interface of the balancer host, or correct the topology.',
        cause,
      });
    case 'EACCES':
      return new UsherError('USHER_PORT_FORBIDDEN', `This user may not open ${where}.`, {
        remedy:
          'Run as root or with CAP_NET_BIND_SERVICE, lower net.ipv4.ip_unprivileged_port_start, or use --port-offset.',
        cause,
      });
    default:
      return new UsherError('USHER_LISTEN', `Cannot open ${where}: ${messageOf(cause)}.`, {
        remedy: 'See the reason the system gave.',
        cause,
      });
  }
}
