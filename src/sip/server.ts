import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';

import { alone } from '#base';
import type { Cancel, Clock, Lifecycle, Siblings } from '#base';
import { connectionEvents } from './channels.ts';
import type { ConnectionEvent } from './channels.ts';
import type { FrameFault, SipMessage, SipRequest, SipResponse } from './message/index.ts';
import type { Rate } from './overload/rate.ts';
import { ProxyCore } from './proxy/core.ts';
import type { ProxyDump } from './proxy/core.ts';
import type { Destination, Outcome, RequestContext, SipHop } from './proxy/model.ts';
import { dialledLabel } from './transport/connection.ts';
import type { Connection, Endpoint, Peer } from './transport/connection.ts';
import { DialPool } from './transport/dial-pool.ts';
import type { HopDump } from './transport/dial-pool.ts';
import { defaultSipLimits } from './transport/limits.ts';
import type { SipLimits } from './transport/limits.ts';
import { TlsListener } from './transport/listener.ts';
import type { ListenerDump, SipListener } from './transport/listener.ts';
import { TlsConnection } from './transport/tls-connection.ts';
import type { ConnectionFacts, ConnectionHome, WireHandler } from './transport/tls-connection.ts';
import { WriteBatch } from './transport/write-batch.ts';

/** What a role gives its SIP server. */
export interface SipServerOptions {
  /** FQDN of this host. */
  readonly name: string;
  readonly listeners: readonly SipListener[];
  /** TLS options for a connection to this hop; the server adds address, port and timeouts. */
  readonly dial: (hop: SipHop) => ConnectionOptions;
  /**
   * Told when the handshake of a connection made by `dial` is done, before anything is sent; throws when
   * the peer does not stand, as the one of a resumed session may not.
   */
  readonly established?: (socket: TLSSocket, hop: SipHop) => void;
  /** Source address of dialled connections. */
  readonly localAddress?: string;
  /** `host:port` for our Via on a connection with this label (`dialled` for those opened here). */
  readonly sentBy: (label: string) => string;
  /** Decides about every request except CANCEL and the ACK of a refusal. */
  readonly handle: (context: RequestContext) => Promise<Outcome> | Outcome;
  readonly clock: Clock;
  readonly limits?: Partial<SipLimits>;
  /** The other processes of the host; absent: there are none. */
  readonly siblings?: Siblings;
  readonly onConnectionOpened?: (connection: Connection) => void;
  readonly onConnectionClosed?: (connection: Connection) => void;
  /** Peer of a dialled connection; absent: the trusted server the hop names. */
  readonly admitDialled?: (socket: TLSSocket, hop: SipHop) => Peer;
  /**
   * Whether this trusted server lets nobody speak through it who was not asked who they are: its
   * emergencies are believed, and its health checks answered under any load. Absent: none does.
   */
  readonly vouches?: (fqdn: string) => boolean;
  /** Requests this trusted server may send; absent: as many as it likes. */
  readonly peerRate?: (fqdn: string) => Rate | undefined;
  /** Where to dial for a response whose arrival connection is gone; absent: it is dropped. */
  readonly dialReply?: (request: SipRequest) => SipHop | undefined;
}

/** What a SIP server proves itself with, and judges others by, from a reload on. */
export interface SipReload {
  /** For the listeners, in their order; what `setSecureContext` takes of it counts. */
  readonly tls: readonly TlsOptions[];
  /** In place of `SipServerOptions.dial`. */
  readonly dial: (hop: SipHop) => ConnectionOptions;
  /** In place of `SipServerOptions.established`. */
  readonly established?: SipServerOptions['established'];
  /** For the listeners that had one. */
  readonly ticketKeys?: SipListener['ticketKeys'];
  /** Whether the peer at the other end, who was let in once, is so no more. */
  readonly revoked: (socket: TLSSocket) => boolean;
}

/** The server at present. */
export type SipServerDump = {
  readonly name: string;
  readonly listeners: readonly ListenerDump[];
  /** Open connections by label. */
  readonly connections: { readonly [label: string]: number };
  /** Bytes not yet handed to the kernel, over all connections. */
  readonly queuedBytes: number;
  readonly hops: readonly HopDump[];
  readonly proxy: ProxyDump;
};

/** How often connections are looked at for silence; milliseconds. */
const sweepInterval = 1_000;

