import type { ChildProcess } from 'node:child_process';
import { type Cancel, UsherError } from '#base';
import { addressFor } from '#topology';
import { causeOf } from '../policy/cause.ts';
import { steppedWeight, untilNextStep } from '../policy/scheduling.ts';
import type { Engine, EngineContext, EngineService, ServiceCounters } from '../engine.ts';
import { identifierOf } from '../targets.ts';
import { Looks } from '../engines/looks.ts';
import { needForwarding, needLocal } from '../engines/machine.ts';
import { endOf, isSession, type Tracked } from './conntrack.ts';
import * as kernel from './kernel.ts';
import { Ledger } from './ledger.ts';
import { Marks } from './marks.ts';
import { numberingOf, rulesOf, table, type RuleService } from './rules.ts';
import { wake } from './wake.ts';

/** Milliseconds until the watcher of ends is started again. */
const again = 1000;

/** The data path in the kernel: destination and source NAT by rules this engine writes and watches. */
export class NftablesEngine implements Engine {
  readonly name = 'nftables';
  readonly #context: EngineContext;
  readonly #marks = new Marks();
  readonly #ledger = new Ledger();
  readonly #looks: Looks;
  /** Members whose sessions are being cut though their health does not ask for it, by VIP and mark. */
  readonly #expelled = new Set<string>();
  #services: readonly EngineService[] = [];
  #chains: readonly string[] = [];
  #loaded = '';
  #loading: Promise<void> = Promise.resolve();
  #accepting = true;
  /** Every session is to end. */
  #closing = false;
  #closed = false;
  #watcher: ChildProcess | undefined;
  #cancelStep: Cancel = () => undefined;

  constructor(context: EngineContext) {
    this.#context = context;
    this.#looks = new Looks(context.clock, () => this.#look());
  }

  async start(services: readonly EngineService[]): Promise<void> {
    await kernel.needPrograms();
    for (const service of services) await needLocal(service);
    await needForwarding(services);
    this.#services = services;
    const numbering = numberingOf(this.#rules());
    const chains = await kernel.chainsOfTable();
    // What a process left that was killed goes on: its sessions, its affinity. Unless its marks mean others.
    const inherited = chains.includes(numbering);
    this.#chains = inherited ? chains : [];
    try {
      await this.#begin(inherited);
      this.#ledger.begin(await kernel.counters());
      await this.#watch();
      await this.#looks.now();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** The first rules; in the place of what is there, where that cannot be gone on with. */
  async #begin(inherited: boolean): Promise<void> {
    const anew = `${table}\ndelete ${table}\n`;
    if (!inherited) return await this.#load(anew);
    try {
      await this.#load();
    } catch (error) {
      if (!(error instanceof UsherError) || error.code !== 'USHER_ENGINE_REFUSED') throw error;
      this.#chains = [];
      await this.#load(anew);
    }
  }

  async apply(services: readonly EngineService[]): Promise<void> {
    const before = this.#services;
    this.#services = services;
    await this.#load();
    for (const service of services) {
      for (const member of service.members) {
        const was = memberOf(before, service.key, member.host);
        if (was?.state === 'up' && member.state === 'down') {
          await kernel.forgetAttempts(
            service.address,
            this.#marks.of(service.address, member.host),
          );
        }
      }
    }
    if (this.#rules().some(({ cut }) => cut.length > 0)) await this.#cut();
  }

  /** Loads the rules for what is true now, once the load before has ended; nothing when nothing changed. */
  #load(before = ''): Promise<void> {
    this.#loading = this.#loadAfter(this.#loading, before);
    this.#planStep();
    return this.#loading;
  }

  async #loadAfter(earlier: Promise<void>, before: string): Promise<void> {
    // Who asked for the earlier one was told how it ended.
    await earlier.catch(() => undefined);
    if (this.#closed) return;
    const lines = rulesOf(this.#rules(), { guarded: true });
    const text = lines.join('\n');
    if (text === this.#loaded) return;
    const chains = lines.flatMap((line) => /^\tchain (\S+) \{$/u.exec(line)?.[1] ?? []);
    const gone = this.#chains.filter((chain) => !chains.includes(chain));
    await kernel.load(
      [
        // Flushed, not deleted: maps with affinity, counters and counted connections stay.
        `${before}${table}`,
        `flush ${table}`,
        ...gone.map((chain) => `delete ${table.replace('table', 'chain')} ${chain}`),
        `${table} {`,
        text,
        '}',
        '',
      ].join('\n'),
    );
    this.#loaded = text;
    this.#chains = chains;
  }

  #rules(): readonly RuleService[] {
    const now = this.#context.clock.now();
    const { connectionsPerSource: most } = this.#context.limits;
    return this.#services.map((service): RuleService => {
      const { address } = service;
      return {
        name: identifierOf(service.key),
        address,
        port: service.port,
        scheduling: service.scheduling,
        affinity:
          service.affinity === 'source' ? Math.ceil(service.affinityTime / 1000) : undefined,
        idleTimeout: Math.ceil(service.idleTimeout),
        source:
          service.nat === 'source' ? addressFor(this.#context.localAddresses, address) : undefined,
        connectionsPerMember: service.connectionsPerMember,
        perSource: { most, exempt: [...service.trustedSources] },
        cut: this.#marks.toCut(
          service,
          // Whoever was brought back meanwhile has new sessions.
          (mark, state) =>
            this.#closing || (state !== 'up' && this.#expelled.has(`${address} ${mark}`)),
        ),
        members: service.members.map((member) => ({
          host: member.host,
          address: member.address,
          port: member.port,
          mark: this.#marks.of(address, member.host),
          open: this.#accepting && member.state === 'up',
          weight: steppedWeight(member, now, service.slowStart),
        })),
      };
    });
  }

  /** While a member takes its share slowly, the rules change in steps. */
  #planStep(): void {
    this.#cancelStep();
    const { clock } = this.#context;
    // A hash knows no weights.
    const weighed = this.#services.filter(({ scheduling }) => scheduling !== 'maglev');
    const pause = untilNextStep(weighed, clock.now());
    if (pause === undefined || this.#closed) return;
    // A load that fails is repeated with the next change.
    this.#cancelStep = clock.after(pause, () => void this.#load().catch(() => undefined));
  }

  async #watch(): Promise<void> {
    const watcher = await kernel.watchEnds((connection) => this.#ended(connection));
    this.#watcher = watcher;
    watcher.once('close', () => {
      if (this.#closed) return;
      // Without it refusals wait for a probe, nothing else; so it need not come back at once.
      this.#context.clock.after(again, () => {
        if (!this.#closed) void this.#watch().catch(() => undefined);
      });
    });
  }

  #ended(connection: Tracked): void {
    const found = this.#serviceOf(connection);
    if (found === undefined) return;
    const { service, member } = found;
    switch (endOf(connection)) {
      case 'refused':
        this.#ledger.failed(service.key, member.host);
        if (member.state !== 'up') return;
        this.#context.report({
          kind: 'refused',
          service: service.key,
          host: member.host,
          cause: causeOf('ECONNREFUSED'),
          reason: `connect ECONNREFUSED ${member.address}:${member.port}`,
        });
        return;
      case 'idle':
        this.#ledger.idle(service.key);
        void wake([connection], this.#context.clock);
        return;
      case 'ordinary':
    }
  }

