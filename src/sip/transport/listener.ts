import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Server as TlsServer, TLSSocket, TlsOptions } from 'node:tls';

import { UsherError, messageOf, systemErrorCode } from '#base';
import type { Clock } from '#base';
import { connectionEvents } from '../channels.ts';
import type { ConnectionEvent } from '../channels.ts';
import type { Endpoint, Peer } from './connection.ts';
import type { SipLimits } from './limits.ts';
import { remoteOf } from './tls-connection.ts';

/** What a listener thinks of a peer once its certificate is known. */
export type SipAdmission = Peer | { readonly kind: 'refused'; readonly message: string };

/** One socket to listen on. */
export interface SipListener {
  readonly address: string;
  /** 0 takes a free one; see `SipServer.addresses`. */
  readonly port: number;
  /** Label of the connections that arrive here; the service of the plan. */
  readonly label: string;
  readonly tls: TlsOptions;
  /**
   * True lets other processes of the same user listen on the same address (SO_REUSEPORT); the kernel
   * spreads connections over them. Default false: the socket is ours alone.
   */
  readonly reusePort?: boolean;
  /** Keys of the session tickets at a time, milliseconds since the epoch; absent: made by Node. */
  readonly ticketKeys?: (now: number) => Buffer;
  /** Asked once per connection, before the first byte is read. */
  readonly admit: (socket: TLSSocket) => SipAdmission;
}

/** Takes over connections whose peers were admitted. */
export type Admitted = (socket: TLSSocket, peer: Peer, label: string) => void;

/** Says why no further connection may be taken now, or undefined. */
export type RoomCheck = () => string | undefined;

/** One listener at present, and what it has turned away so far. */
export type ListenerDump = {
  readonly label: string;
  readonly address: string;
  readonly port: number;
  readonly listening: boolean;
  readonly halfOpen: number;
  readonly refused: number;
  /** Connections that resumed a session, refused ones included. */
  readonly resumed: number;
  readonly failed: number;
};

/**
 * Accepts TLS connections and lets nobody in whom the limits or the admission refuse. A connection
 * costs a file descriptor until its handshake begins, and nothing is read from it until it is
 * admitted.
 */
export class TlsListener {
  readonly #options: SipListener;
  readonly #clock: Clock;
  readonly #limits: SipLimits;
  readonly #admitted: Admitted;
  readonly #full: RoomCheck;
  readonly #tcp: Server;
  readonly #tls: TlsServer;
  /** Sockets whose handshake is not done, by remote end. */
  readonly #halfOpen = new Map<string, { readonly socket: Socket; readonly gone: () => void }>();
  readonly #halfOpenBySource = new Map<string, number>();
  readonly #recent = new Map<string, number>();
  #recentSince = 0;
  #ticketKeys: SipListener['ticketKeys'];
  #keysInUse: Buffer | undefined = undefined;
  #refused = 0;
  #resumed = 0;
  #failed = 0;

