import type { TLSSocket } from 'node:tls';

import { systemErrorCode } from '#base';
import type { Clock } from '#base';
import { StreamFramer } from '../message/index.ts';
import type { FrameFault, SipMessage } from '../message/index.ts';
import type { Endpoint, Peer } from './connection.ts';
import type { SipLimits } from './limits.ts';
import { Wire } from './wire.ts';
import type { Flushable, WriteBatch } from './write-batch.ts';

/** Whoever works with what connections bring. */
export interface WireHandler {
  message(message: SipMessage, wire: TlsConnection): void;
  /** The stream is no SIP; the connection closes right after this returns. */
  fault(fault: FrameFault, wire: TlsConnection): void;
  /** `code` and `message` say why, for the connection channel. */
  closed(wire: TlsConnection, code: string, message: string): void;
}

/** What all connections of one server share. */
export interface ConnectionHome {
  readonly handler: WireHandler;
  readonly clock: Clock;
  readonly limits: SipLimits;
  readonly batch: WriteBatch;
}

/** What is known of a connection when it opens. */
export interface ConnectionFacts {
  readonly id: string;
  readonly peer: Peer;
  readonly label: string;
  readonly side: 'accepted' | 'dialled';
}

/** A SIP connection over TLS whose handshake is done and whose peer is known. */
export class TlsConnection extends Wire implements Flushable {
  readonly serverName: string | undefined;
  readonly #socket: TLSSocket;
  readonly #home: ConnectionHome;
  readonly #framer: StreamFramer;
  readonly #openedAt: number;
  readonly #side: ConnectionFacts['side'];
  /** Output of this turn, latin1. */
  #output = '';
  #batched = false;
  #lastByteAt: number;
  /** When the unfinished message in the framer began; undefined when there is none. */
  #partialSince: number | undefined = undefined;
  /** A whole message or ping has come. */
  #spoken = false;
  #code = 'closed';
  #reason = 'The peer closed the connection';

  /** Reading begins at once: everything that may refuse the peer has been asked before. */
  constructor(socket: TLSSocket, facts: ConnectionFacts, home: ConnectionHome) {
    super(facts.id, facts.peer, facts.label, localOf(socket), remoteOf(socket));
    // On the listening side Node keeps the name of the hello here, and false when there was none.
    this.serverName =
      typeof socket.servername === 'string' ? socket.servername.toLowerCase() : undefined;
    this.#socket = socket;
    this.#home = home;
    this.#side = facts.side;
    const { framing, serverFraming } = home.limits;
    const sizes = facts.peer.kind === 'server' ? serverFraming : framing;
    this.#framer = new StreamFramer(sizes, facts.side);
    this.#openedAt = home.clock.now();
    this.#lastByteAt = this.#openedAt;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#note(systemErrorCode(error) ?? 'error', error.message));
    // The peer will send nothing more, so no answer to it can be matched either.
    socket.on('end', () => this.close());
    socket.on('close', () => this.#gone());
  }

  /** Bytes not yet handed to the kernel. */
  get queued(): number {
    return this.#output.length + this.#socket.writableLength;
  }

  get congested(): boolean {
    return this.queued > this.#home.limits.congestedBytes;
  }

  send(data: Uint8Array | string): boolean {
    if (this.closed) return false;
    this.#output += typeof data === 'string' ? data : latin1(data);
    if (this.queued > this.#home.limits.maxQueueBytes) {
      this.#note('send-queue', 'The peer does not read what is sent to it');
      this.#output = '';
      this.#socket.destroy();
      this.ended();
      return false;
    }
    if (!this.#batched) {
      this.#batched = true;
      this.#home.batch.add(this);
    }
    return true;
  }

  flush(): void {
    this.#batched = false;
    const output = this.#output;
    if (output === '' || this.#socket.destroyed) return;
    this.#output = '';
    this.#socket.write(output, 'latin1');
  }

  close(reason?: string): void {
    if (this.closed) return;
    if (reason !== undefined) this.#note('closed-here', reason);
    this.flush();
    this.ended();
    const socket = this.#socket;
    socket.destroySoon();
    // A peer that does not read must not keep the socket.
    const stop = this.#home.clock.after(this.#home.limits.lingerTimeout, () => socket.destroy());
    socket.once('close', stop);
  }

  /** Closes the connection when it has been silent, or slow, for too long. */
  checkAge(now: number): void {
    const { limits } = this.#home;
    if (this.#partialSince !== undefined && now - this.#partialSince >= limits.messageTimeout) {
      this.#expire('slow-message', 'A message was begun and not finished in time');
    } else if (
      !this.#spoken &&
      this.#side === 'accepted' &&
      this.peer.kind === 'client' &&
      now - this.#openedAt >= limits.firstMessageTimeout
    ) {
      this.#expire('silent', 'The client connected and sent nothing');
    } else if (now - this.#lastByteAt >= limits.idleTimeout) {
      this.#expire('idle', 'Nothing came for a long time');
    }
  }

  /** Closes the connection when its socket does not stand the test; true when it did not. */
  closeUnless(stands: (socket: TLSSocket) => boolean, code: string, reason: string): boolean {
    if (this.closed || stands(this.#socket)) return false;
    this.#expire(code, reason);
    return true;
  }

  #expire(code: string, reason: string): void {
    this.#note(code, reason);
    this.close();
  }

  #read(chunk: Buffer): void {
    if (this.closed) return;
    const events = this.#framer.push(chunk);
    this.#lastByteAt = this.#home.clock.now();
    if (events.length > 0) this.#spoken = true;
    if (this.#framer.waiting === 0) this.#partialSince = undefined;
    // A message that ended here leaves at most the begin of a new one.
    else if (events.length > 0 || this.#partialSince === undefined) {
      this.#partialSince = this.#lastByteAt;
    }
    for (const event of events) {
      switch (event.kind) {
        case 'message':
          this.#home.handler.message(event.message, this);
          break;
        case 'ping':
          this.send('\r\n');
          break;
        case 'pong':
          break;
        case 'fault':
          this.#home.handler.fault(event.fault, this);
          this.#expire(event.fault.code, event.fault.message);
          break;
      }
      if (this.closed) return;
    }
  }

  /** The first reason is the cause, later ones its consequences. */
  #note(code: string, reason: string): void {
    if (this.#code !== 'closed') return;
    this.#code = code;
    this.#reason = reason;
  }

  #gone(): void {
    this.#output = '';
    this.ended();
    this.#home.handler.closed(this, this.#code, this.#reason);
  }
}

function latin1(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1');
}

/** This side's end of a socket; an unspecified one once the kernel has forgotten it. */
export function localOf(socket: TLSSocket): Endpoint {
  const address = plain(socket.localAddress);
  const port = socket.localPort ?? 0;
  if (lastLocal.address !== address || lastLocal.port !== port) lastLocal = { address, port };
  return lastLocal;
}

/** Ten thousand connections to one listener need not say ten thousand times where it is. */
let lastLocal: Endpoint = { address: '0.0.0.0', port: 0 };

/** The peer's end of a socket. */
export function remoteOf(socket: TLSSocket): Endpoint {
  return { address: plain(socket.remoteAddress), port: socket.remotePort ?? 0 };
}

/** IPv4 addresses as such, also on a socket that takes both. */
function plain(address: string | undefined): string {
  if (address === undefined) return '0.0.0.0';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
