import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { Server as TlsServer, TLSSocket, type TlsOptions } from 'node:tls';
import { messageOf, type Clock, type Dump, type Lifecycle } from '#base';
import type { Listener } from '#ports';
import { reloadable, type Credentials, type Reloadable } from '#trust';
import { webFaults, webRequests } from './channels.ts';
import { listen } from './listen.ts';
import { defaultLimits, type WebLimits } from './limits.ts';
import { textReply, type Reply } from './reply.ts';
import { isReply, readRequest, type WebRequest } from './request.ts';

/** What one HTTP socket of a host serves. */
export interface HttpListenerOptions {
  readonly listener: Listener;
  readonly clock: Clock;
  /** Undefined for a socket in clear. */
  readonly tls: TlsOptions | undefined;
  /** Asked before a byte of HTTP is read; false ends the connection. */
  readonly admit?: (socket: TLSSocket) => boolean;
  readonly answer: (request: WebRequest) => Promise<Reply>;
  readonly limits?: Partial<WebLimits>;
  /** True when other processes of the host listen on the same socket. Default false. */
  readonly sharePorts?: boolean;
}

/** One listening HTTP or HTTPS socket with its limits; every answer goes through here. */
export class HttpListener implements Lifecycle, Reloadable {
  readonly #options: HttpListenerOptions;
  readonly #limits: WebLimits;
  readonly #server: Server;
  /** Undefined for a socket in clear. */
  readonly #certificate: Reloadable | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #admitted = new WeakSet<object>();
  #requests = 0;
  #open = 0;
  #draining = false;

  constructor(options: HttpListenerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#server = this.#create();
    this.#certificate =
      this.#server instanceof TlsServer
        ? reloadable(this.#server, options.listener.security === 'MTLS' ? 'MTLS' : 'TLS')
        : undefined;
  }

  /** Rejects with `USHER_LISTEN` when the address cannot be had. */
  async start(): Promise<void> {
    const { listener, sharePorts = false } = this.#options;
    const { backlog } = this.#limits;
    await listen(this.#server, listener, { backlog, reusePort: sharePorts }, (error) => {
      webFaults.publish({
        listener,
        error: `a connection could not be accepted: ${error.message}`,
      });
    });
  }

  /** Accepts nobody new; those inside get their answers and are asked to leave with them. */
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
      requests: this.#requests,
      open: this.#open,
      draining: this.#draining,
    };
  }

  #create(): Server {
    const limits = this.#limits;
    const http = {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      keepAliveTimeout: limits.keepAliveTimeout,
      connectionsCheckingInterval: limits.checkInterval,
    };
    const { tls } = this.#options;
    const server =
      tls === undefined
        ? createServer(http)
        : createSecureServer({ ...tls, ...http, handshakeTimeout: limits.handshakeTimeout });
    server.maxConnections = limits.connections;
    server.maxRequestsPerSocket = limits.requestsPerConnection;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    // Before Node's own listener, which would start to read requests.
    server.prependListener('secureConnection', (socket: TLSSocket) => this.#admit(socket));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      refuse(socket, error.code);
    });
    // A failed handshake concerns its own connection, which Node has closed by now.
    server.on('tlsClientError', () => {});
    server.on('request', (request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        // One request that nobody thought of must not end the others.
        webFaults.publish({ listener: this.#options.listener, error: messageOf(error) });
        request.destroy();
      });
    });
    return server;
  }

  #admit(socket: TLSSocket): void {
    if (this.#options.admit === undefined || this.#options.admit(socket)) {
      this.#admitted.add(socket);
      return;
    }
    socket.destroy();
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    if (message.socket instanceof TLSSocket && !this.#admitted.has(message.socket)) {
      message.destroy();
      return;
    }
    const { clock, listener, answer } = this.#options;
    const began = clock.now();
    this.#requests += 1;
    this.#open += 1;
    response.once('close', () => {
      this.#open -= 1;
    });
    const tooLarge = this.#swallowBody(message, response);
    const request = readRequest(message);
    let reply: Reply;
    try {
      reply = tooLarge ?? (isReply(request) ? request : await answer(request));
    } catch (error) {
      webFaults.publish({ listener, error: messageOf(error) });
      reply = textReply(500, 'The server failed to answer.');
    }
    this.#send(reply, response, message);
    if (!webRequests.active) return;
    webRequests.publish({
      at: began,
      listener,
      remote: `${message.socket.remoteAddress ?? ''}:${message.socket.remotePort ?? ''}`,
      method: message.method ?? '',
      // The query may name a user; the path does not.
      path: isReply(request) ? '' : request.path,
      status: reply.status,
      milliseconds: clock.now() - began,
    });
  }

  /** No resource takes a body: it is read up to the limit and thrown away. */
  #swallowBody(message: IncomingMessage, response: ServerResponse): Reply | undefined {
    const limit = this.#limits.bodyBytes;
    if (Number(message.headers['content-length'] ?? 0) > limit) {
      response.shouldKeepAlive = false;
      response.once('finish', () => message.destroy());
      return textReply(413, 'The body is too large.');
    }
    let seen = 0;
    message.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      if (seen > limit) message.destroy();
    });
    // The offender's connection is gone; there is nobody left to tell.
    message.on('error', () => {});
    return undefined;
  }

  #send(reply: Reply, response: ServerResponse, message: IncomingMessage): void {
    // A client that left, or that broke a limit meanwhile, gets nothing.
    if (response.destroyed || message.socket.destroyed) return;
    if (this.#draining) response.shouldKeepAlive = false;
    response.writeHead(reply.status, {
      ...securityHeaders(this.#options.tls !== undefined),
      ...reply.headers,
      'content-length': Buffer.byteLength(reply.body),
    });
    response.end(reply.body);
  }

  #destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * Headers of every answer: nothing is cached (answers depend on who asks from where), nothing may
 * be framed, sniffed or scripted, and once seen over TLS a name stays on TLS for a day.
 */
function securityHeaders(secure: boolean): Record<string, string> {
  return {
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(secure ? { 'strict-transport-security': 'max-age=86400' } : {}),
  };
}

/** Answers what could not be parsed, where the socket still takes it, and hangs up. */
function refuse(
  socket: { writable: boolean; end(text: string): unknown; destroy(): unknown },
  code: string | undefined,
): void {
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status =
    code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.destroy();
}
