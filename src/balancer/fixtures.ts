import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createServer as createTlsServer,
  type Server as TlsServer,
  type TLSSocket,
} from 'node:tls';
import { messageOf, systemClock, systemErrorCode } from '#base';
import { loadPlan, type Plan } from '#ports';
import { buildResponse, SipRequest, StreamFramer } from '#sip';
import { findHost, type Service } from '#topology';
import { admit, type Credentials, ensurePki, loadCredentials, serverTls } from '#trust';
import type { EngineFactory } from './engine.ts';
import type { HealthState } from './policy/health.ts';
import { type BalancerOptions, BalancerServer, healthChanges } from './server.ts';
import type { MemberStatus, ServiceStatus } from './status.ts';

/** Seconds between two probes in tests; long enough for TLS on a busy machine. */
const testInterval = 0.8;

/** Longest a test waits for a condition, milliseconds; reached only when the test fails. */
const patience = 10_000;

/**
 * Offset of the next scene's ports. Scenes run side by side: steps of one never make two of them
 * meet, because no two ports of the table lie that close together.
 */
let portOffset = 2000 + Math.floor(Math.random() * 13_000);

/** Certificates for the example deployment, and as many plans of it as there are scenes. */
export class Bench {
  readonly #text: string;
  readonly #directory: string;
  readonly #plan: Plan;

  private constructor(text: string, directory: string) {
    this.#text = text;
    this.#directory = directory;
    this.#plan = this.#load(0);
  }

