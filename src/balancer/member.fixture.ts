import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type Server as TlsServer,
  type TLSSocket,
} from 'node:tls';
import type { Listener, Plan } from '#ports';
import { buildResponse, SipRequest, StreamFramer } from '#sip';
import type { Service } from '#topology';
import { admit, type Credentials, serverTls } from '#trust';
import { resetConnection } from './reset.ts';
import { until } from './waiting.ts';

/** Where a member gets the certificate it shows. */
export interface CredentialSource {
  credentials(fqdn: string): Promise<Credentials>;
}

/**
 * Stands in for a Director. Its SIP port answers OPTIONS over mutual TLS, its HTTPS ports the
 * autodiscover root, its plain ports that as well and a little language for the tests: `WHO`
 * answers the FQDN, `ECHO` echoes, `SEND n` sends n bytes and hangs up, `HASH` reads to the end and
 * answers the digest.
 */
export class FakeMember {
  readonly fqdn: string;
  sipStatus = 200;
  /** While true the SIP service speaks something else, over the right TLS. */
  babbles = false;
  /** Milliseconds until OPTIONS are answered. */
  delay = 0;
  /** While true nothing is answered; connections are still accepted, as by a stopped process. */
  frozen = false;
  readonly #credentials: (fqdn: string) => Promise<Credentials>;
  readonly #plan: Plan;
  readonly #open = new Map<Socket, Service>();
  readonly #servers = new Map<Service, Server>();
  readonly #tls = new Map<Service, TlsServer>();

  private constructor(bench: CredentialSource, plan: Plan, fqdn: string) {
    this.#credentials = (name) => bench.credentials(name);
    this.#plan = plan;
    this.fqdn = fqdn;
  }

  static async open(bench: CredentialSource, plan: Plan, fqdn: string): Promise<FakeMember> {
    const member = new FakeMember(bench, plan, fqdn);
    await member.present(fqdn);
    await member.listen();
    return member;
  }

  /** Connections open on this member now, probes included. */
  get connections(): number {
    return this.#open.size;
  }

  /** Shows the certificate of this host from now on; its own, unless a test says otherwise. */
  async present(fqdn: string): Promise<void> {
    const credentials = await this.#credentials(fqdn);
    for (const listener of this.#listeners()) {
      if (listener.security === 'none') continue;
      const options = serverTls(credentials, listener.security);
      this.#tls.set(
        listener.service,
        createTlsServer(options, (socket) => {
          socket.on('error', () => undefined);
          if (admit(socket, listener).kind === 'refused') socket.destroy();
          else if (listener.service === 'sip') this.#speakSip(socket);
          else this.#speakHttps(socket);
        }).on('tlsClientError', () => undefined),
      );
    }
  }

  /** Opens the named service, or all of them. */
  async listen(only?: Service): Promise<void> {
    for (const { service, address, port } of this.#listeners()) {
      if ((only !== undefined && service !== only) || this.#servers.has(service)) continue;
      const server = createServer({ allowHalfOpen: true }, (socket) => this.#take(service, socket));
      this.#servers.set(service, server);
      server.listen({ host: address, port });
      await once(server, 'listening');
    }
  }

  /** Refuses new connections on the named service, or on all; open ones live on. */
  deafen(only?: Service): void {
    for (const [service, server] of this.#servers) {
      if (only !== undefined && service !== only) continue;
      server.close();
      this.#servers.delete(service);
    }
  }

  /** What SIGKILL does: listeners gone, every connection reset. */
  kill(): void {
    this.deafen();
    for (const [socket, service] of this.#open) {
      // Beneath TLS nobody can tell whether a shutdown is under way: see `resetConnection`.
      if (this.#tls.has(service)) socket.destroy();
      else resetConnection(socket);
    }
  }

  async close(): Promise<void> {
    this.kill();
    await until(() => this.#open.size === 0, 'the connections of a member to close');
  }

  #listeners(): Listener[] {
    const served = new Set(this.#plan.virtualServices.map(({ service }) => service));
    return this.#plan.listeners.filter(
      ({ host, service }) => host === this.fqdn && served.has(service),
    );
  }

  #take(service: Service, socket: Socket): void {
    this.#open.set(socket, service);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#open.delete(socket));
    if (this.frozen) return;
    const tls = this.#tls.get(service);
    if (tls === undefined) this.#speakPlain(socket);
    else tls.emit('connection', socket);
  }

  #speakSip(socket: TLSSocket): void {
    const framer = new StreamFramer();
    socket.on('data', (bytes: Buffer) => {
      if (this.frozen) return;
      for (const event of framer.push(bytes)) {
        if (event.kind !== 'message' || !(event.message instanceof SipRequest)) continue;
        const answer = buildResponse(event.message, this.sipStatus).toBytes();
        if (this.babbles) socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
        else setTimeout(() => socket.write(answer), this.delay);
      }
    });
  }

  #speakHttps(socket: TLSSocket): void {
    socket.once('data', (bytes: Buffer) => {
      if (this.frozen) return;
      socket.end(answerTo(bytes.toString('latin1')));
    });
  }

  #speakPlain(socket: Socket): void {
    socket.once('data', (bytes: Buffer) => {
      if (this.frozen) return;
      const text = bytes.toString('latin1');
      const [line = ''] = text.split('\n');
      const rest = bytes.subarray(line.length + 1);
      const [verb, argument] = line.split(' ');
      if (verb === 'GET') socket.end(answerTo(text));
      else if (verb === 'ECHO') this.#echo(socket, rest);
      else if (verb === 'SEND') void sendPattern(socket, Number(argument));
      else if (verb === 'HASH') hashAll(socket, rest);
      else this.#answer(socket, verb ?? '');
    });
  }

  #answer(socket: Socket, verb: string): void {
    const answer = (): void => {
      if (!this.frozen) socket.write(`${this.fqdn}\n`);
    };
    if (verb === 'WHO') answer();
    socket.on('data', answer);
    socket.once('end', () => socket.end());
  }

  #echo(socket: Socket, rest: Buffer): void {
    if (rest.length > 0) socket.write(rest);
    socket.pipe(socket);
  }
}

/** The answer of a web site that knows the autodiscover root only. */
function answerTo(request: string): string {
  const known = request.startsWith('GET /autodiscover/autodiscoverservice.svc/root ');
  const status = known ? '200 OK' : '404 Not Found';
  return `HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
}

/** Bytes whose every position can be told from the others, in a chunk of 64 KiB. */
export const pattern = Buffer.from(
  Uint32Array.from({ length: 16_384 }, (_, index) => Math.imul(index, 2_654_435_761)).buffer,
);

/** The SHA-256 of `count` chunks of the pattern, in hex. */
export function patternDigest(count: number): string {
  const hash = createHash('sha256');
  for (let sent = 0; sent < count; sent += 1) hash.update(pattern);
  return hash.digest('hex');
}

/** Sends `count` chunks of the pattern, waiting whenever the socket is full, and says goodbye. */
export async function sendPattern(socket: Socket, count: number): Promise<void> {
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  for (let sent = 0; sent < count && !socket.destroyed; sent += 1) {
    if (socket.write(pattern)) continue;
    try {
      await once(socket, 'drain', { signal: gone.signal });
    } catch {
      return;
    }
  }
  socket.end();
}

function hashAll(socket: Socket, rest: Buffer): void {
  const hash = createHash('sha256').update(rest);
  socket.on('data', (bytes: Buffer) => void hash.update(bytes));
  socket.once('end', () => socket.end(`${hash.digest('hex')}\n`));
}
