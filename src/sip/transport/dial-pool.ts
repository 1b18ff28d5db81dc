import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';

import { UsherError, hostAndPort, messageOf, systemErrorCode, waysTo } from '#base';
import type { Clock } from '#base';
import { connectionEvents } from '../channels.ts';
import type { Dialler } from '../proxy/engine.ts';
import type { SipHop } from '../proxy/model.ts';
import { dialledLabel } from './connection.ts';
import type { SipLimits } from './limits.ts';
import type { TlsConnection } from './tls-connection.ts';

/** What the pool needs from the server around it. */
export interface DialPoolOptions {
  readonly clock: Clock;
  readonly limits: SipLimits;
  readonly localAddress?: string | undefined;
  /** TLS options towards this hop; the identity check is among them. */
  readonly dial: (hop: SipHop) => ConnectionOptions;
  /** Told a handshake is done; throws when the peer does not stand after all. */
  readonly established: (socket: TLSSocket, hop: SipHop) => void;
  /** Makes the connection of a socket whose handshake is done. */
  readonly adopt: (socket: TLSSocket, hop: SipHop) => TlsConnection;
}

/** What is known of one hop. */
interface Entry {
  readonly hop: SipHop;
  wire: TlsConnection | undefined;
  connecting: Promise<TlsConnection> | undefined;
  /** Milliseconds since the epoch until which the hop counts as failed. */
  downUntil: number;
  lastFailure: string;
}

/** One hop at present. */
export type HopDump = {
  readonly address: string;
  readonly port: number;
  readonly name: string;
  /** Id of the open connection. */
  readonly connection: string | null;
  readonly connecting: boolean;
  /** It failed a moment ago. */
  readonly down: boolean;
  readonly lastFailure: string;
};

/** A connection, and the way by which it came about. */
interface Reached {
  readonly socket: TLSSocket;
  readonly way: SipHop;
}

/** Milliseconds the preferred address family has before the other is tried beside it (RFC 8305 section 8). */
const headStart = 250;

const hangUpUnless =
  (chosen: Reached) =>
  (reached: Reached): void => {
    if (reached !== chosen) reached.socket.destroy();
  };

/** Where a hop is, for people: at one address, or at either of two. */
const placesOf = (hop: SipHop): string =>
  waysTo(hop)
    .map(({ address, port }) => hostAndPort(address, port))
    .join(' or ');

/** Above this many hops, those without connection and failure are forgotten. */
const keptEntries = 1_000;

/** Connections this side opened: one a hop, opened when first needed, used by everybody. */
export class DialPool implements Dialler {
  readonly #options: DialPoolOptions;
  readonly #entries = new Map<string, Entry>();
  /** Plans hand out the same hop objects again and again; this saves building the key. */
  readonly #known = new WeakMap<SipHop, Entry>();
  readonly #handshakes = new Set<TLSSocket>();
  #closed = false;

  constructor(options: DialPoolOptions) {
    this.#options = options;
  }

  ready(hop: SipHop): TlsConnection | undefined {
    const { wire } = this.#entry(hop);
    return wire === undefined || wire.closed ? undefined : wire;
  }

  isDown(hop: SipHop): boolean {
    const { downUntil } = this.#entry(hop);
    return downUntil > 0 && downUntil > this.#options.clock.now();
  }

  silent(hop: SipHop): void {
    const { clock, limits } = this.#options;
    const entry = this.#entry(hop);
    entry.downUntil = clock.now() + limits.hopSilenceMemory;
    entry.lastFailure = 'It took a request and said nothing';
    this.#tellFailure(hop, 'silent', entry.lastFailure);
  }