  constructor(
    options: SipListener,
    clock: Clock,
    limits: SipLimits,
    admitted: Admitted,
    full: RoomCheck,
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#limits = limits;
    this.#admitted = admitted;
    this.#full = full;
    this.#tls = createTlsServer({ ...options.tls, handshakeTimeout: limits.handshakeTimeout });
    this.#ticketKeys = options.ticketKeys;
    this.checkTickets();
    this.#tls.on('secureConnection', (socket) => this.#secured(socket));
    this.#tls.on('tlsClientError', (error, socket) => {
      this.#failed += 1;
      this.#tell('failed', systemErrorCode(error) ?? 'tls', error.message, remoteOf(socket));
      socket.destroy();
    });
    this.#tcp = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** The address and port it listens on. */
  get address(): Endpoint {
    const bound: AddressInfo | string | null = this.#tcp.address();
    return bound === null || typeof bound === 'string'
      ? { address: this.#options.address, port: this.#options.port }
      : { address: bound.address, port: bound.port };
  }

  /** Rejects with UsherError `USHER_LISTEN` when the address cannot be had. */
  async start(): Promise<void> {
    const { address, port, label, reusePort = false } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const failed = (error: Error): void => reject(error);
    this.#tcp.once('error', failed);
    this.#tcp.listen({ host: address, port, backlog: 4096, reusePort }, resolve);
    try {
      await promise;
    } catch (cause) {
      throw new UsherError(
        'USHER_LISTEN',
        `Cannot listen on ${address}:${port} (${label}): ${messageOf(cause)}`,
        {
          remedy:
            systemErrorCode(cause) === 'EADDRINUSE'
              ? 'End the program that holds the address, or change the port in the topology.'
              : 'See that the address belongs to this machine and that the port is permitted.',
          cause,
        },
      );
    } finally {
      this.#tcp.off('error', failed);
    }
    // Errors of an accept (no descriptors left) must not end the process: the next accept may work.
    this.#tcp.on('error', (error) => {
      this.#failed += 1;
      this.#tell('failed', systemErrorCode(error) ?? 'accept', error.message, undefined);
    });
  }

  /** Handshakes from now on present this certificate; those under way end as they began. */
  renew(tls: TlsOptions, ticketKeys?: SipListener['ticketKeys']): void {
    this.#tls.setSecureContext(tls);
    this.#ticketKeys = ticketKeys;
    this.#keysInUse = undefined;
    this.checkTickets();
  }

  /** Changes the keys of the session tickets when their time has come. */
  checkTickets(): void {
    const keys = this.#ticketKeys?.(this.#clock.now());
    if (keys === undefined || this.#keysInUse?.equals(keys) === true) return;
    this.#keysInUse = keys;
    this.#tls.setTicketKeys(keys);
  }

  /** Takes no more connections; those that are open stay. */
  stopAccepting(): void {
    if (this.#tcp.listening) this.#tcp.close();
  }

  close(): void {
    this.stopAccepting();
    for (const { socket } of this.#halfOpen.values()) socket.destroy();
  }

  dump(): ListenerDump {
    const { address, port } = this.address;
    return {
      label: this.#options.label,
      address,
      port,
      listening: this.#tcp.listening,
      halfOpen: this.#halfOpen.size,
      refused: this.#refused,
      resumed: this.#resumed,
      failed: this.#failed,
    };
  }

  #accept(socket: Socket): void {
    const { remoteAddress: address, remotePort: port } = socket;
    if (address === undefined || port === undefined) {
      // Gone before it was looked at.
      socket.destroy();
      return;
    }
    const obstacle = this.#obstacle(address);
    if (obstacle !== undefined) {
      this.#refuse(obstacle, `A connection was refused: ${obstacle}`, { address, port });
      socket.resetAndDestroy();
      return;
    }
    const key = keyOf(socket);
    const gone = (): void => this.#halfOpenOver(key, address);
    this.#halfOpen.set(key, { socket, gone });
    this.#halfOpenBySource.set(address, (this.#halfOpenBySource.get(address) ?? 0) + 1);
    socket.on('close', gone);
    this.#tls.emit('connection', socket);
  }

  #obstacle(source: string): string | undefined {
    if (this.#halfOpen.size >= this.#limits.maxHalfOpen) return 'half-open-limit';
    if ((this.#halfOpenBySource.get(source) ?? 0) >= this.#limits.maxHalfOpenPerSource) {
      return 'half-open-source-limit';
    }
    const now = this.#clock.now();
    if (now - this.#recentSince >= 1_000) {
      this.#recentSince = now;
      this.#recent.clear();
    }
    const recent = (this.#recent.get(source) ?? 0) + 1;
    this.#recent.set(source, recent);
    if (recent > this.#limits.newConnectionsPerSource) return 'source-rate-limit';
    return this.#full();
  }

  /** The handshake is done, or never will be; the second call for a socket does nothing. */
  #halfOpenOver(key: string, address: string): void {
    const over = this.#halfOpen.get(key);
    if (over === undefined) return;
    this.#halfOpen.delete(key);
    // A connection may last for days: it keeps nothing of its beginning.
    over.socket.off('close', over.gone);
    const left = (this.#halfOpenBySource.get(address) ?? 1) - 1;
    if (left === 0) this.#halfOpenBySource.delete(address);
    else this.#halfOpenBySource.set(address, left);
  }

  #secured(socket: TLSSocket): void {
    this.#halfOpenOver(keyOf(socket), socket.remoteAddress ?? '');
    // Until somebody takes the socket over, an error of it would have no listener.
    socket.on('error', ignore);
    if (socket.isSessionReused()) this.#resumed += 1;
    const admission = this.#admission(socket);
    if (admission.kind === 'refused') {
      this.#refuse('not-admitted', admission.message, remoteOf(socket));
      socket.destroy();
      return;
    }
    this.#admitted(socket, admission, this.#options.label);
    socket.off('error', ignore);
  }

  #admission(socket: TLSSocket): SipAdmission {
    try {
      return this.#options.admit(socket);
    } catch (cause) {
      // Not knowing who it is means not letting them in.
      return { kind: 'refused', message: `The admission failed: ${messageOf(cause)}` };
    }
  }

  #refuse(code: string, message: string, remote: Endpoint): void {
    this.#refused += 1;
    this.#tell('refused', code, message, remote);
  }

  #tell(
    kind: ConnectionEvent['kind'],
    code: string,
    message: string,
    remote: Endpoint | undefined,
  ): void {
    if (!connectionEvents.active) return;
    const { label } = this.#options;
    const at = this.#clock.now();
    connectionEvents.publish({ at, kind, label, local: this.address, remote, code, message });
  }
}

/** The same for the TCP socket and the TLS socket around it. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`;
}

/** The connection reports its own errors; before that, `close` follows and is enough. */
function ignore(): void {
  // See above.
}
