import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { systemClock } from '#base';
import { listenersOf, loadPlan, type Listener, type Plan } from '#ports';
import {
  SipRequest,
  SipResponse,
  SipServer,
  StreamFramer,
  buildResponse,
  parseMessage,
  serverLimits,
  type Connection,
  type HeaderField,
  type Outcome,
  type Peer,
  type RequestContext,
} from '#sip';
import {
  admit,
  clientTls,
  ensurePki,
  loadCredentials,
  poolSecret,
  serverTls,
  type Credentials,
} from '#trust';
import { findHost, type Host, type Service } from '#topology';
import { EdgeServer, type EdgeServerOptions } from './server.ts';

/** The Contoso plan, moved to ports of its own when given an offset. */
export function contoso(portOffset = 0): Plan {
  const text = readFileSync('examples/contoso.yaml', 'utf8');
  const loaded = loadPlan(text, 'contoso.yaml', { portOffset });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.plan;
}

/** A request out of its lines, for deciders that are tested alone. */
export function requestOf(lines: readonly string[]): SipRequest {
  const text = [...lines, 'Content-Length: 0', '', ''].join('\r\n');
  const message = parseMessage(Buffer.from(text, 'latin1'));
  if (message instanceof SipRequest) return message;
  throw new Error(`no request: ${text}`);
}

/** An Edge that runs, the servers behind it as a test wants them, and clients in front of it. */
export interface Running {
  readonly plan: Plan;
  readonly edge: EdgeServer;
  listener(fqdn: string, service: Service): Listener;
  /** A SIP server with the name of `fqdn`, at its own address or at another (a VIP). */
  server(
    fqdn: string,
    handle: (context: RequestContext) => Outcome,
    address?: string,
  ): Promise<SipServer>;
  client(service?: 'accessEdge' | 'accessEdgeAlternate'): Promise<RemoteClient>;
  close(): Promise<void>;
}

/**
 * The ports of the last plan made here. Steps of ten keep plans of one process apart: no two ports
 * of the table differ by a multiple of ten below 4,000. The beginning differs between processes.
 */
let portOffset = 10 * randomInt(400, 1100);

/** Starts `edge01` of Contoso on ports of its own. */
export async function runEdge(options: Partial<EdgeServerOptions> = {}): Promise<Running> {
  portOffset += 10;
  const plan = contoso(portOffset);
  const state = await mkdtemp(join(tmpdir(), 'usher-edge-'));
  await ensurePki(state, plan.topology, new Date());
  const secret = await poolSecret(state);
  const credentials = (fqdn: string): Promise<Credentials> =>
    loadCredentials(state, plan.topology, fqdn);
  const listener = (fqdn: string, service: Service): Listener => {
    const found = listenersOf(plan, fqdn).find((each) => each.service === service);
    if (found === undefined) throw new Error(`${fqdn} has no ${service}`);
    return found;
  };
  const host = hostOf(plan, 'edge01.contoso.net');
  const own = await credentials(host.fqdn);
  const edge = new EdgeServer({
    plan,
    host,
    credentials: own,
    clock: systemClock,
    secret,
    ...options,
  });
  await edge.start();
  const closing: (() => Promise<void>)[] = [];
  return {
    plan,
    edge,
    listener,
    async server(fqdn, handle, address) {
      const at = listener(fqdn, 'sip');
      const proof = await credentials(fqdn);
      const server = new SipServer({
        name: fqdn,
        clock: systemClock,
        localAddress: hostOf(plan, fqdn).addresses[0] ?? '',
        listeners: [
          {
            address: address ?? at.address,
            port: at.port,
            label: 'sip',
            tls: serverTls(proof, 'MTLS'),
            admit: (socket) => admit(socket, at),
          },
        ],
        dial: (hop) => clientTls(proof, hop),
        sentBy: () => `${fqdn}:${at.port}`,
        handle,
      });
      await server.start();
      closing.push(() => server.close());
      return server;
    },
    async client(service = 'accessEdge') {
      const { address, port } = listener(host.fqdn, service);
      const client = await RemoteClient.connect(address, port, own.ca);
      closing.push(() => client.close());
      return client;
    },
    async close() {
      for (const close of closing.toReversed()) await close();
      await edge.close();
      await rm(state, { recursive: true, force: true });
    },
  };
}