  async connect(hop: SipHop): Promise<TlsConnection> {
    const entry = this.#entry(hop);
    const open = this.ready(hop);
    if (open !== undefined) return open;
    entry.connecting ??= this.#open(entry).finally(() => {
      entry.connecting = undefined;
    });
    return entry.connecting;
  }

  /** Ends handshakes under way; connections are closed by whoever adopted them. */
  close(): void {
    this.#closed = true;
    for (const socket of this.#handshakes) socket.destroy();
    this.#entries.clear();
  }

  dump(): readonly HopDump[] {
    const now = this.#options.clock.now();
    return [...this.#entries.values()].map(({ hop, wire, connecting, downUntil, lastFailure }) => ({
      address: hop.address,
      port: hop.port,
      name: hop.name,
      connection: wire === undefined || wire.closed ? null : wire.id,
      connecting: connecting !== undefined,
      down: downUntil > now,
      lastFailure,
    }));
  }

  #entry(hop: SipHop): Entry {
    const known = this.#known.get(hop);
    if (known !== undefined) return known;
    const key = `${hop.name} ${hop.address} ${hop.port} ${hop.lane ?? ''}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      if (this.#entries.size >= keptEntries) this.#forgetUnused();
      entry = { hop, wire: undefined, connecting: undefined, downUntil: 0, lastFailure: '' };
      this.#entries.set(key, entry);
    }
    this.#known.set(hop, entry);
    return entry;
  }

  #forgetUnused(): void {
    const now = this.#options.clock.now();
    for (const [key, { wire, connecting, downUntil }] of this.#entries) {
      const open = wire !== undefined && !wire.closed;
      if (!open && connecting === undefined && downUntil <= now) this.#entries.delete(key);
    }
  }

  async #open(entry: Entry): Promise<TlsConnection> {
    const { hop } = entry;
    try {
      const { socket, way } = await this.#reach(hop);
      entry.wire = this.#adopt(socket, way);
      entry.downUntil = 0;
      return entry.wire;
    } catch (cause) {
      entry.wire = undefined;
      entry.downUntil = this.#options.clock.now() + this.#options.limits.hopFailureMemory;
      entry.lastFailure = messageOf(cause);
      this.#tellFailure(hop, systemErrorCode(cause) ?? 'tls', entry.lastFailure);
      throw new UsherError(
        'USHER_SIP_DIAL',
        `Cannot connect to ${hop.name} at ${placesOf(hop)}: ${messageOf(cause)}`,
        { remedy: 'See that the host runs and that its certificate names it.', cause },
      );
    }
  }

  #adopt(socket: TLSSocket, hop: SipHop): TlsConnection {
    try {
      this.#options.established(socket, hop);
      return this.#options.adopt(socket, hop);
    } catch (cause) {
      socket.destroy();
      throw cause;
    }
  }

  /**
   * Connects by the preferred address family; by the other one when that fails or lets wait for long
   * (RFC 8305 section 5). What comes second is hung up on.
   */
  async #reach(hop: SipHop): Promise<Reached> {
    const { otherwise } = hop;
    const given = new AbortController();
    const by = async (way: SipHop): Promise<Reached> => ({
      socket: await this.#handshake(way, given.signal),
      way,
    });
    if (otherwise === undefined) return await by(hop);
    const { promise: late, resolve: begin } = Promise.withResolvers<void>();
    const stop = this.#options.clock.after(headStart, begin);
    const preferred = by(hop);
    preferred.catch(() => begin());
    const other = late.then(() => by(otherwise));
    try {
      const reached = await Promise.any([preferred, other]);
      for (const attempt of [preferred, other]) void attempt.then(hangUpUnless(reached), () => {});
      return reached;
    } catch (cause) {
      // Both failed; the first is the one to be asked about.
      throw cause instanceof AggregateError ? cause.errors[0] : cause;
    } finally {
      stop();
      given.abort();
    }
  }

  #handshake(hop: SipHop, given: AbortSignal): Promise<TLSSocket> {
    if (this.#closed) return Promise.reject(new Error('The server is closed'));
    if (given.aborted) return Promise.reject(new Error('Connected by the other address family'));
    const { clock, limits, localAddress, dial } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
    const socket = connect({
      ...dial(hop),
      host: hop.address,
      port: hop.port,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.#handshakes.add(socket);
    const giveUp = (): void => void socket.destroy();
    given.addEventListener('abort', giveUp);
    const stop = clock.after(limits.handshakeTimeout, () =>
      socket.destroy(new Error('The TLS handshake took too long')),
    );
    const done = (): void => {
      stop();
      given.removeEventListener('abort', giveUp);
      this.#handshakes.delete(socket);
    };
    // Stays for the socket's life: between here and the connection an error must find a listener.
    socket.on('error', reject);
    socket.once('close', () => {
      done();
      reject(new Error('The peer closed the connection during the TLS handshake'));
    });
    socket.once('secureConnect', () => {
      done();
      resolve(socket);
    });
    return promise;
  }

  #tellFailure(hop: SipHop, code: string, reason: string): void {
    if (!connectionEvents.active) return;
    connectionEvents.publish({
      at: this.#options.clock.now(),
      kind: 'failed',
      label: dialledLabel,
      local: undefined,
      remote: { address: hop.address, port: hop.port },
      code,
      message: `${hop.name}: ${reason}`,
    });
  }
}
