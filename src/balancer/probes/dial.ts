import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { addressFor } from '#topology';
import { clientTls, explainDialError, type Credentials } from '#trust';
import type { ProbeTarget } from '../targets.ts';
import { heard } from './prober.ts';

/** What probes are made with. */
export interface ProbeSource {
  /** FQDN of the balancer host. */
  readonly balancer: string;
  /** Those in force now. */
  readonly credentials: () => Credentials;
  /** The balancer's own, one a family: probes come from where the firewall row says. */
  readonly localAddresses: readonly string[];
}

/** Milliseconds a member has to answer a goodbye before the connection is dropped. */
const farewell = 200;

/**
 * Connects to the member as the row asks, hands the connection to `use`, and hangs up whatever
 * happens. The balancer's certificate is shown where the row asks for one (mutual TLS). Rejects when the certificate does not prove the member's name. `entering` hears each step.
 */
export async function dialled<Result>(
  target: ProbeTarget,
  source: ProbeSource,
  signal: AbortSignal,
  entering: (step: string) => void,
  use: (socket: Socket) => Promise<Result>,
): Promise<Result> {
  const { address, port, host, security } = target;
  const localAddress = addressFor(source.localAddresses, address);
  const socket = connect({
    host: address,
    port,
    ...(localAddress === undefined ? {} : { localAddress }),
    noDelay: true,
  });
  let top = socket;
  // A failure nobody waits for any more must not end the process.
  socket.on('error', () => undefined);
  try {
    await heard(socket, 'connect', signal);
    if (security !== 'none') {
      entering('TLS');
      const hop = { address, port, name: host };
      top = connectTls({ ...clientTls(source.credentials(), hop), socket });
      top.on('error', () => undefined);
      try {
        await heard(top, 'secureConnect', signal);
      } catch (error) {
        throw signal.aborted ? error : explainDialError(error, hop);
      }
    }
    return await use(top);
  } finally {
    hangUp(top);
  }
}

/** Says goodbye; a member that does not answer it in time is dropped. */
function hangUp(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting) {
    socket.destroy();
    return;
  }
  // No time-out of the socket: one that never stops talking would never reach it.
  const dropped = setTimeout(() => socket.destroy(), farewell);
  socket.once('close', () => clearTimeout(dropped));
  socket.end();
  socket.resume();
}
