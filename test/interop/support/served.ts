import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadPlan, type Plan } from '#ports';
import { hostsOf, type Role } from '#topology';
import { lowPortsAreFree, type TestUser } from './deployment.ts';
import { Program } from './process.ts';

const run = promisify(execFile);
const launcher = fileURLToPath(new URL('../../../bin/usher.js', import.meta.url));
const contoso = readFileSync(new URL('../../../examples/contoso.yaml', import.meta.url), 'utf8');

/** Who is started first: the balancer finds its members, the Edge its next hop. */
const order: readonly (readonly Role[])[] = [
  ['frontEnd', 'director'],
  ['balancer', 'edge', 'reverseProxy'],
];

export interface ServedOptions {
  /** Second number of the addresses 127.x.…: sockets others opened on the example's stay out of it. */
  readonly network: number;
  readonly users: readonly TestUser[];
  /** Processes of a host; undefined leaves `--workers` out. */
  readonly workers: (role: Role) => number | undefined;
  /** Hosts that are not started. */
  readonly without?: readonly string[];
}

/** The Contoso deployment with every host under its own `usher serve`, as in production. */
export class ServedDeployment implements AsyncDisposable {
  readonly state: string;
  readonly topologyFile: string;
  readonly plan: Plan;
  readonly #options: ServedOptions;
  readonly #hosts = new Map<string, Program>();

  private constructor(options: ServedOptions, state: string, topologyFile: string, plan: Plan) {
    this.#options = options;
    this.state = state;
    this.topologyFile = topologyFile;
    this.plan = plan;
  }

  /** Starts, and waits until every host serves. */
  static async start(options: ServedOptions): Promise<ServedDeployment> {
    const state = mkdtempSync(join(tmpdir(), 'usher-serve-'));
    const topologyFile = join(state, 'topology.yaml');
    const text = contoso
      .replaceAll('127.10.', `127.${options.network}.`)
      .replaceAll('127.20.0.', `127.${options.network}.20.`);
    writeFileSync(topologyFile, text);
    const portOffset = (await lowPortsAreFree()) ? 0 : 10_000;
    const loaded = loadPlan(text, topologyFile, { portOffset });
    assert.ok(loaded.ok);
    const deployment = new ServedDeployment(options, state, topologyFile, loaded.plan);
    try {
      await deployment.#start();
      return deployment;
    } catch (error) {
      await deployment[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** `address:port` of the Edge, outside. */
  get edge(): string {
    return `127.${this.#options.network}.20.11:${443 + this.plan.portOffset}`;
  }

  get ca(): string {
    return join(this.state, 'pki', 'ca.crt');
  }

  /** The running hosts by FQDN. */
  get hosts(): ReadonlyMap<string, Program> {
    return this.#hosts;
  }

  host(fqdn: string): Program {
    const program = this.#hosts.get(fqdn);
    assert.ok(program, fqdn);
    return program;
  }

  /** Runs another command of Usher against this deployment. */
  usher(...args: string[]): Promise<{ stdout: string }> {
    return run(process.execPath, [launcher, ...args, '--lang', 'en', '--state', this.state]);
  }

  /** `usher serve` of a host, once more. */
  serve(fqdn: string, role: Role): Program {
    const workers = this.#options.workers(role);
    const more = workers === undefined ? [] : ['--workers', String(workers)];
    return new Program(process.execPath, [launcher, 'serve', fqdn, ...this.#where(), ...more]);
  }

  /** Exit status of `usher verify`, with what it printed. */
  async verify(...flags: string[]): Promise<{ status: number | string; output: string }> {
    const args = [launcher, 'verify', ...this.#where(), '--lang', 'en', ...flags];
    await using program = new Program(process.execPath, args);
    return { status: await program.ended(), output: program.output };
  }

  /** Process ids of the workers of a host, by their number. */
  workersOf(fqdn: string): ReadonlyMap<number, number> {
    const args = ['-o', 'pid=,args=', '--ppid', String(this.host(fqdn).pid)];
    const lines = execFileSync('ps', args, { encoding: 'utf8' }).split('\n');
    return new Map(
      lines.flatMap((line): [number, number][] => {
        const worker = /--worker (\d+)$/u.exec(line)?.[1];
        return worker === undefined ? [] : [[Number(worker), Number.parseInt(line, 10)]];
      }),
    );
  }

  workerOf(fqdn: string, worker: number): number {
    const pid = this.workersOf(fqdn).get(worker);
    assert.ok(pid !== undefined, `${fqdn} has no worker ${worker}`);
    return pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((program) => program.end('SIGKILL')));
    rmSync(this.state, { recursive: true, force: true });
  }

  #where(): string[] {
    const { portOffset } = this.plan;
    return [this.topologyFile, '--state', this.state, '--port-offset', String(portOffset)];
  }

  async #start(): Promise<void> {
    const users = join(this.state, 'users.csv');
    const lines = this.#options.users.map(
      (user) => `${user.aor},${user.password},${user.homePool}`,
    );
    writeFileSync(users, ['aor,password,homePool', ...lines, ''].join('\n'), { mode: 0o600 });
    await this.usher('pki', 'init', this.topologyFile);
    await this.usher('user', 'import', users, '--topology', this.topologyFile);
    const { without = [] } = this.#options;
    for (const roles of order) {
      const next = hostsOf(this.plan.topology).filter(
        ({ fqdn, role }) => roles.includes(role) && !without.includes(fqdn),
      );
      for (const { fqdn, role } of next) this.#hosts.set(fqdn, this.serve(fqdn, role));
      await Promise.all(next.map(({ fqdn }) => this.host(fqdn).see(/"msg":"serving"/u, 30)));
    }
  }
}