  #serviceOf({ address, port, mark }: Tracked) {
    const service = this.#services.find((one) => one.address === address && one.port === port);
    const member = service?.members.find(({ host }) => this.#marks.of(address, host) === mark);
    return service === undefined || member === undefined ? undefined : { service, member };
  }

  /** Looks at what the kernel holds. */
  async #look(): Promise<void> {
    const vips = [...new Set(this.#services.map(({ address }) => address))];
    const connections = (await Promise.all(vips.map(kernel.connectionsTo))).flat();
    const bound = new Map<string, ReadonlyMap<number, number>>();
    for (const { address, affinity } of this.#services) {
      if (affinity !== 'none' && !bound.has(address)) {
        bound.set(address, await kernel.boundClients(address));
      }
    }
    this.#ledger.seen(connections, await kernel.counters(), bound);
  }

  #sessions(of: (connection: Tracked) => boolean): readonly Tracked[] {
    return this.#ledger.connections.filter((one) => isSession(one) && of(one));
  }

  /** Makes the clients notice whose sessions the rules reset now; resolves when they are gone. */
  async #cut(): Promise<number> {
    await this.#looks.now();
    const rules = this.#rules();
    const condemned = this.#sessions(({ address, port, mark }) =>
      rules.some((one) => one.address === address && one.port === port && one.cut.includes(mark)),
    );
    for (const connection of condemned) {
      const found = this.#serviceOf(connection);
      if (found !== undefined) this.#ledger.cut(found.service.key, found.member.host);
    }
    await wake(condemned, this.#context.clock);
    return condemned.length;
  }

  async drainMember(host: string, deadline: number, givenUp: AbortSignal): Promise<number> {
    const held = (): number =>
      this.#sessions((one) => this.#serviceOf(one)?.member.host === host).length;
    await this.#looks.until(() => held() === 0, deadline, givenUp);
    if (givenUp.aborted || held() === 0) return 0;
    const marks = this.#services.flatMap(({ address, members }) =>
      members.some((one) => one.host === host)
        ? [`${address} ${this.#marks.of(address, host)}`]
        : [],
    );
    for (const mark of marks) this.#expelled.add(mark);
    try {
      await this.#load();
      return await this.#cut();
    } finally {
      for (const mark of marks) this.#expelled.delete(mark);
      await this.#load();
    }
  }

  /** What the kernel has forgotten, it resets when it hears of it again. */
  async abandon(): Promise<void> {
    await this.#looks.now();
    for (const connection of this.#sessions(() => true)) {
      const found = this.#serviceOf(connection);
      if (found !== undefined) this.#ledger.cut(found.service.key, found.member.host);
    }
    const vips = new Set(this.#services.map(({ address }) => address));
    await Promise.all([...vips].map(kernel.forget));
  }

  /** The kernel carries connections by itself. */
  works(): boolean {
    return true;
  }

  async drain(deadline: number): Promise<void> {
    this.#accepting = false;
    await this.#load();
    await this.#looks.until(() => this.#sessions(() => true).length === 0, deadline);
  }

  stats(): readonly ServiceCounters[] {
    return this.#services.map((service) =>
      this.#ledger.of(service, (host) => this.#marks.of(service.address, host)),
    );
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#accepting = false;
    try {
      // Nothing was loaded by an engine that could not start.
      if (this.#loaded !== '') await this.#end();
    } finally {
      this.#closed = true;
      this.#cancelStep();
      this.#watcher?.kill();
      await this.#looks.close();
    }
  }

  /** Resets every session, then takes the rules away. */
  async #end(): Promise<void> {
    await this.#load();
    await this.#cut();
    await kernel.load(`${table}\ndelete ${table}\n`);
  }
}

function memberOf(services: readonly EngineService[], key: string, host: string) {
  const service = services.find((one) => one.key === key);
  return service?.members.find((one) => one.host === host);
}
