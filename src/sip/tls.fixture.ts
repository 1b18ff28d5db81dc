import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';

import { systemClock } from '#base';
import { SipResponse, StreamFramer, defaultLimits } from './message/index.ts';
import type { SipMessage } from './message/index.ts';
import type { Outcome, RequestContext, SipHop } from './proxy/model.ts';
import { SipServer } from './server.ts';
import type { Connection } from './transport/connection.ts';
import type { SipLimits } from './transport/limits.ts';
import { TestAuthority, serverOptions } from './transport/certificates.fixture.ts';
import type { TestCredentials } from './transport/certificates.fixture.ts';

export const host = '127.0.0.1';
const serverName = 'server.example.net';
export const peerName = 'peer.example.net';

type Handle = (context: RequestContext) => Outcome | Promise<Outcome>;

/** Answers 200 to everything. */
export const ok: Handle = () => ({ kind: 'respond', status: 200 });

/** A server under test: how to reach it, and who came. */
export interface Started {
  sip: SipServer;
  hop: SipHop;
  opened: Connection[];
}

/** A bare TLS client that cuts what it receives into messages. */
export class Client {
  readonly socket: TLSSocket;
  readonly messages: SipMessage[] = [];
  bytes = '';
  readonly #framer = new StreamFramer(defaultLimits, 'dialled');

  constructor(port: number, options: ConnectionOptions) {
    this.socket = connect({ host, port, rejectUnauthorized: false, ...options });
    this.socket.on('error', () => this.socket.destroy());
    this.socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.toString('latin1');
      for (const event of this.#framer.push(chunk)) {
        if (event.kind === 'message') this.messages.push(event.message);
      }
    });
  }

  get statuses(): number[] {
    return this.messages
      .filter((message) => message instanceof SipResponse)
      .map(({ status }) => status);
  }

  send(message: SipMessage): void {
    this.socket.write(message.toBytes());
  }

  /** Resolves when the server has closed this connection. */
  async gone(): Promise<void> {
    await closed(this.socket);
  }
}

/** Servers and clients over real TLS on loopback, closed together. */
export class TlsLab {
  readonly server: TestCredentials;
  /** Of the servers' own CA. */
  readonly peer: TestCredentials;
  /** The same name, of a CA nobody knows. */
  readonly stranger: TestCredentials;
  readonly #running: (() => Promise<void> | void)[] = [];

  private constructor(server: TestCredentials, peer: TestCredentials, stranger: TestCredentials) {
    this.server = server;
    this.peer = peer;
    this.stranger = stranger;
  }

  static async create(): Promise<TlsLab> {
    const [authority, foreign] = await Promise.all([
      TestAuthority.create(),
      TestAuthority.create(),
    ]);
    return new TlsLab(
      await authority.issue(serverName),
      await authority.issue(peerName),
      await foreign.issue(peerName),
    );
  }

  async start(
    handle: Handle,
    limits: Partial<SipLimits> = {},
    port = 0,
    listener: { readonly reusePort?: boolean } = {},
  ): Promise<Started> {
    const opened: Connection[] = [];
    const sip = new SipServer({
      name: serverName,
      listeners: [
        {
          address: host,
          port,
          label: 'sip',
          tls: serverOptions(this.server),
          ...listener,
          admit(socket) {
            if (socket.authorized) return { kind: 'server', fqdn: peerName };
            if (socket.getPeerX509Certificate() === undefined) return { kind: 'client' };
            return {
              kind: 'refused',
              message: `not trusted: ${socket.authorizationError.message}`,
            };
          },
        },
      ],
      dial: (hop) => ({ ...this.peer, servername: hop.name }),
      localAddress: host,
      sentBy: () => serverName,
      handle,
      clock: systemClock,
      limits,
      onConnectionOpened: (connection) => opened.push(connection),
    });
    await sip.start();
    this.#running.push(() => sip.close());
    const [at] = sip.addresses;
    assert.ok(at);
    return { sip, hop: { address: host, port: at.port, name: serverName }, opened };
  }

  client({ port }: SipHop, options: ConnectionOptions = {}): Client {
    const client = new Client(port, options);
    this.#running.push(() => void client.socket.destroy());
    return client;
  }

  /** Has `socket` closed with the rest. */
  keep(socket: Socket): void {
    this.#running.push(() => void socket.destroy());
  }

  /** Closes everything, what was started last first. */
  async close(): Promise<void> {
    for (const close of this.#running.splice(0).toReversed()) {
      // A client closes before the server it talks to.
      await close();
    }
  }
}

/** Unlike `once`, no error is one here: being cut off is what the tests look for. */
export function closed(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (socket.destroyed) resolve();
  else socket.once('close', () => resolve());
  return promise;
}

/** Waits until `condition` holds; fails after 5 s. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (condition()) return;
    // A poll, one step after the other.
    await sleep(10);
  }
  assert.fail(`not within 5 s: ${what}`);
}
