import type { Socket } from 'node:net';
import { messageOf, sourceOf, systemErrorCode } from '#base';
import { affinityCapacity, strangersShare } from '../constants.ts';
import type {
  Engine,
  EngineContext,
  EngineMember,
  EngineService,
  PassiveSignal,
  ServiceCounters,
} from '../engine.ts';
import { causeOf } from '../policy/cause.ts';
import { AffinityTable } from '../policy/affinity.ts';
import { Scheduler } from '../policy/scheduling.ts';
import { selectMember } from '../policy/selection.ts';
import { resetConnection } from '../reset.ts';
import { ServiceCount, SourceCount } from './counters.ts';
import { openFrontend } from './frontend.ts';
import { Session, type SessionOwner } from './session.ts';

/** One virtual service at work. */
interface Running {
  service: EngineService;
  stop: () => void;
  readonly sessions: Set<Session>;
  readonly count: ServiceCount;
  readonly scheduler: Scheduler;
}

/**
 * The data path in Node: accepts at the VIP, connects to a member from the balancer's own address
 * (source NAT) and passes bytes both ways. Runs anywhere without privileges beyond the port.
 */
export class EmbeddedEngine implements Engine {
  readonly name = 'embedded';
  readonly #context: EngineContext;
  readonly #running = new Map<string, Running>();
  /** One table a pool: a client is with the same member on every port that asks for affinity. */
  readonly #affinity = new Map<string, AffinityTable>();
  readonly #sources = new SourceCount();
  readonly #emptied = new Set<() => void>();
  #open = 0;
  #accepting = true;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  async start(services: readonly EngineService[]): Promise<void> {
    try {
      await this.apply(services);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async apply(services: readonly EngineService[]): Promise<void> {
    const wanted = new Map(services.map((service) => [service.key, service]));
    for (const [key, running] of this.#running) {
      const service = wanted.get(key);
      if (service === undefined || moved(running.service, service)) this.#stop(key, running);
      else this.#update(running, service);
    }
    for (const service of services) {
      if (this.#running.has(service.key)) continue;
      // In order, so that the first row that cannot be opened is the one that is named.
      await this.#listen(service);
    }
  }

  async #listen(service: EngineService): Promise<void> {
    const running: Running = {
      service,
      stop: () => undefined,
      sessions: new Set(),
      count: new ServiceCount(),
      scheduler: new Scheduler(service.scheduling),
    };
    this.#running.set(service.key, running);
    try {
      const server = await openFrontend(service, (client) => this.#accept(running, client));
      running.stop = () => server.close();
      if (this.#running.get(service.key) !== running || !this.#accepting) server.close();
    } catch (error) {
      this.#running.delete(service.key);
      throw error;
    }
  }

  #stop(key: string, running: Running): void {
    this.#running.delete(key);
    running.stop();
    for (const session of running.sessions) session.cut();
  }

  #update(running: Running, service: EngineService): void {
    running.service = service;
    const members = new Map(service.members.map((member) => [member.host, member]));
    for (const member of service.members) {
      if (member.state === 'up') continue;
      running.scheduler.forget(member.host);
      // Otherwise the clients bound to it would be counted as bound for 20 minutes more.
      if (member.state === 'draining') this.#affinity.get(service.pool)?.release(member.host);
    }
    for (const session of running.sessions) {
      const { host } = session;
      if (host === undefined) continue;
      const member = members.get(host);
      if (member === undefined || (member.state === 'down' && member.sessions === 'reset')) {
        session.cut();
      }
    }
  }

  #accept(running: Running, client: Socket): void {
    // An error before anybody else listens is a client that left already.
    client.on('error', () => undefined);
    const address = client.remoteAddress;
    const { limits } = this.#context;
    const { refusals } = running.count;
    const trusted = address !== undefined && running.service.trustedSources.has(address);
    if (address === undefined || !this.#accepting) {
      resetConnection(client);
    } else if (this.#open >= Math.ceil(limits.connections * (trusted ? 1 : strangersShare))) {
      refusals.full += 1;
      resetConnection(client);
    } else if (!trusted && this.#sources.of(sourceOf(address)) >= limits.connectionsPerSource) {
      refusals.perSource += 1;
      resetConnection(client);
    } else if (!running.service.members.some((member) => member.state === 'up')) {
      refusals.noMember += 1;
      resetConnection(client);
    } else {
      this.#begin(running, client, address);
    }
  }

