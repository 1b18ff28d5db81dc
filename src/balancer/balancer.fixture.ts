import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, systemClock, systemErrorCode } from '#base';
import { loadPlan, type Plan } from '#ports';
import { type Balancing, findHost, type Service } from '#topology';
import { type Credentials, ensurePki, issueHost, loadCredentials } from '#trust';
import type { EngineFactory } from './engine.ts';
import { FakeMember } from './member.fixture.ts';
import type { HealthState } from './policy/health.ts';
import { type BalancerOptions, BalancerServer, healthChanges } from './server.ts';
import type { MemberStatus, ServiceStatus } from './status.ts';
import { until, within } from './waiting.ts';

/**
 * Seconds between two probes: patient for tests that are about something else, so that a busy machine
 * cannot spoil them, and quick for those that wait for a probe.
 */
const patient = 30;
export const quick = 1.5;

/**
 * Offset of the next scene's ports. Scenes run side by side: steps of one never make two of them
 * meet, because no two ports of the table lie that close together.
 */
let portOffset = 2000 + Math.floor(Math.random() * 13_000);

/** An offset no scene had before. */
export function nextOffset(): number {
  portOffset += 1;
  return portOffset;
}

/** Other tests of the process use the addresses of the example. */
function apart(example: string): string {
  return example.replaceAll('127.10.1.', '127.77.1.');
}

/** Certificates for the example deployment, and as many plans of it as there are scenes. */
export class Bench {
  readonly #text: string;
  readonly #directory: string;
  readonly #plan: Plan;

  private constructor(text: string, directory: string) {
    this.#text = text;
    this.#directory = directory;
    this.#plan = this.load(0);
  }

  /** The example, with what `edit` makes of it. */
  static async open(edit = apart): Promise<Bench> {
    const text = edit(await readFile('examples/contoso.yaml', 'utf8'));
    const bench = Bench.at(await mkdtemp(join(tmpdir(), 'usher-balancer-')), text);
    await ensurePki(bench.#directory, bench.#plan.topology, new Date());
    return bench;
  }

  /** One that somebody else opened. */
  static at(directory: string, text: string): Bench {
    return new Bench(text, directory);
  }

  /** What a process needs to open the same bench. */
  whereabouts(): { readonly directory: string; readonly text: string } {
    return { directory: this.#directory, text: this.#text };
  }

  /** The example on ports moved by `offset`. `idleTimeout` and `probeInterval` in seconds. */
  plan(
    offset: number,
    idleTimeout?: number,
    probeInterval = patient,
    balancing: Partial<Balancing> = {},
  ): Plan {
    const plan = this.load(offset);
    const timers = { ...plan.topology.timers, probeInterval };
    return {
      ...plan,
      topology: { ...plan.topology, timers },
      virtualServices: plan.virtualServices.map((service) => ({
        ...service,
        idleTimeout: idleTimeout ?? service.idleTimeout,
        balancing: { ...service.balancing, ...balancing },
      })),
    };
  }

  /** The example with all its ports moved by so much. */
  load(offset: number): Plan {
    const loaded = loadPlan(this.#text, 'contoso.yaml', { portOffset: offset });
    if (!loaded.ok) throw new Error('the example topology has faults');
    return loaded.plan;
  }

  credentials(fqdn: string): Promise<Credentials> {
    return loadCredentials(this.#directory, this.#plan.topology, fqdn);
  }

  /** Credentials with a certificate issued now. */
  async renewed(fqdn: string): Promise<Credentials> {
    await issueHost(this.#directory, this.#plan.topology, fqdn, new Date());
    return await this.credentials(fqdn);
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
  /** Seconds. */
  readonly probeInterval?: number;
  /** What differs from the balancing of the example. */
  readonly balancing?: Partial<Balancing>;
}

/** Two Directors that can be killed, frozen and spoiled, and the balancer in front of them. */
export class Scene {
  readonly balancer: BalancerServer;
  readonly dir01: FakeMember;
  readonly dir02: FakeMember;

  readonly #bench: Bench;
  readonly #portOffset: number;

  private constructor(parts: {
    bench: Bench;
    balancer: BalancerServer;
    members: [FakeMember, FakeMember];
    portOffset: number;
  }) {
    this.#bench = parts.bench;
    this.#portOffset = parts.portOffset;
    this.balancer = parts.balancer;
    [this.dir01, this.dir02] = parts.members;
  }

  /** Starts everything; `prepare` may spoil a member before the balancer looks at it. */
  static async open(
    bench: Bench,
    engine: EngineFactory,
    options: SceneOptions = {},
  ): Promise<Scene> {
    const { prepare, idleTimeout, probeInterval, balancing, ...overrides } = options;
    const offset = nextOffset();
    const plan = bench.plan(offset, idleTimeout, probeInterval, balancing);
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
    const members: [FakeMember, FakeMember] = [
      await FakeMember.open(bench, plan, 'dir01.contoso.net'),
      await FakeMember.open(bench, plan, 'dir02.contoso.net'),
    ];
    const scene = new Scene({ bench, balancer, members, portOffset: offset });
    try {
      await prepare?.(scene);
      await balancer.start();
      // A machine that is busy elsewhere may miss the first probes.
      if (prepare === undefined) await scene.everyoneUp();
    } catch (error) {
      await scene.close();
      throw error;
    }
    return scene;
  }

  /** What a process needs to be a member of this scene. */
  whereabouts(): {
    readonly directory: string;
    readonly text: string;
    readonly portOffset: number;
  } {
    return { ...this.#bench.whereabouts(), portOffset: this.#portOffset };
  }

  /** A new certificate for the balancer. */
  renewed(): Promise<Credentials> {
    return this.#bench.renewed('lb01.contoso.net');
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
    await this.#healthUntil(
      () => this.member(member, service).state === state,
      `${member.fqdn} to be ${state} for ${service}`,
    );
    return this.member(member, service);
  }

  /** Resolves when every member is up for every service. */
  async everyoneUp(): Promise<void> {
    const members = () => this.balancer.status().services.flatMap((service) => service.members);
    await this.#healthUntil(() => members().every(({ state }) => state === 'up'), 'everyone up');
  }

  async #healthUntil(condition: () => boolean, what: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (condition()) resolve();
    };
    const stop = healthChanges.subscribe(look);
    look();
    try {
      await within(promise, () => what);
      await this.balancer.settled();
    } finally {
      stop();
    }
  }

  /**
   * What comes of an act while the member is up. A machine busy elsewhere may have missed its probe: then it
   * is done again.
   */
  async whileUp<Value>(
    member: FakeMember,
    service: Service,
    act: () => Promise<Value>,
  ): Promise<Value> {
    for (let attempt = 1; ; attempt += 1) {
      await this.state(member, service, 'up');
      let fell = false;
      const stop = healthChanges.subscribe(
        () => void (fell ||= this.member(member, service).state !== 'up'),
      );
      try {
        const value = await act();
        if (!fell || attempt === 5) return value;
      } catch (error) {
        if (!fell || attempt === 5) throw error;
      } finally {
        stop();
      }
    }
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
