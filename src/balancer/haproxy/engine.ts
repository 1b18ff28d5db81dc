import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cancel, UsherError } from '#base';
import { makePrivateDirectory } from '#trust';
import type { Engine, EngineContext, EngineService, ServiceCounters } from '../engine.ts';
import { openFrontend } from '../engines/frontend.ts';
import { Looks } from '../engines/looks.ts';
import { affordableConnections } from '../engines/machine.ts';
import { configuration, log, serverName, tableOf } from '../exports/haproxy.ts';
import { probeTimeoutLimit } from '../constants.ts';
import { steppedWeight, untilNextStep } from '../policy/scheduling.ts';
import { identifierOf } from '../targets.ts';
import { Ledger } from './ledger.ts';
import { Master } from './master.ts';
import { readEnd, readStatistics, readTables, type Line } from './status.ts';

/** Milliseconds until a HAProxy that ended by itself is started again. */
const again = 1000;

/**
 * Milliseconds for which HAProxy may call a member down that the balancer, asked to look at once, goes on
 * finding up: time for a probe and its repetition.
 */
const disputed = 2 * probeTimeoutLimit;

/** Weight of a member with its whole share. */
const fullWeight = 100;

/** What HAProxy is told of a state. `maint` takes nobody; `drain` as well, and goes on being probed. */
const orders = { up: 'ready', draining: 'drain', checking: 'maint', down: 'maint' } as const;

/** The data path in a HAProxy of our own: configured, started, watched and ended by this process. */
export class HaproxyEngine implements Engine {
  readonly name = 'haproxy';
  readonly #context: EngineContext;
  readonly #ledger = new Ledger();
  readonly #looks: Looks;
  #services: readonly EngineService[] = [];
  #directory = '';
  #master: Master | undefined;
  /** What the running configuration says, apart from who begins without connections. */
  #written = '';
  /** What every server was told last. */
  #told = new Map<string, string>();
  /** Since when HAProxy has called a server down that is up. */
  readonly #disputes = new Map<string, number>();
  #telling: Promise<void> = Promise.resolve();
  #cancelAgain: Cancel = () => undefined;
  #cancelStep: Cancel = () => undefined;
  #runs = false;
  #closed = false;

  constructor(context: EngineContext) {
    this.#context = context;
    this.#looks = new Looks(context.clock, () => this.#look());
  }