/** A SIP element over TLS: listeners, dialled connections, transactions and the proxy engine. */
export class SipServer implements Lifecycle, WireHandler {
  readonly #options: SipServerOptions;
  readonly #limits: SipLimits;
  readonly #home: ConnectionHome;
  readonly #listeners: readonly TlsListener[];
  readonly #pool: DialPool;
  readonly #core: ProxyCore;
  readonly #connections = new Map<string, TlsConnection>();
  /** Connection ids begin with it. */
  readonly #process: string;
  #dial: SipServerOptions['dial'];
  #established: SipServerOptions['established'];
  #revoked: SipReload['revoked'] = () => false;
  #lastId = 0;
  #incoming = 0;
  #whenEmpty: (() => void) | undefined = undefined;
  #stopSweep: Cancel | undefined = undefined;
  #closed = false;
  #closing: Promise<void> | undefined = undefined;

  constructor(options: SipServerOptions) {
    const { clock, siblings = alone(clock) } = options;
    this.#options = options;
    this.#process = siblings.name;
    this.#dial = options.dial;
    this.#established = options.established;
    this.#limits = { ...defaultSipLimits, ...options.limits };
    this.#home = { handler: this, clock, limits: this.#limits, batch: new WriteBatch() };
    this.#listeners = options.listeners.map(
      (listener) =>
        new TlsListener(
          listener,
          clock,
          this.#limits,
          (socket, peer, label) => this.#adopt(socket, { peer, label, side: 'accepted' }),
          () => (this.#incoming >= this.#limits.maxConnections ? 'connection-limit' : undefined),
        ),
    );
    this.#pool = new DialPool({
      clock,
      limits: this.#limits,
      localAddress: options.localAddress,
      dial: (hop) => this.#dial(hop),
      established: (socket, hop) => this.#established?.(socket, hop),
      adopt: (socket, hop) => this.#adoptDialled(socket, hop),
    });
    this.#core = new ProxyCore({
      name: options.name,
      labels: options.listeners.map(({ label }) => label),
      clock,
      limits: this.#limits,
      dialler: this.#pool,
      sentBy: options.sentBy,
      handle: options.handle,
      connection: (id) => this.#connections.get(id),
      siblings,
      dialReply: options.dialReply,
      vouches: options.vouches,
      peerRate: options.peerRate,
    });
  }

  async start(): Promise<void> {
    try {
      for (const listener of this.#listeners) {
        // In order, so that the first fault in the plan is the one that is told.
        await listener.start();
      }
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#core.start();
    this.#sweepLater();
  }

  /**
   * Refuses new connections and new requests (503, Retry-After); requests inside a dialog still pass.
   * Resolves when every request has its final response, or after `deadline` milliseconds.
   */
  async drain(deadline: number): Promise<void> {
    for (const listener of this.#listeners) listener.stopAccepting();
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.#options.clock.after(deadline, resolve);
    await Promise.race([this.#core.drain(), promise]);
    stop();
  }

  /**
   * Answers 503 with Retry-After to requests that begin something, while every socket stays open: whoever
   * asks whether we are alive learns that we want no more. `false` takes them again.
   */
  refuseNew(refuse: boolean): void {
    this.#core.refuseNew(refuse);
  }

  /** Requests without their final response, and open connections. */
  load(): { readonly unfinished: number; readonly connections: number } {
    return { unfinished: this.#core.dump().unfinished, connections: this.#connections.size };
  }

  /**
   * Listens and dials with other certificates from now on. Open connections stay, except those whose
   * peer is revoked. Throws what OpenSSL says of a key or certificate that cannot be used.
   */
  reload({ tls, dial, established, ticketKeys, revoked }: SipReload): { readonly dropped: number } {
    for (const [index, options] of tls.entries()) {
      const had = this.#options.listeners[index]?.ticketKeys !== undefined;
      this.#listeners[index]?.renew(options, had ? ticketKeys : undefined);
    }
    this.#dial = dial;
    this.#established = established;
    this.#revoked = revoked;
    let dropped = 0;
    for (const connection of this.#connections.values()) if (this.#drop(connection)) dropped += 1;
    return { dropped };
  }

  #drop(connection: TlsConnection): boolean {
    const stands = (socket: TLSSocket): boolean => !this.#revoked(socket);
    return connection.closeUnless(stands, 'revoked', 'The certificate of the peer was revoked');
  }

  /** Sends what is queued and closes everything; resolves when no socket is left. */
  close(): Promise<void> {
    return (this.#closing ??= this.#closeAll());
  }

  async #closeAll(): Promise<void> {
    this.#closed = true;
    this.#stopSweep?.();
    for (const listener of this.#listeners) listener.close();
    this.#pool.close();
    this.#core.close();
    for (const connection of this.#connections.values()) connection.close('The server closes');
    if (this.#connections.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#whenEmpty = resolve;
      await promise;
    }
  }

  dump(): SipServerDump {
    const byLabel: Record<string, number> = {};
    let queuedBytes = 0;
    for (const connection of this.#connections.values()) {
      byLabel[connection.label] = (byLabel[connection.label] ?? 0) + 1;
      queuedBytes += connection.queued;
    }
    return {
      name: this.#options.name,
      listeners: this.#listeners.map((listener) => listener.dump()),
      connections: byLabel,
      queuedBytes,
      hops: this.#pool.dump(),
      proxy: this.#core.dump(),
    };
  }

  /** Where the listeners listen, in the order of the options; real ports, after `start`. */
  get addresses(): readonly Endpoint[] {
    return this.#listeners.map(({ address }) => address);
  }

  /** The open connection with this id; a promise of it when another process of the host may have it. */
  connection(id: string): Connection | Promise<Connection | undefined> | undefined {
    return this.#core.connection(id);
  }

  /**
   * Sends a request of our own in a client transaction; our Via is added, Max-Forwards if missing.
   *
   * Resolves with the final response; rejects with UsherError `USHER_SIP_UNREACHABLE`, or
   * `USHER_SIP_TIMEOUT` after `timeout` milliseconds.
   */
  request(
    message: SipRequest,
    destination: Destination,
    { timeout }: { readonly timeout: number },
  ): Promise<SipResponse> {
    return this.#core.request(message, destination, timeout);
  }

  /** For connections: a message came. */
  message(message: SipMessage, wire: TlsConnection): void {
    this.#core.receive(message, wire);
  }

  /** For connections: the stream is no SIP. */
  fault(fault: FrameFault, wire: TlsConnection): void {
    this.#core.framingLost(fault, wire);
  }

  /** For connections: the socket is gone. */
  closed(wire: TlsConnection, code: string, message: string): void {
    this.#connections.delete(wire.id);
    this.#core.connectionClosed(wire.id);
    if (wire.label !== dialledLabel) this.#incoming -= 1;
    this.#tell('closed', wire, code, message);
    this.#callBack(this.#options.onConnectionClosed, wire);
    if (this.#connections.size === 0) this.#whenEmpty?.();
  }

  #adopt(socket: TLSSocket, facts: Omit<ConnectionFacts, 'id'>): TlsConnection {
    this.#lastId += 1;
    const id = `${this.#process}${this.#lastId.toString(36)}`;
    const connection = new TlsConnection(socket, { ...facts, id }, this.#home);
    this.#connections.set(id, connection);
    if (facts.side === 'accepted') this.#incoming += 1;
    this.#tell('opened', connection, 'opened', 'The peer was admitted');
    this.#callBack(this.#options.onConnectionOpened, connection);
    // The handshake may have been under way when the server closed.
    if (this.#closed) connection.close();
    // The same with a reload: it was judged by the lists of before.
    else this.#drop(connection);
    return connection;
  }

  #adoptDialled(socket: TLSSocket, hop: SipHop): TlsConnection {
    const peer = this.#options.admitDialled?.(socket, hop) ?? { kind: 'server', fqdn: hop.name };
    return this.#adopt(socket, { peer, label: dialledLabel, side: 'dialled' });
  }

  #callBack(run: ((connection: Connection) => void) | undefined, wire: TlsConnection): void {
    try {
      run?.(wire);
    } catch (cause) {
      this.#core.callbackThrew(cause);
    }
  }

  #sweepLater(): void {
    if (this.#closed) return;
    this.#stopSweep = this.#options.clock.after(sweepInterval, () => {
      const now = this.#options.clock.now();
      for (const listener of this.#listeners) listener.checkTickets();
      for (const connection of this.#connections.values()) connection.checkAge(now);
      this.#sweepLater();
    });
  }

  #tell(kind: ConnectionEvent['kind'], wire: TlsConnection, code: string, message: string): void {
    if (!connectionEvents.active) return;
    const { id, label, local, remote, peer } = wire;
    const at = this.#options.clock.now();
    connectionEvents.publish({ at, kind, id, label, local, remote, peer, code, message });
  }
}