  static async open(): Promise<Bench> {
    const example = await readFile('examples/contoso.yaml', 'utf8');
    // Other tests of the process use the addresses of the example.
    const text = example.replaceAll('127.10.1.', '127.77.1.');
    const bench = new Bench(text, await mkdtemp(join(tmpdir(), 'usher-balancer-')));
    await ensurePki(bench.#directory, bench.#plan.topology, new Date());
    return bench;
  }

  /** The example on ports of its own, with short probe intervals. `idleTimeout` in seconds. */
  plan(idleTimeout?: number): Plan {
    const plan = this.#load((portOffset += 1));
    const timers = { ...plan.topology.timers, probeInterval: testInterval };
    return {
      ...plan,
      topology: { ...plan.topology, timers },
      virtualServices: plan.virtualServices.map((service) => ({
        ...service,
        idleTimeout: idleTimeout ?? service.idleTimeout,
      })),
    };
  }

  #load(offset: number): Plan {
    const loaded = loadPlan(this.#text, 'contoso.yaml', { portOffset: offset });
    if (!loaded.ok) throw new Error('the example topology has faults');
    return loaded.plan;
  }

  credentials(fqdn: string): Promise<Credentials> {
    return loadCredentials(this.#directory, this.#plan.topology, fqdn);
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** What a scene can be told. */
export interface SceneOptions extends Partial<BalancerOptions> {
  /** Called before the balancer looks at the members. */
  readonly prepare?: (scene: Scene) => Promise<void>;
  /** Seconds. */
  readonly idleTimeout?: number;
}

/** Two Directors that can be killed, frozen and spoiled, and the balancer in front of them. */
export class Scene {
  readonly balancer: BalancerServer;
  readonly dir01: FakeMember;
  readonly dir02: FakeMember;

  private constructor(balancer: BalancerServer, members: [FakeMember, FakeMember]) {
    this.balancer = balancer;
    [this.dir01, this.dir02] = members;
  }

  /** Starts everything; `prepare` may spoil a member before the balancer looks at it. */
  static async open(
    bench: Bench,
    engine: EngineFactory,
    options: SceneOptions = {},
  ): Promise<Scene> {
    const { prepare, idleTimeout, ...overrides } = options;
    const plan = bench.plan(idleTimeout);
    const host = findHost(plan.topology, 'lb01.contoso.net');
    if (host === undefined) throw new Error('the example has no balancer');
    const balancer = new BalancerServer({
      plan,
      host,
      credentials: await bench.credentials(host.fqdn),
      clock: systemClock,
      secret: Buffer.alloc(32),
      engine,
      ...overrides,
    });
    const scene = new Scene(balancer, [
      await FakeMember.open(bench, plan, 'dir01.contoso.net'),
      await FakeMember.open(bench, plan, 'dir02.contoso.net'),
    ]);
    try {
      await prepare?.(scene);
      await balancer.start();
    } catch (error) {
      await scene.close();
      throw error;
    }
    return scene;
  }

  service(name: Service): ServiceStatus {
    const found = this.balancer.status().services.find(({ service }) => service === name);
    if (found === undefined) throw new Error(`the VIP does not serve ${name}`);
    return found;
  }

  member(member: FakeMember, service: Service): MemberStatus {
    const found = this.service(service).members.find(({ host }) => host === member.fqdn);
    if (found === undefined) throw new Error(`${member.fqdn} does not serve ${service}`);
    return found;
  }

  /** Resolves when the member has this state for the service. */
  async state(member: FakeMember, service: Service, state: HealthState): Promise<MemberStatus> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.member(member, service).state === state) resolve();
    };
    const stop = healthChanges.subscribe(look);
    look();
    try {
      await within(promise, () => `${member.fqdn} to be ${state} for ${service}`);
    } finally {
      stop();
    }
    return this.member(member, service);
  }

  /** Connects to a service that should refuse; resolves with how the connection ended. */
  async refusal(service: Service, from = '127.0.0.1'): Promise<string> {
    try {
      const client = await this.client(service, from);
      return await client.end();
    } catch (error) {
      return systemErrorCode(error) ?? messageOf(error);
    }
  }

  /** Connects to the VIP; `from` is the client's address. */
  client(service: Service, from = '127.0.0.1'): Promise<Client> {
    const { address, port } = this.service(service);
    return Client.open(address, port, from);
  }

  async close(): Promise<void> {
    await this.balancer.close();
    await Promise.all([this.dir01.close(), this.dir02.close()]);
  }
}

/** Resolves when the condition holds; looks again whenever the loop is idle. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + patience;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

/** Rejects, naming what was waited for, when the promise takes too long. */
export async function within<Value>(promise: Promise<Value>, what: () => string): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`waited in vain for ${what()}`)), patience);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A client connection that collects what it gets. */
export class Client {
  readonly socket: Socket;
  /** How it ended: `end` a goodbye, else the code of the error; undefined while it is open. */
  ended: string | undefined;
  #text = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      if (this.#text.length < 4096) this.#text += bytes.toString('latin1');
    });
    socket.on('error', (error) => {
      this.ended ??= 'code' in error && typeof error.code === 'string' ? error.code : 'error';
    });
    socket.on('end', () => (this.ended ??= 'end'));
  }

  static async open(address: string, port: number, from: string): Promise<Client> {
    const socket = connect({ host: address, port, localAddress: from, allowHalfOpen: true });
    const client = new Client(socket);
    await within(once(socket, 'connect'), () => `a connection to ${address}`);
    return client;
  }

  /** The first few thousand bytes that came since the last question. */
  get text(): string {
    return this.#text;
  }

  /** Sends a line and resolves with the line that comes back. */
  async ask(line: string): Promise<string> {
    this.#text = '';
    this.socket.write(`${line}\n`);
    await until(() => this.#text.endsWith('\n') || this.ended !== undefined, `answer to ${line}`);
    return this.#text.trimEnd() || `no answer: ${this.ended}`;
  }

  /** Resolves with how the connection ended. */
  async end(): Promise<string> {
    await until(() => this.ended !== undefined, 'the connection to end');
    return this.ended ?? '';
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Asks which member answers, on a connection of its own. */
export async function whoAnswers(
  scene: Scene,
  service: 'webInternalPlain' | 'webExternalPlain',
  from?: string,
): Promise<string> {
  const client = await scene.client(service, from);
  try {
    return await client.ask('WHO');
  } finally {
    client.close();
  }
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
  /** While true nothing is answered; connections are still accepted, as by a stopped process. */
  frozen = false;
  readonly #bench: Bench;
  readonly #plan: Plan;
  readonly #open = new Set<Socket>();
  readonly #servers = new Map<Service, Server>();
  readonly #tls = new Map<Service, TlsServer>();

  private constructor(bench: Bench, plan: Plan, fqdn: string) {
    this.#bench = bench;
    this.#plan = plan;
    this.fqdn = fqdn;
  }

  static async open(bench: Bench, plan: Plan, fqdn: string): Promise<FakeMember> {
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
    const credentials = await this.#bench.credentials(fqdn);
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
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.kill();
    await until(() => this.#open.size === 0, 'the connections of a member to close');
  }

  #listeners() {
    const served = new Set(this.#plan.virtualServices.map(({ service }) => service));
    return this.#plan.listeners.filter(
      ({ host, service }) => host === this.fqdn && served.has(service),
    );
  }

  #take(service: Service, socket: Socket): void {
    this.#open.add(socket);
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
        socket.write(buildResponse(event.message, this.sipStatus).toBytes());
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
