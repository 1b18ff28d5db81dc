import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestDeployment } from '../../test/interop/support/deployment.ts';
import { Heaps, judgeHeap, type HeapVerdict } from './heap.ts';
import { judgeMemory, memoryOf, type MemorySample, type MemoryVerdict } from './memory.ts';
import { People, people } from './people.ts';
import { judgeRequests, type RequestVerdict } from './request.ts';
import { Control, judgeStalls, stallsIn, type JudgedStall } from './stalls.ts';

/** How long, and how rough. */
export interface Plan {
  readonly minutes: number;
  /** Seconds between two kills, and between two reloads. */
  readonly kill: number;
  readonly reload: number;
  /** Processes a host, where its role takes several. */
  readonly workers: number;
}

export interface Result {
  readonly plan: Plan;
  readonly kills: number;
  readonly reloads: number;
  readonly calls: number;
  readonly requests: RequestVerdict;
  /** Of every process that lasted the whole run: a host, or a worker of one. */
  readonly memory: Readonly<Record<string, MemoryVerdict>>;
  readonly heap: Readonly<Record<string, HeapVerdict>>;
  readonly stalls: readonly JudgedStall[];
}

/** By turns; each is the other's stand-in for the users of their pool. */
const victims = ['fe01.contoso.net', 'fe02.contoso.net'] as const;

/** They live as long as the run; the third Front End stands for what the victims would do. */
const lasting = [
  'edge01.contoso.net',
  'lb01.contoso.net',
  'dir01.contoso.net',
  'dir02.contoso.net',
  'fe03.contoso.net',
  'rp01.contoso.net',
] as const;

/** Seconds a killed host may take to serve again. */
const patience = 60;

/** Bytes left after a collection, by process; undefined where one did not say. */
type Left = ReadonlyMap<string, number | undefined>;

/** Runs the whole soak; rejects when the deployment does not start, or a host does not come back. */
export async function soak(plan: Plan, say: (line: string) => void): Promise<Result> {
  say('starting the deployment');
  using heaps = new Heaps();
  await using deployment = await TestDeployment.prepare(people, {
    env: heaps.environment,
    workers: plan.workers,
  });
  // Whether every row is proven is another test's question; a machine with much to do may miss one.
  await deployment.up.see(/the table is (?:NOT )?proven/u, 180);
  return await new Soak(plan, say, deployment, heaps, await People.signIn(deployment)).run();
}

class Soak {
  readonly #plan: Plan;
  readonly #say: (line: string) => void;
  readonly #deployment: TestDeployment;
  readonly #heaps: Heaps;
  readonly #people: People;
  readonly #control = new Control();
  readonly #pids = new Map<string, number>();
  readonly #memory = new Map<string, MemorySample[]>();
  readonly #kills: number[] = [];
  #reloads = 0;

  constructor(
    plan: Plan,
    say: (line: string) => void,
    deployment: TestDeployment,
    heaps: Heaps,
    population: People,
  ) {
    this.#plan = plan;
    this.#say = say;
    this.#deployment = deployment;
    this.#heaps = heaps;
    this.#people = population;
  }