  async start(services: readonly EngineService[]): Promise<void> {
    await Master.needed();
    // Whoever cannot open them says which row it is; HAProxy would say only the address.
    for (const service of services) await needOpenable(service);
    this.#services = services;
    try {
      this.#directory = await this.#ownDirectory();
      await this.#write();
      await this.#launch();
      await this.#looks.now();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #ownDirectory(): Promise<string> {
    const { directory } = this.#context;
    if (directory === undefined) return await mkdtemp(join(tmpdir(), 'usher-haproxy-'));
    await rm(directory, { recursive: true, force: true });
    await makePrivateDirectory(directory);
    return directory;
  }

  /** Writes the configuration and its files; true when they say something new. */
  async #write(): Promise<boolean> {
    const connections = await affordableConnections(this.#context.limits.connections);
    const { certificate, key, ca } = this.#context.credentials();
    const record = this.#context.record();
    // Whose sessions end and who starts slowly is decided here, not there.
    const services = record.services.map((service) => ({
      ...service,
      onFailure: 'keep' as const,
      slowStart: 0,
    }));
    const text = (out: ReadonlySet<string>): string =>
      configuration(
        { ...record, services },
        {
          connections,
          certificate: join(this.#directory, 'balancer.pem'),
          ca: join(this.#directory, 'ca.crt'),
          directory: this.#directory,
          log: log.starter,
          out,
        },
      ).join('\n');
    const pem = certificate + key;
    const written = [text(new Set()), pem, ca].join('\n');
    if (written === this.#written) return false;
    const out = this.#servers().flatMap(({ name, state }) => (state === 'up' ? [] : [name]));
    const files = { 'haproxy.cfg': text(new Set(out)), 'balancer.pem': pem, 'ca.crt': ca };
    for (const [file, content] of Object.entries(files)) {
      await writeFile(join(this.#directory, file), content, { mode: 0o600 });
    }
    this.#written = written;
    return true;
  }

  async #launch(): Promise<void> {
    const at = (file: string): string => join(this.#directory, file);
    const master = new Master(at('haproxy.cfg'), at('master.sock'), (line) => this.#heard(line));
    this.#master = master;
    await master.check();
    await master.start(() => {
      this.#runs = false;
      if (this.#closed) return;
      this.#cancelAgain = this.#context.clock.after(again, () => void this.#restart());
    });
    this.#runs = true;
    this.#told = new Map();
    await this.#tell();
  }

  /** It ended by itself: anew, with who is in and out now. */
  async #restart(): Promise<void> {
    if (this.#closed) return;
    this.#written = '';
    try {
      await this.#write();
      await this.#launch();
    } catch {
      // Each start that fails ends the process, which brings the next one.
    }
  }

  #heard(line: string): void {
    const end = readEnd(line);
    if (end?.how === 'idle') this.#ledger.idle(end.service);
  }

  async apply(services: readonly EngineService[]): Promise<void> {
    this.#services = services;
    this.#telling = this.#changed(this.#telling);
    await this.#telling;
  }

  async #changed(earlier: Promise<void>): Promise<void> {
    // Who asked for the earlier one was told how it ended.
    await earlier.catch(() => undefined);
    if (this.#closed || this.#master === undefined) return;
    if (await this.#write()) {
      await this.#master.check();
      await this.#master.reload();
      this.#told = new Map();
    }
    await this.#tell();
  }

  /** What every server has to be told, by its name. */
  #wanted(): ReadonlyMap<string, string> {
    const now = this.#context.clock.now();
    return new Map(
      this.#services.flatMap(({ key, slowStart, scheduling, members }) =>
        members.map((member) => {
          const name = serverName({ name: identifierOf(key) }, member.host);
          // A hash knows no weights.
          const share = scheduling === 'maglev' ? 1 : steppedWeight(member, now, slowStart);
          const weight = Math.round(share * fullWeight);
          const words = [`state ${orders[member.state]}`, `weight ${weight}`];
          return [name, words.map((order) => `set server ${name} ${order}`).join('\n')] as const;
        }),
      ),
    );
  }

  /** While a member takes its share slowly, its weight changes in steps. */
  #planStep(): void {
    this.#cancelStep();
    const { clock } = this.#context;
    const pause = untilNextStep(this.#services, clock.now());
    if (pause === undefined || this.#closed) return;
    // What fails now is told again with the next change.
    this.#cancelStep = clock.after(
      pause,
      () => void this.apply(this.#services).catch(() => undefined),
    );
  }

  /** Tells HAProxy what is new: who takes connections, whose clients move, whose sessions end. */
  async #tell(): Promise<void> {
    const master = this.#master;
    const { present } = (await master?.workers()) ?? {};
    if (master === undefined || present === undefined) {
      throw new UsherError('USHER_ENGINE_REFUSED', 'haproxy has ended; it is started again.', {
        remedy: 'See the log of the system for why.',
      });
    }
    const wanted = this.#wanted();
    const news = [...wanted].flatMap(([name, order]) =>
      this.#told.get(name) === order ? [] : order.split('\n'),
    );
    // Who comes back first: between two orders nobody may be without a server.
    const [back, gone] = partition(news, (order) => order.endsWith(' state ready'));
    await master.tell(present, [...back, ...gone, ...this.#releases()]);
    this.#told = new Map(wanted);
    this.#planStep();
    for (const { key, members } of this.#services) {
      for (const { host, state, sessions } of members) {
        if (state === 'down' && sessions === 'reset') await this.#cut(key, host);
      }
    }
  }

  /** Forgets who is bound to members that take nobody: a server that drains would go on taking them. */
  #releases(): readonly string[] {
    return this.#services.flatMap(({ affinity, address, members }) =>
      affinity === 'none'
        ? []
        : members.flatMap(({ state }, index) =>
            state === 'up'
              ? []
              : [`clear table ${tableOf({ address })} data.server_id eq ${index + 1}`],
          ),
    );
  }

  /** Ends the sessions of one server, in every worker; resolves with how many there were. */
  async #cut(key: string, host: string): Promise<number> {
    const master = this.#master;
    if (master === undefined) return 0;
    await this.#looks.now();
    const open = this.#ledger.open(key, host);
    if (open === 0) return 0;
    const { present, old } = await master.workers();
    const command = `shutdown sessions server ${serverName({ name: identifierOf(key) }, host)}`;
    for (const pid of present === undefined ? old : [present, ...old]) {
      await master.tell(pid, [command]);
    }
    this.#ledger.cut(key, host, open);
    return open;
  }

  /** Looks at what the workers count, and has members probed of which they complain. */
  async #look(): Promise<void> {
    const master = this.#master;
    if (master === undefined) return;
    const before = new Map(this.#servers().map((one) => [one.name, this.#troublesOf(one)]));
    const { present, old } = await master.workers();
    const seen = new Map<number, readonly Line[]>();
    for (const pid of present === undefined ? old : [present, ...old]) {
      seen.set(pid, readStatistics(await master.tell(pid, ['show stat -1 7 -1'])));
    }
    const tables = present === undefined ? '' : await master.tell(present, ['show table']);
    this.#ledger.seen(seen, readTables(tables));
    const now = present === undefined ? [] : (seen.get(present) ?? []);
    for (const one of this.#servers()) {
      const line = now.find(
        ({ service, server }) => serverName({ name: service }, server) === one.name,
      );
      const down = line?.status.startsWith('DOWN') === true;
      if (down && one.state === 'up') await this.#overrule(one.name);
      else this.#disputes.delete(one.name);
      const complains = down || this.#troublesOf(one) > (before.get(one.name) ?? 0);
      if (one.state !== 'up' || !complains) continue;
      const reason = `HAProxy has trouble with it (${line?.status ?? 'no status'})`;
      this.#context.report({
        kind: 'suspect',
        service: one.key,
        host: one.host,
        cause: 'unreachable',
        reason,
      });
    }
  }

  /** Health is decided in one place: what HAProxy alone finds is looked at, and then not followed. */
  async #overrule(name: string): Promise<void> {
    const now = this.#context.clock.now();
    const since = this.#disputes.get(name) ?? now;
    this.#disputes.set(name, since);
    if (now - since < disputed) return;
    this.#disputes.delete(name);
    const { present } = (await this.#master?.workers()) ?? {};
    if (present !== undefined) await this.#master?.tell(present, [`set server ${name} health up`]);
  }

  #servers() {
    return this.#services.flatMap(({ key, members }) =>
      members.map(({ host, state }) => ({
        key,
        host,
        state,
        name: serverName({ name: identifierOf(key) }, host),
      })),
    );
  }