function hostOf(plan: Plan, fqdn: string): Host {
  const host = findHost(plan.topology, fqdn);
  if (host === undefined) throw new Error(`no host ${fqdn}`);
  return host;
}

/** A SIP client of the plainest kind: one TLS connection, messages in, messages out. */
export class RemoteClient {
  readonly #socket: TLSSocket;
  readonly #framer = new StreamFramer(serverLimits, 'dialled');
  readonly #inbox: (SipRequest | SipResponse)[] = [];
  #arrived = Promise.withResolvers<void>();
  readonly #pong = Promise.withResolvers<void>();

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.#hear(chunk));
  }

  static async connect(address: string, port: number, ca: string): Promise<RemoteClient> {
    const socket = connect({ host: address, port, ca, servername: 'sip.contoso.com' });
    await once(socket, 'secureConnect');
    return new RemoteClient(socket);
  }

  /** A connection that checks nothing and proves nothing. */
  static async stranger(address: string, port: number): Promise<RemoteClient> {
    const socket = connect({ host: address, port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    return new RemoteClient(socket);
  }

  /** Resolves when the connection is gone. */
  get closed(): Promise<unknown> {
    return this.#socket.closed ? Promise.resolve() : once(this.#socket, 'close');
  }

  /** Sends a request of these lines; Via, Max-Forwards and Content-Length are added. */
  send(startLine: string, fields: readonly string[]): void {
    const branch = `z9hG4bK${randomInt(1e9)}`;
    this.raw(
      [
        startLine,
        `Via: SIP/2.0/TLS 192.0.2.7;branch=${branch};rport`,
        'Max-Forwards: 70',
        ...fields,
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    );
  }

  raw(text: string): void {
    this.#socket.write(Buffer.from(text, 'latin1'));
  }

  answer(request: SipRequest, status: number, headers: readonly HeaderField[] = []): void {
    this.#socket.write(buildResponse(request, status, undefined, { headers }).toBytes());
  }

  /** The first answer to a keep-alive ping. */
  pong(): Promise<void> {
    return this.#pong.promise;
  }

  /** The next request that comes; provisional and other responses before it are passed over. */
  async request(): Promise<SipRequest> {
    for (;;) {
      const message = await this.#next();
      if (message instanceof SipRequest) return message;
    }
  }

  /** The next final response that comes. */
  async response(): Promise<SipResponse> {
    for (;;) {
      const message = await this.#next();
      if (message instanceof SipResponse && message.status >= 200) return message;
    }
  }

  async close(): Promise<void> {
    const { closed } = this;
    this.#socket.destroy();
    await closed;
  }

  async #next(): Promise<SipRequest | SipResponse> {
    for (;;) {
      const message = this.#inbox.shift();
      if (message !== undefined) return message;
      await this.#arrived.promise;
    }
  }

  #hear(chunk: Buffer): void {
    for (const event of this.#framer.push(chunk)) {
      if (event.kind === 'pong') this.#pong.resolve();
      if (event.kind !== 'message') continue;
      const { message } = event;
      if (message instanceof SipRequest || message instanceof SipResponse)
        this.#inbox.push(message);
    }
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }
}

/** A connection that remembers nothing; for deciders that are tested alone. */
export function connectionOf(
  id: string,
  label: string,
  peer: Peer,
  port = 0,
  serverName?: string,
): Connection {
  return {
    id,
    serverName,
    peer,
    label,
    local: { address: '127.20.0.11', port },
    remote: { address: '127.0.0.1', port: 1 },
    send: () => true,
    close: () => {},
  };
}
