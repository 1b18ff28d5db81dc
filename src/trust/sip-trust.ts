import type { ConnectionOptions, TlsOptions, TLSSocket } from 'node:tls';
import type { Clock } from '#base';
import type { Listener } from '#ports';
import type { Host } from '#topology';
import { admit, type Admission } from './admission.ts';
import type { Credentials } from './credentials.ts';
import { TlsDialler } from './dialler.ts';
import { revocationOfPeer } from './reload.ts';
import { deriveKey } from './secret.ts';
import { ticketKeys } from './tickets.ts';
import { serverTls, type DialTarget } from './tls.ts';

/** What a host's SIP is trusted by. */
export interface SipTrustOptions {
  readonly host: Host;
  /** Its SIP sockets of the plan. */
  readonly listeners: readonly Listener[];
  readonly clock: Clock;
  /** The deployment's secret; the key of the session tickets is derived from it. */
  readonly secret: Buffer;
  /** True when other processes of this host listen on the same sockets. */
  readonly sharePorts: boolean;
}

/** A socket a SIP server opens. */
interface SipSocket {
  readonly address: string;
  readonly port: number;
  /** The service of the plan. */
  readonly label: string;
  readonly tls: TlsOptions;
  readonly reusePort: boolean;
  readonly ticketKeys?: (now: number) => Buffer;
  readonly admit: (socket: TLSSocket) => Admission;
}

/** How a SIP server dials, and what its session tickets are sealed with, by some credentials. */
interface Sessions {
  readonly dial: (hop: DialTarget) => ConnectionOptions;
  readonly established: (socket: TLSSocket, hop: DialTarget) => void;
  readonly ticketKeys: (now: number) => Buffer;
}

/**
 * How the SIP server of a host proves itself and judges others: each peer before its first byte, dialled
 * ones by the name they have to prove, from the host's own address.
 */
export class SipTrust {
  readonly #options: SipTrustOptions;

  constructor(options: SipTrustOptions) {
    this.#options = options;
  }

  /** What the server is made with. */
  with(
    credentials: Credentials,
  ): { readonly listeners: readonly SipSocket[] } & Pick<Sessions, 'dial' | 'established'> {
    const { listeners, clock, sharePorts } = this.#options;
    const { dial, established, ticketKeys: keys } = this.#sessions(credentials);
    return {
      listeners: listeners.map((listener) => ({
        address: listener.address,
        port: listener.port,
        label: listener.service,
        tls: tlsOf(listener, credentials),
        reusePort: sharePorts,
        // Sessions of clients are resumed with keys of Node, which no file holds.
        ...(listener.security === 'MTLS' ? { ticketKeys: keys } : {}),
        admit: (socket) => admit(socket, listener, clock.now()),
      })),
      dial,
      established,
    };
  }

  /** What the server, as it runs, goes by from now on. */
  reload(credentials: Credentials): {
    readonly tls: readonly TlsOptions[];
    readonly revoked: (socket: TLSSocket) => boolean;
  } & Sessions {
    return {
      tls: this.#options.listeners.map((listener) => tlsOf(listener, credentials)),
      ...this.#sessions(credentials),
      revoked: (socket) => revocationOfPeer(socket, credentials) !== undefined,
    };
  }

  #sessions(credentials: Credentials): Sessions {
    const { host, secret } = this.#options;
    const dialler = new TlsDialler(credentials, host.addresses);
    const key = deriveKey(secret, 'tls tickets');
    return {
      dial: (hop) => dialler.options(hop),
      established: (socket, hop) => dialler.established(socket, hop),
      ticketKeys: (now) => ticketKeys(key, credentials, now),
    };
  }
}

function tlsOf(
  { host, service, security, anonymousClients }: Listener,
  credentials: Credentials,
): TlsOptions {
  return serverTls(credentials, security === 'MTLS' ? 'MTLS' : 'TLS', {
    anonymousClients,
    ...(security === 'MTLS' ? { resumable: `${host} ${service}` } : {}),
  });
}
