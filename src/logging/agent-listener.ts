import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { http as plainHttp, sourceOf, type Dump } from '#base';
import type { Listener } from '#ports';
import { admit, reloadable, serverTls, type Credentials, type Reloadable } from '#trust';

/** What one logging socket grants. Times in milliseconds, sizes in bytes. */
export interface AgentListenerLimits {
  /** Open connections, handshakes included; more are closed unanswered. */
  readonly connections: number;
  /** The same from one source (`sourceOf`), so that one offender does not shut out the others. */
  readonly connectionsPerSource: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly handshakeTimeout: number;
  /** From the end of a request's head to the end of its body. */
  readonly requestTimeout: number;
  /** Without a byte in either direction. */
  readonly idleTimeout: number;
}

export const defaultAgentListenerLimits: AgentListenerLimits = {
  connections: 512,
  connectionsPerSource: 64,
  headerBytes: 8 * 1024,
  bodyBytes: 64 * 1024,
  handshakeTimeout: 5000,
  requestTimeout: 10_000,
  idleTimeout: 15_000,
};

/** A request from an admitted controller: the body is complete and within its limit. */
export interface AgentRequest {
  readonly method: string;
  readonly path: string;
  /** FQDN of the controller's host. */
  readonly peer: string;
  readonly body: string;
}

/**
 * One logging socket: mutual TLS, `admit` before the first byte of HTTP, then HTTP/1.1. Whoever is
 * not a trusted server never reaches the parser.
 */
export class AgentListener implements Reloadable {
  readonly listener: Listener;
  readonly #limits: AgentListenerLimits;
  readonly #server: NetServer;
  readonly #certificate: Reloadable;
  readonly #sockets = new Set<Socket>();
  readonly #perSource = new Map<string, number>();
  #turnedAway = 0;

  constructor(options: {
    readonly listener: Listener;
    readonly credentials: Credentials;
    readonly answer: (request: AgentRequest, response: ServerResponse) => Promise<void>;
    readonly limits?: Partial<AgentListenerLimits>;
  }) {
    const limits = { ...defaultAgentListenerLimits, ...options.limits };
    const { listener, credentials } = options;
    this.listener = listener;
    this.#limits = limits;
    const peers = new WeakMap<object, string>();
    const http = plainHttp().createServer(
      { maxHeaderSize: limits.headerBytes, keepAliveTimeout: limits.idleTimeout },
      (request, response) => {
        const peer = peers.get(request.socket) ?? '';
        void this.#serve(request, response, peer, options.answer);
      },
    );
    // Node answers 400 or 431 by itself when nobody listens to clientError.
    http.timeout = limits.idleTimeout;
    const tls = createTlsServer(
      { ...serverTls(credentials, 'MTLS'), handshakeTimeout: limits.handshakeTimeout },
      (socket: TLSSocket) => {
        const admission = admit(socket, listener);
        if (admission.kind !== 'server') {
          socket.destroy();
          return;
        }
        peers.set(socket, admission.fqdn);
        http.emit('connection', socket);
      },
    );
    this.#certificate = reloadable(tls, 'MTLS');
    // The handshake's failure concerns its own connection alone.
    tls.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#server = createServer({ noDelay: true }, (socket) => {
      if (this.#register(socket)) tls.emit('connection', socket);
      else socket.destroy();
    });
  }

  /** Where it listens; the port is the real one when the listener asked for port 0. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : this.listener.port;
  }

  /** Rejects with the system's error (`EADDRINUSE`, `EACCES`, …). */
  async start(): Promise<void> {
    this.#server.listen({ host: this.listener.address, port: this.listener.port });
    await once(this.#server, 'listening');
    // From now on an error is one accept that failed (no descriptors left): others follow.
    this.#server.on('error', () => {
      this.#turnedAway += 1;
    });
  }

  /** Takes no new connection; open ones are left alone. */
  stopAccepting(): void {
    this.#server.close();
  }

  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  reload(credentials: Credentials): { readonly dropped: number } {
    return this.#certificate.reload(credentials);
  }

  dump(): Dump {
    const { service, address } = this.listener;
    return {
      service,
      address,
      port: this.port,
      connections: this.#sockets.size,
      turnedAway: this.#turnedAway,
    };
  }

  #register(socket: Socket): boolean {
    const source = sourceOf(socket.remoteAddress ?? '');
    const already = this.#perSource.get(source) ?? 0;
    socket.on('error', () => socket.destroy());
    if (
      this.#sockets.size >= this.#limits.connections ||
      already >= this.#limits.connectionsPerSource
    ) {
      this.#turnedAway += 1;
      return false;
    }
    this.#sockets.add(socket);
    this.#perSource.set(source, already + 1);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = (this.#perSource.get(source) ?? 1) - 1;
      if (left === 0) this.#perSource.delete(source);
      else this.#perSource.set(source, left);
    });
    return true;
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    peer: string,
    answer: (request: AgentRequest, response: ServerResponse) => Promise<void>,
  ): Promise<void> {
    const late = setTimeout(() => request.destroy(), this.#limits.requestTimeout);
    const body = await readBody(request, this.#limits.bodyBytes);
    clearTimeout(late);
    if (response.destroyed) return;
    if (body === undefined) {
      response.shouldKeepAlive = false;
      sendJson(
        response,
        413,
        errorBody('too-large', `A body has at most ${this.#limits.bodyBytes} bytes.`),
      );
      response.once('finish', () => request.destroy());
      return;
    }
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    await answer({ method: request.method ?? '', path, peer, body }, response);
  }
}

/** The body as text; undefined when it is longer than `limit` bytes or broke off. */
async function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (!(chunk instanceof Uint8Array)) return undefined;
      size += chunk.length;
      if (size > limit) return undefined;
      chunks.push(Buffer.from(chunk));
    }
  } catch {
    // The connection is gone; there is nobody to tell.
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The error answer every listener gives. */
export function errorBody(
  code: string,
  message: string,
): { error: { code: string; message: string } } {
  return { error: { code, message } };
}

/** A whole JSON answer. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(text);
}
