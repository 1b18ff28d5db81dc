import type { Server } from 'node:net';
import { messageOf, systemErrorCode, UsherError } from '#base';
import type { Listener } from '#ports';

/**
 * Lets a server listen where the plan has it. Rejects with `USHER_LISTEN`, naming row and address,
 * when it cannot; `reusePort` shares the address with other processes of the same user; `accept` hears of later failures (no file descriptors left), which pass.
 */
export async function listen(
  server: Server,
  listener: Listener,
  { backlog, reusePort = false }: { readonly backlog: number; readonly reusePort?: boolean },
  accept: (error: Error) => void,
): Promise<void> {
  const { address, port, service, flows } = listener;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host: address, port, backlog, reusePort }, resolve);
  try {
    await promise;
  } catch (cause) {
    const rows = flows.map(({ id }) => id).join(', ');
    throw new UsherError(
      'USHER_LISTEN',
      `Cannot listen on ${address}:${port} (${service}, row ${rows}): ${messageOf(cause)}`,
      {
        remedy:
          systemErrorCode(cause) === 'EADDRINUSE'
            ? 'End the program that holds the address, or change the port in the topology.'
            : 'See that the address belongs to this machine and that the port is permitted.',
        cause,
      },
    );
  } finally {
    server.off('error', reject);
  }
  server.on('error', accept);
}
