import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { messageOf } from '#base';
import { loadPlan, servicePort } from '#ports';
import { issueCertificate, pkiPaths } from '#trust';
import { describeMachine, versionOf } from '../machine/describe.ts';
import { usageOf } from '../machine/proc.ts';
import { Started } from '../machine/program.ts';
import { writeSection } from '../report/section.ts';
import { sourceOfC } from '../sip/drivers.ts';
import { Network, type Station } from './network.ts';
import { pageOf, type Measured, type Way } from './page.ts';
import { driver, rivals, topology } from './topology.ts';

const help = `Usage: npm run bench:vip -- [options]

Measures the way to two answering members directly and through a VIP of each engine, in turns, in network
namespaces: requests over standing connections, new connections, CPU of the balancer. Needs root, nftables,
conntrack, haproxy and iproute2. Takes about two minutes.

  --rounds N               rounds the medians are of (default 3)
  --seconds S              of every run (default 3)
  --driver usher|sipload   who drives and answers (default sipload, in C, where its source and gcc are)
  --write                  put the result into docs/benchmarks.md
`;

const run = promisify(execFile);
const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const loader = fileURLToPath(new URL('../load/main.ts', import.meta.url));
const connector = fileURLToPath(new URL('connections.ts', import.meta.url));
const members: readonly Station[] = ['first', 'second'];
const connections = 8;
const window = 32;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    driver: { type: 'string' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function above0(name: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  process.stderr.write(`--${name}: ${text} is no number above 0; try --help\n`);
  process.exit(2);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The names in a JSON object a program printed that have numbers. */
function numbersIn(text: string): Readonly<Record<string, number>> {
  const told: unknown = JSON.parse(text);
  if (typeof told !== 'object' || told === null) return {};
  return Object.fromEntries(
    Object.entries(told).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'number' ? [[name, value] as const] : [],
    ),
  );
}

/** Everything that runs during the measurement, and where its files are. */
class Stand implements AsyncDisposable {
  readonly #state = mkdtempSync(join(tmpdir(), 'usher-vip-'));
  readonly #network = new Network();
  readonly #started: Started[] = [];
  readonly #balancers = new Map<string, Started>();
  readonly #sip: number;
  readonly #web: number;
  readonly sipload: string | undefined;

  constructor() {
    const text = topology();
    writeFileSync(this.#path('topology.yaml'), text);
    const loaded = loadPlan(text, this.#path('topology.yaml'));
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
    this.#sip = servicePort(loaded.plan, 'sip');
    this.#web = servicePort(loaded.plan, 'webInternalPlain');
    this.sipload = values.driver === 'usher' ? undefined : this.#compiled();
  }

  #path(name: string): string {
    return join(this.#state, name);
  }

  #compiled(): string | undefined {
    const binary = this.#path('sipload');
    if (!existsSync(sourceOfC)) return undefined;
    try {
      execFileSync('gcc', ['-O2', '-w', '-o', binary, sourceOfC, '-lssl', '-lcrypto'], {
        stdio: 'ignore',
      });
      return binary;
    } catch {
      return undefined;
    }
  }

  #files(name: string): readonly [string, string, string] {
    const { hosts, caCertificate } = pkiPaths(this.#state);
    return name === 'sink'
      ? [this.#path('sink.crt'), this.#path('sink.key'), caCertificate]
      : [join(hosts, `${name}.crt`), join(hosts, `${name}.key`), caCertificate];
  }

  #start(station: Station, name: string, ...words: readonly string[]): Started {
    const [program = '', ...rest] = this.#network.command(station, ...words);
    const started = new Started(name, program, rest, this.#path(`${name}.log`));
    this.#started.push(started);
    return started;
  }

  /** Certificates, answering members and the three balancers; resolves when every VIP has its members. */
  async open(): Promise<void> {
    const place = [this.#path('topology.yaml'), '--state', this.#state];
    await run(process.execPath, [launcher, 'pki', 'init', ...place]);
    const all = rivals.flatMap((rival) => rival.members);
    const { caKey, caCertificate } = pkiPaths(this.#state);
    const authority = {
      key: readFileSync(caKey, 'utf8'),
      certificate: readFileSync(caCertificate, 'utf8'),
    };
    const [first = '', ...others] = all.map(({ fqdn }) => fqdn);
    const made = await issueCertificate(
      authority,
      { subject: first, names: [first, ...others] },
      new Date(),
    );
    writeFileSync(this.#path('sink.crt'), made.certificate);
    writeFileSync(this.#path('sink.key'), made.key, { mode: 0o600 });
    for (const [index, station] of members.entries()) {
      const addresses = rivals.flatMap((rival) => rival.members[index]?.address ?? []);
      const web = ['serve', addresses.join(','), String(this.#web)];
      const answerer = this.#start(station, `web-${station}`, process.execPath, connector, ...web);
      await answerer.see(/answering/u);
      await this.#answer(station, addresses);
    }
    for (const { balancer, engine } of rivals) {
      const words = [process.execPath, launcher, 'serve', balancer, ...place];
      this.#balancers.set(engine, this.#start('balancer', balancer, ...words));
    }
    for (const started of this.#balancers.values()) await started.see(/"msg":"serving"/u, 60);
    for (const { balancer } of rivals) await this.#allUp(balancer, place);
  }

  async #answer(station: Station, addresses: readonly string[]): Promise<void> {
    const [certificate, key, ca] = this.#files('sink');
    if (this.sipload !== undefined) {
      const words = [this.sipload, 'uas', '0.0.0.0', String(this.#sip), certificate, key, ca];
      this.#start(station, `sink-${station}`, ...words);
      return;
    }
    const places = addresses.map((address) => `${address}:${this.#sip}`);
    const own = ['--cert', certificate, '--key', key, '--ca', ca];
    const words = [process.execPath, loader, 'uas', ...places, ...own];
    const sink = this.#start(station, `sink-${station}`, ...words);
    await sink.see(new RegExp(`answering on ${places.at(-1)}`, 'u'));
  }

  /** Waits until a balancer has both members up for what is measured. */
  async #allUp(balancer: string, place: readonly string[]): Promise<void> {
    const words = ['balancer', 'status', ...place, '--host', balancer, '--lang', 'en'];
    let seen = '';
    for (let tries = 0; tries < 40; tries += 1) {
      const { stdout } = await run(process.execPath, [launcher, ...words]).catch(
        (error: unknown) => ({ stdout: String(Reflect.get(Object(error), 'stdout') ?? '') }),
      );
      const up = stdout
        .split('\n')
        .filter((line) => / (?:sip|webInternalPlain) .* up /u.test(line));
      if (up.length === 4) return;
      seen = stdout;
      await sleep(500);
    }
    throw new Error(`${balancer} does not find its members well:\n${seen}`);
  }

  addressOf(way: Way): string {
    const [one] = rivals;
    if (way === 'direct') return one?.members[0]?.address ?? '';
    return rivals.find(({ engine }) => engine === way)?.vip ?? '';
  }

  /** CPU seconds the balancer of this way has used. */
  cpu(way: Way): number {
    const balancer = this.#balancers.get(way);
    return balancer === undefined ? 0 : usageOf(balancer.pid).cpu;
  }

  async requests(
    way: Way,
    seconds: number,
  ): Promise<{ perSecond: number; p99: number; count: number }> {
    const address = this.addressOf(way);
    const [certificate, key, ca] = this.#files(driver.fqdn);
    const inC = async (total: number): Promise<Readonly<Record<string, number>>> => {
      const shape = [connections, window, total, 'MESSAGE', 100_000, 'contoso.test'].map(String);
      const words = [this.sipload ?? '', 'uac', address, String(this.#sip), ...shape];
      return numbersIn(await this.#run('client', ...words, certificate, key, ca));
    };
    if (this.sipload !== undefined) {
      // It takes a number of requests, not a time.
      const probe = await inC(20_000);
      const total = Math.round((probe['per_second'] ?? 0) * seconds);
      const told = await inC(Math.max(20_000, total));
      return {
        perSecond: told['per_second'] ?? 0,
        p99: told['p99_us'] ?? 0,
        count: Math.max(20_000, total),
      };
    }
    const own = ['--cert', certificate, '--key', key, '--ca', ca];
    const shape = ['--connections', String(connections), '--window', String(window)];
    const words = [
      'uac',
      `${address}:${this.#sip}`,
      '--method',
      'MESSAGE',
      '--seconds',
      String(seconds),
    ];
    const told = numbersIn(
      await this.#run('client', process.execPath, loader, ...words, ...shape, ...own),
    );
    return {
      perSecond: told['perSecond'] ?? 0,
      p99: told['p99'] ?? 0,
      count: told['answered'] ?? 0,
    };
  }

  async connections(way: Way, seconds: number): Promise<number> {
    const where = [this.addressOf(way), String(this.#web), String(seconds)];
    const told = numbersIn(
      await this.#run('client', process.execPath, connector, 'drive', ...where),
    );
    if ((told['failed'] ?? 0) > 0) say(`  ${way}: ${told['failed']} connections failed`);
    return told['perSecond'] ?? 0;
  }

  async #run(station: Station, ...words: readonly string[]): Promise<string> {
    const [program = '', ...rest] = this.#network.command(station, ...words);
    const { stdout } = await run(program, rest, { maxBuffer: 2 ** 24 });
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map((started) => started.end()));
    this.#network[Symbol.dispose]();
    rmSync(this.#state, { recursive: true, force: true });
  }
}

/** A run whose driver was left by its peer is repeated, and said to be. */
async function again<Result>(measured: () => Promise<Result>): Promise<Result> {
  for (let left = 2; ; left -= 1) {
    try {
      return await measured();
    } catch (error) {
      if (left === 0) throw error;
      say(`  a run broke off and is repeated: ${messageOf(error).trim().split('\n').at(-1)}`);
      await sleep(15_000);
    }
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

async function main(): Promise<void> {
  const rounds = Math.ceil(above0('rounds', values.rounds));
  const seconds = above0('seconds', values.seconds);
  const machine = describeMachine(
    versionOf('haproxy', '-v')?.split(' -')[0],
    versionOf('nft', '--version'),
  );
  await using stand = new Stand();
  say('certificates, members, balancers');
  await stand.open();
  const ways: readonly Way[] = ['direct', 'nftables', 'haproxy', 'embedded'];
  const samples = new Map<Way, Omit<Measured, 'way'>[]>(ways.map((way) => [way, []]));
  // What is compiled on the way to a steady state is nobody's daily rate.
  for (const way of ways) await again(() => stand.requests(way, seconds / 2));
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ways) {
      const before = stand.cpu(way);
      const { perSecond, p99, count } = await again(() => stand.requests(way, seconds));
      const cpu = (stand.cpu(way) - before) / count;
      const made = await stand.connections(way, seconds);
      samples.get(way)?.push({ requests: perSecond, p99, cpu, connections: made });
      say(`  ${way}: ${Math.round(perSecond)} requests, ${Math.round(made)} connections a second`);
    }
  }
  const results = ways.map((way): Measured => {
    const all = samples.get(way) ?? [];
    const of = (what: (sample: Omit<Measured, 'way'>) => number): number => median(all.map(what));
    return {
      way,
      requests: of(({ requests }) => requests),
      p99: of(({ p99 }) => p99),
      cpu: of(({ cpu }) => cpu),
      connections: of((sample) => sample.connections),
    };
  });
  const who = stand.sipload === undefined ? 'usher' : 'sipload (C)';
  const page = pageOf(results, { rounds, seconds, driver: who, machine });
  say(`\n${page}`);
  if (values.write) writeSection('vip', page);
}

if (values.help) process.stdout.write(help);
else await main();
