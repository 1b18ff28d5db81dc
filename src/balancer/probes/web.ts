import type { Socket } from 'node:net';
import { http } from '#base';
import type { ProbeTarget } from '../targets.ts';
import { dialled, type ProbeSource } from './dial.ts';
import { probe, ProbeFailure, type Prober } from './prober.ts';

/** What the reference asks of a web service: the autodiscover root, without an Accept header. */
export const autodiscoverRoot = '/autodiscover/autodiscoverservice.svc/root';

/** The probe of the HTTPS rows: TLS with the member's name proven, the autodiscover root gives 200. */
export function secureWebProber(source: ProbeSource): Prober {
  return (target, signal) =>
    probe(signal, (entering) =>
      dialled(target, source, signal, entering, async (socket) => {
        entering('GET');
        const status = await statusOf(socket, target, signal);
        if (status !== 200) throw wrong(`answered ${status}, expected 200`);
        return `GET ${autodiscoverRoot} answered 200`;
      }),
    );
}

/** The probe of the plain HTTP rows: any answer but a server error; most paths lead to HTTPS. */
export function plainWebProber(source: ProbeSource): Prober {
  return (target, signal) =>
    probe(signal, (entering) =>
      dialled(target, source, signal, entering, async (socket) => {
        entering('GET');
        const status = await statusOf(socket, target, signal);
        if (status >= 500) throw wrong(`answered ${status}, expected no server error`);
        return `GET ${autodiscoverRoot} answered ${status}`;
      }),
    );
}

/** The probe of rows that are neither SIP nor a web site: the connection, and the member's name. */
export function connectProber(source: ProbeSource): Prober {
  return (target, signal) =>
    probe(signal, (entering) =>
      dialled(target, source, signal, entering, () =>
        Promise.resolve(
          target.security === 'none' ? 'accepted a connection' : 'proved its name over TLS',
        ),
      ),
    );
}

/** The status of one GET on a connection that is used for nothing else. */
function statusOf(socket: Socket, target: ProbeTarget, signal: AbortSignal): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const get = http().request({
    createConnection: () => socket,
    path: autodiscoverRoot,
    headers: { host: target.site, connection: 'close', 'user-agent': 'Usher health probe' },
  });
  const aborted = (): void => reject(signal.reason);
  signal.addEventListener('abort', aborted);
  if (signal.aborted) aborted();
  get.once('response', (response) => {
    resolve(response.statusCode ?? 0);
    // Its body is of no interest, and whoever never ends it is hung up on.
    response.on('error', () => undefined).resume();
  });
  get.on('error', reject);
  get.end();
  return promise.finally(() => {
    signal.removeEventListener('abort', aborted);
  });
}

function wrong(what: string): ProbeFailure {
  return new ProbeFailure({ kind: 'failed', cause: 'protocol', reason: `GET: ${what}` });
}
