import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer, TLSSocket, type TlsOptions } from 'node:tls';
import {
  http as plainHttp,
  messageOf,
  sourceOf,
  type Clock,
  type Dump,
  type Lifecycle,
} from '#base';
import type { Listener } from '#ports';
import { reloadable, type Credentials, type Reloadable } from '#trust';
import { listen } from './listen.ts';

/** What clients of one HTTP socket may cost. Times in milliseconds, sizes in bytes. */
export interface HttpSocketLimits {
  /** Connections open at one time, handshakes included; more are closed unanswered. */
  readonly connections: number;
  /** Of these, how many may come from one source (`sourceOf`). */
  readonly connectionsPerClient: number;
  /** Connections the kernel keeps waiting for us. */
  readonly backlog: number;
  /** Request line and header fields together; more gets 431. */
  readonly headerBytes: number;
  readonly handshakeTimeout: number;
  /** From the first byte of a request to the end of its header fields; then 408. */
  readonly headersTimeout: number;
  /** From the first byte of a request to the end of its body; then 408. */
  readonly requestTimeout: number;
  /** How long a connection may wait for its next request. */
  readonly keepAliveTimeout: number;
  /** How long nothing may move while a request is open: a client that does not read its answer. */
  readonly stallTimeout: number;
  readonly requestsPerConnection: number;
  /** How often the time-outs of a request are looked at. */
  readonly checkInterval: number;
}

export interface HttpSocketOptions {
  readonly listener: Listener;
  readonly clock: Clock;
  /** Undefined for a socket in clear. */
  readonly tls: TlsOptions | undefined;
  readonly limits: HttpSocketLimits;
  /** True when other processes of the host listen on the same socket. Default false. */
  readonly sharePorts?: boolean;
  /** True: 501 for whoever asks for another protocol. Default false: the wish is ignored. */
  readonly refuseUpgrades?: boolean;
  /** Asked before a byte of HTTP is read; false ends the connection. */
  readonly admit?: (socket: TLSSocket) => boolean;
  readonly serve: (message: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Hears of accepts that failed and of what `serve` rejected with. */
  readonly fault: (error: string) => void;
}

/** One listening HTTP or HTTPS socket with its limits: the web sites' and the reverse proxy's. */
export class HttpSocket implements Lifecycle, Reloadable {
  readonly #options: HttpSocketOptions;
  readonly #server: Server;
  /** Undefined for a socket in clear. */
  readonly #certificate: Reloadable | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Map<string, number>();
  readonly #admitted = new WeakSet<object>();
  readonly #responses = new Set<ServerResponse>();
  #requests = 0;
  #refused = 0;
  #draining = false;

  constructor(options: HttpSocketOptions) {
    this.#options = options;
    this.#server = this.#create();
    this.#certificate =
      this.#server instanceof TlsServer
        ? reloadable(this.#server, options.listener.security === 'MTLS' ? 'MTLS' : 'TLS')
        : undefined;
  }

  /** Rejects with `USHER_LISTEN` when the address cannot be had. */
  async start(): Promise<void> {
    const { listener, limits, sharePorts = false, fault } = this.#options;
    const how = { backlog: limits.backlog, reusePort: sharePorts };
    await listen(this.#server, listener, how, (error) => {
      fault(`a connection could not be accepted: ${error.message}`);
    });
  }

  /** Accepts nobody new; those inside get their answers and are asked to leave with them. */
  async drain(deadline: number): Promise<void> {
    this.#draining = true;
    for (const response of this.#responses) response.shouldKeepAlive = false;
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    const cancel = this.#options.clock.after(deadline, () => this.#destroyAll());
    await closed;
    cancel();
  }

  async close(): Promise<void> {
    this.#draining = true;
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
      requests: this.#requests,
      open: this.#responses.size,
      draining: this.#draining,
    };
  }

  #create(): Server {
    const { tls, limits, refuseUpgrades = false } = this.#options;
    const http = {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      keepAliveTimeout: limits.keepAliveTimeout,
      connectionsCheckingInterval: limits.checkInterval,
    };
    const server =
      tls === undefined
        ? plainHttp().createServer(http)
        : createSecureServer({ ...tls, ...http, handshakeTimeout: limits.handshakeTimeout });
    server.maxConnections = limits.connections;
    server.maxRequestsPerSocket = limits.requestsPerConnection;
    server.timeout = limits.stallTimeout;
    server.on('connection', (socket: Socket) => this.#count(socket));
    // Before Node's own listener, which would start to read requests.
    server.prependListener('secureConnection', (socket: TLSSocket) => this.#admit(socket));
    // A failed handshake concerns its own connection, which Node has closed by now.
    server.on('tlsClientError', () => {});
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (error.code === 'ECONNRESET') socket.destroy();
      else hangUp(socket, statusOfParseError(error.code));
    });
    // Tunnels and protocol changes would leave the rules of the socket behind.
    server.on('connect', (_request, socket: Duplex) => hangUp(socket, '405 Method Not Allowed'));
    if (refuseUpgrades) {
      server.on('upgrade', (_request, socket: Duplex) => hangUp(socket, '501 Not Implemented'));
    }
    server.on('request', (message, response) => this.#serve(message, response));
    return server;
  }

  #count(socket: Socket): void {
    const client = sourceOf(socket.remoteAddress ?? '');
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

  #admit(socket: TLSSocket): void {
    const { admit } = this.#options;
    if (admit === undefined || admit(socket)) this.#admitted.add(socket);
    else socket.destroy();
  }

  #serve(message: IncomingMessage, response: ServerResponse): void {
    if (message.socket instanceof TLSSocket && !this.#admitted.has(message.socket)) {
      message.destroy();
      return;
    }
    this.#requests += 1;
    this.#responses.add(response);
    response.once('close', () => this.#responses.delete(response));
    if (this.#draining) response.shouldKeepAlive = false;
    const { serve, fault } = this.#options;
    serve(message, response).catch((error: unknown) => {
      // One request that nobody thought of must not end the others.
      fault(messageOf(error));
      message.destroy();
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

/** Answers what is not served, where the socket still takes it, and hangs up. */
function hangUp(socket: Duplex, status: string): void {
  if (socket.writable) {
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }
  socket.destroy();
}