  async run(): Promise<Result> {
    const { minutes, kill, reload } = this.#plan;
    for (const host of lasting) {
      const pid = await this.#deployment.pidOf(host);
      for (const [name, each] of processesOf(host, pid)) this.#pids.set(name, each);
    }
    for (const name of this.#pids.keys()) this.#memory.set(name, []);
    const begun = Date.now();
    const end = begun + minutes * 60_000;
    const warm = begun + Math.max(60_000, (end - begun) / 4);
    const looking = setInterval(() => this.#look(), 1000);
    const telling = setInterval(() => this.#tell(begun), 10_000);
    const over = new AbortController();
    let before: Promise<Left> = Promise.resolve(new Map());
    try {
      this.#people.begin();
      before = sleep(warm - Date.now(), undefined, over).then(() => this.#left());
      before.catch(() => {});
      // Half a period off, so that a reload does not always meet a kill.
      const kills = this.#every(kill, end, over.signal, () => this.#kill());
      const reloads = this.#every(reload * 0.75, end, over.signal, () => this.#reload(), reload);
      await Promise.all([kills, reloads, sleep(end - Date.now(), undefined, over)]);
    } finally {
      over.abort();
      clearInterval(telling);
      this.#say('waiting for the last answers');
      await this.#people.end();
      clearInterval(looking);
      this.#control.close();
    }
    return this.#result(begun, warm, await before, await this.#left());
  }

  /** Bytes every lasting process keeps, one after the other. */
  async #left(): Promise<Left> {
    const left = new Map<string, number | undefined>();
    for (const [name, pid] of this.#pids) left.set(name, await this.#heaps.of(pid));
    return left;
  }

  #result(begun: number, warm: number, before: Left, after: Left): Result {
    const names = [...this.#pids.keys()];
    const memory = names.map((name) => [name, judgeMemory(this.#memory.get(name) ?? [], warm)]);
    const heap = names.map((name) => [name, judgeHeap(before.get(name), after.get(name))]);
    const stalls = stallsIn(join(this.#deployment.state, 'run')).filter(
      ({ at }) => at > begun && !this.#heaps.collections.some((when) => Math.abs(when - at) < 3000),
    );
    return {
      plan: this.#plan,
      kills: this.#kills.length,
      reloads: this.#reloads,
      calls: this.#people.calls,
      requests: judgeRequests(this.#people.requests, this.#kills),
      memory: Object.fromEntries(memory),
      heap: Object.fromEntries(heap),
      stalls: judgeStalls(stalls, this.#control.delays),
    };
  }

  /** Does it after `first` seconds and then every `period`, as long as there is time for its effects. */
  async #every(
    first: number,
    end: number,
    signal: AbortSignal,
    act: () => Promise<void>,
    period = first,
  ): Promise<void> {
    const begun = Date.now();
    for (let turn = 0; ; turn += 1) {
      const at = begun + (first + turn * period) * 1000;
      if (at > end - 10_000) return;
      await sleep(Math.max(0, at - Date.now()), undefined, { signal });
      await act();
    }
  }

  async #kill(): Promise<void> {
    const victim = victims[this.#kills.length % victims.length] ?? victims[0];
    const { up } = this.#deployment;
    const since = up.output.length;
    this.#kills.push(Date.now());
    process.kill(await this.#deployment.pidOf(victim), 'SIGKILL');
    await up.see(new RegExp(`${victim} is back`, 'u'), patience, since);
  }

  /** New certificates for every host, read without a restart. */
  async #reload(): Promise<void> {
    const { up, topologyFile } = this.#deployment;
    await this.#deployment.usher('pki', 'renew', topologyFile, '--all');
    const since = up.output.length;
    up.signal('SIGHUP');
    await up.see(/every host has read certificates/u, patience, since);
    this.#reloads += 1;
  }

  #look(): void {
    this.#control.look();
    const at = Date.now();
    for (const [name, pid] of this.#pids) {
      const bytes = memoryOf(pid);
      if (bytes !== undefined) this.#memory.get(name)?.push({ at, bytes });
    }
  }

  #tell(begun: number): void {
    const { requests, unanswered, calls } = this.#people;
    const seconds = Math.round((Date.now() - begun) / 1000);
    this.#say(
      `${seconds} s: ${requests.length} requests, ${unanswered} without an answer; ${calls} calls, ` +
        `${this.#kills.length} kills, ${this.#reloads} reloads`,
    );
  }
}

/** The process of a host and, where it leaves the work to several, those: `dir01.contoso.net, worker 1`. */
function processesOf(host: string, pid: number): readonly (readonly [string, number])[] {
  const list = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const workers = list.split('\n').flatMap((line): (readonly [string, number])[] => {
    const [, own, parent, worker] = /^\s*(\d+)\s+(\d+)\s.*--worker (\d+)$/u.exec(line) ?? [];
    return Number(parent) === pid ? [[`${host}, worker ${worker}`, Number(own)]] : [];
  });
  return [[host, pid], ...workers];
}