  #begin(running: Running, client: Socket, address: string): void {
    const { clock, limits, localAddresses } = this.#context;
    const { count, service } = running;
    const affinity = this.#affinityOf(service);
    const source = sourceOf(address);
    this.#open += 1;
    this.#sources.add(source);
    const told = (
      kind: PassiveSignal['kind'],
      member: EngineMember,
      cause: PassiveSignal['cause'],
      reason: string,
    ): void =>
      this.#context.report({ kind, service: service.key, host: member.host, cause, reason });
    const owner: SessionOwner = {
      clock,
      limits,
      localAddresses,
      idleTimeout: service.idleTimeout * 1000,
      choose: (refusedBy) => {
        const member = selectMember(
          {
            members: running.service.members,
            client: address,
            clientPort: client.remotePort ?? 0,
            connectionsPerMember: service.connectionsPerMember,
            now: clock.now(),
            refusedBy,
            connections: (host) => count.member(host).open,
          },
          { scheduler: running.scheduler, affinity, slowStart: service.slowStart },
        );
        if (member !== undefined) count.member(member.host).open += 1;
        return member;
      },
      refused: (member, error) => {
        count.member(member.host).open -= 1;
        count.member(member.host).failed += 1;
        const cause = causeOf(systemErrorCode(error));
        // A lost packet looks the same as a lost member: the probe decides.
        told(cause === 'timeout' ? 'suspect' : 'refused', member, cause, messageOf(error));
      },
      unable: (member) => {
        count.member(member.host).open -= 1;
      },
      resetBy: (member) => {
        told('suspect', member, 'reset', 'reset a connection it had accepted');
      },
      joined: (member) => {
        count.member(member.host).total += 1;
      },
      moved: (direction, bytes) => {
        if (direction === 'toMember') count.bytes.toMembers += bytes;
        else count.bytes.toClients += bytes;
      },
      ended: (how, member) => {
        this.#open -= 1;
        this.#sources.remove(source);
        running.sessions.delete(session);
        if (member !== undefined) {
          const counters = count.member(member.host);
          counters.open -= 1;
          if (how === 'cut') counters.cut += 1;
          affinity?.renew(address, member.host, clock.now());
        }
        if (how === 'idle') count.idle += 1;
        else if (how !== 'left' && how !== 'cut') count.refusals[how] += 1;
        for (const look of this.#emptied) look();
      },
    };
    const session = new Session(client, owner);
    running.sessions.add(session);
  }

  #affinityOf(service: EngineService): AffinityTable | undefined {
    if (service.affinity === 'none') return undefined;
    let table = this.#affinity.get(service.pool);
    if (table === undefined) {
      table = new AffinityTable(service.affinityTime, affinityCapacity);
      this.#affinity.set(service.pool, table);
    }
    return table;
  }

  async drainMember(host: string, deadline: number, givenUp: AbortSignal): Promise<number> {
    await this.#waitUntil(() => this.#held(host) === 0, deadline, givenUp);
    if (givenUp.aborted) return 0;
    const rest = this.#sessions().filter((session) => session.host === host);
    for (const session of rest) session.cut();
    return rest.length;
  }

  async abandon(): Promise<void> {
    for (const session of this.#sessions()) session.cut();
  }

  works(): boolean {
    return true;
  }

  async drain(deadline: number): Promise<void> {
    this.#accepting = false;
    for (const running of this.#running.values()) running.stop();
    await this.#waitUntil(() => this.#open === 0, deadline);
  }

  /** Resolves when `reached` holds after some session ended, when time is up, or on abort. */
  #waitUntil(reached: () => boolean, deadline: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#context.clock.after(deadline, resolve);
    const look = (): void => {
      if (reached()) resolve();
    };
    const stop = (): void => resolve();
    signal?.addEventListener('abort', stop);
    this.#emptied.add(look);
    if (signal?.aborted === true) resolve();
    look();
    return promise.finally(() => {
      cancel();
      this.#emptied.delete(look);
      signal?.removeEventListener('abort', stop);
    });
  }

  /** Asked after the end of every session during a drain: counted, not looked up. */
  #held(host: string): number {
    let held = 0;
    for (const { count } of this.#running.values()) held += count.member(host).open;
    return held;
  }

  #sessions(): Session[] {
    return [...this.#running.values()].flatMap((running) => [...running.sessions]);
  }

  stats(): readonly ServiceCounters[] {
    return [...this.#running.values()].map(({ count, service }) =>
      count.snapshot(
        service.key,
        service.members.map((member) => member.host),
        service.affinity === 'source'
          ? (this.#affinity.get(service.pool)?.stats().clients ?? 0)
          : 0,
      ),
    );
  }

  async close(): Promise<void> {
    this.#accepting = false;
    for (const [key, running] of this.#running) this.#stop(key, running);
  }
}

/** A service that must be opened anew: it has another address. */
function moved(before: EngineService, after: EngineService): boolean {
  return before.address !== after.address || before.port !== after.port;
}
