import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer, type TlsOptions } from 'node:tls';
import type { Clock, Dump, Lifecycle } from '#base';
import type { Listener } from '#ports';
import { reloadable, type Credentials, type Reloadable } from '#trust';
import { proxyFaults } from './channels.ts';
import { listen } from './listen.ts';
import type { ReverseProxyLimits } from './limits.ts';

export interface PublishedSocketOptions {
  readonly listener: Listener;
  readonly clock: Clock;
  /** Undefined for the socket in clear. */
  readonly tls: TlsOptions | undefined;
  readonly limits: ReverseProxyLimits;
  readonly serve: (incoming: IncomingMessage, response: ServerResponse) => void;
}

/** One published HTTP or HTTPS socket with the limits on what clients may cost. */
export class PublishedSocket implements Lifecycle, Reloadable {
  readonly #options: PublishedSocketOptions;
  readonly #server: Server;
  /** Undefined for the socket in clear. */
  readonly #certificate: Reloadable | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Map<string, number>();
  #refused = 0;
  #draining = false;

  constructor(options: PublishedSocketOptions) {
    this.#options = options;
    this.#server = this.#create();
    this.#certificate =
      this.#server instanceof TlsServer ? reloadable(this.#server, 'TLS') : undefined;
  }

  /** Rejects with `USHER_LISTEN` when the address cannot be had. */
  async start(): Promise<void> {
    const { listener, limits } = this.#options;
    await listen(this.#server, listener, limits.backlog, (error) => {
      proxyFaults.publish({
        host: listener.host,
        error: `a connection could not be accepted: ${error.message}`,
      });
    });
  }

  async drain(deadline: number): Promise<void> {
    this.#draining = true;
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    const cancel = this.#options.clock.after(deadline, () => this.#destroyAll());
    await closed;
    cancel();
  }

  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    this.#destroyAll();
    await closed;
  }

  reload(credentials: Credentials): { readonly dropped: number } {
    return this.#certificate?.reload(credentials) ?? { dropped: 0 };
  }

  dump(): Dump {
    const { service, address, port } = this.#options.listener;
    return {
      service,
      address,
      port,
      connections: this.#sockets.size,
      clients: this.#clients.size,
      refused: this.#refused,
    };
  }

  #create(): Server {
    const { tls, limits, serve } = this.#options;
    const http = {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      keepAliveTimeout: limits.keepAliveTimeout,
      connectionsCheckingInterval: limits.checkInterval,
    };
    const server =
      tls === undefined
        ? createServer(http)
        : createSecureServer({ ...tls, ...http, handshakeTimeout: limits.handshakeTimeout });
    server.maxConnections = limits.connections;
    server.on('connection', (socket: Socket) => this.#count(socket));
    // A failed handshake concerns its own connection, which Node has closed by now.
    server.on('tlsClientError', () => {});
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      hangUp(socket, statusOfParseError(error.code));
    });
    // Tunnels and protocol changes would leave the rules of this proxy behind.
    server.on('upgrade', (_request, socket: Duplex) => hangUp(socket, '501 Not Implemented'));
    server.on('connect', (_request, socket: Duplex) => hangUp(socket, '405 Method Not Allowed'));
    server.on('request', (incoming, response) => {
      if (this.#draining) response.shouldKeepAlive = false;
      serve(incoming, response);
    });
    return server;
  }

  #count(socket: Socket): void {
    const client = socket.remoteAddress ?? '';
    const held = (this.#clients.get(client) ?? 0) + 1;
    if (held > this.#options.limits.connectionsPerClient) {
      this.#refused += 1;
      socket.destroy();
      return;
    }
    this.#clients.set(client, held);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#clients.get(client) ?? 1) - 1;
      if (left === 0) this.#clients.delete(client);
      else this.#clients.set(client, left);
    });
  }

  #destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function statusOfParseError(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return '408 Request Timeout';
  return '400 Bad Request';
}

function hangUp(socket: Duplex, status: string): void {
  if (socket.writable) {
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }
  socket.destroy();
}