  #troublesOf({ key, host }: { readonly key: string; readonly host: string }): number {
    return this.#ledger.troubles(key, host);
  }

  async drainMember(host: string, deadline: number, givenUp: AbortSignal): Promise<number> {
    const keys = (): readonly string[] =>
      this.#services.flatMap(({ key, members }) =>
        members.some((member) => member.host === host) ? [key] : [],
      );
    const held = (): number => keys().reduce((sum, key) => sum + this.#ledger.open(key, host), 0);
    await this.#looks.until(() => held() === 0, deadline, givenUp);
    if (held() === 0) return 0;
    let cut = 0;
    // Whoever is brought back in the meantime keeps its sessions, which may be new.
    for (const key of keys()) cut += givenUp.aborted ? 0 : await this.#cut(key, host);
    return cut;
  }

  async abandon(): Promise<void> {
    for (const { key, host } of this.#servers()) await this.#cut(key, host);
  }

  works(): boolean {
    return this.#runs;
  }

  async drain(deadline: number): Promise<void> {
    const { present } = (await this.#master?.workers()) ?? {};
    if (present !== undefined) {
      const fronts = this.#services.map(({ key }) => `shutdown frontend ${identifierOf(key)}`);
      await this.#master?.tell(present, fronts);
    }
    const held = (): number =>
      this.#servers().reduce((sum, { key, host }) => sum + this.#ledger.open(key, host), 0);
    await this.#looks.until(() => held() === 0, deadline);
  }

  stats(): readonly ServiceCounters[] {
    return this.#services.map((service) => this.#ledger.of(service));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelAgain();
    this.#cancelStep();
    await this.#looks.close();
    await this.#telling.catch(() => undefined);
    await this.#master?.end();
    // The balancer's key is in it.
    if (this.#directory !== '') await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Opens what HAProxy will open, for a moment; a VIP that moves between two machines may be elsewhere. */
async function needOpenable(service: EngineService): Promise<void> {
  try {
    const server = await openFrontend(service, (client) => client.destroy());
    await new Promise((resolve) => void server.close(resolve));
  } catch (error) {
    const absent = error instanceof UsherError && error.code === 'USHER_VIP_NOT_LOCAL';
    if (!absent || !service.floating) throw error;
  }
}

function partition(
  all: readonly string[],
  first: (order: string) => boolean,
): readonly [readonly string[], readonly string[]] {
  return [all.filter(first), all.filter((order) => !first(order))];
}
