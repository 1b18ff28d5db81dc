import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Program } from './process.ts';

const run = promisify(execFile);
const launcher = fileURLToPath(new URL('../../../bin/usher.js', import.meta.url));
const contoso = fileURLToPath(new URL('../../../examples/contoso.yaml', import.meta.url));

export interface TestUser {
  readonly aor: string;
  readonly password: string;
  readonly homePool: string;
  readonly enabled?: boolean;
}

/** A deployment that is about to start: its state directory holds topology, certificates and users. */
export interface Prepared {
  readonly state: string;
  readonly topologyFile: string;
  readonly portOffset: number;
}

/** What differs from the Contoso deployment as it stands. */
export interface Wishes {
  /** Changes the topology's text first. */
  readonly edit?: (topology: string) => string;
  /** Environment variables besides our own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Processes a host (`--workers`), where its role takes several. */
  readonly workers?: number;
  /** Starts what Usher does not start itself. */
  readonly before?: (prepared: Prepared) => Promise<void>;
}

/** The Contoso deployment under `usher up`, with a state directory and users of its own. */
export class TestDeployment implements AsyncDisposable {
  readonly state: string;
  readonly topologyFile: string;
  readonly portOffset: number;
  readonly up: Program;

  private constructor(state: string, topologyFile: string, portOffset: number, up: Program) {
    this.state = state;
    this.topologyFile = topologyFile;
    this.portOffset = portOffset;
    this.up = up;
  }

  /** Starts and waits until the table is proven. */
  static async start(users: readonly TestUser[], wishes: Wishes = {}): Promise<TestDeployment> {
    const deployment = await TestDeployment.prepare(users, wishes);
    try {
      await deployment.up.see(/the table is proven/u, 60);
      return deployment;
    } catch (error) {
      await deployment[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts without waiting for the proof. */
  static async prepare(users: readonly TestUser[], wishes: Wishes = {}): Promise<TestDeployment> {
    const { edit = (topology) => topology, before, env = {}, workers } = wishes;
    const state = mkdtempSync(join(tmpdir(), 'usher-interop-'));
    const topologyFile = join(state, 'topology.yaml');
    writeFileSync(topologyFile, edit(readFileSync(contoso, 'utf8')));
    const portOffset = (await lowPortsAreFree()) ? 0 : 10_000;
    await importUsers(state, topologyFile, users);
    if (before !== undefined) {
      await run(process.execPath, [launcher, 'pki', 'init', topologyFile, '--state', state]);
      await before({ state, topologyFile, portOffset });
    }
    const options = ['--lang', 'en', '--state', state, '--port-offset', String(portOffset)];
    if (workers !== undefined) options.push('--workers', String(workers));
    const up = new Program(process.execPath, [launcher, 'up', topologyFile, ...options], { env });
    return new TestDeployment(state, topologyFile, portOffset, up);
  }

  /** A port of the reference as this deployment has it. */
  port(documented: number): number {
    return documented + this.portOffset;
  }

  /** `address:port` of the Edge, outside. */
  get edge(): string {
    return `127.20.0.11:${this.port(443)}`;
  }

  get ca(): string {
    return join(this.state, 'pki', 'ca.crt');
  }

  /** Runs another command of Usher against this deployment. */
  async usher(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return run(process.execPath, [launcher, ...args, '--lang', 'en', '--state', this.state], {
      maxBuffer: 64 * 1024 * 1024,
    });
  }

  /** The log of one host. */
  log(fqdn: string): string {
    return readFileSync(join(this.state, 'run', `${fqdn}.log`), 'utf8');
  }

  /** Process id of one host, read from the process table: `… FQDN --state DIRECTORY`. */
  async pidOf(fqdn: string): Promise<number> {
    const { stdout } = await run('ps', ['-eo', 'pid=,args=']);
    const line = stdout
      .split('\n')
      .find(
        (each) => each.includes(` ${fqdn} --state ${this.state}`) && !each.includes(' --worker '),
      );
    const pid = Number.parseInt(line ?? '', 10);
    if (Number.isNaN(pid)) throw new Error(`${fqdn} does not run`);
    return pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.up.end('SIGINT');
    rmSync(this.state, { recursive: true, force: true });
  }
}

async function importUsers(
  state: string,
  topologyFile: string,
  users: readonly TestUser[],
): Promise<void> {
  const file = join(state, 'users.csv');
  const lines = users.map(
    ({ aor, password, homePool, enabled }) => `${aor},${password},${homePool},${enabled ?? true}`,
  );
  writeFileSync(file, ['aor,password,homePool,enabled', ...lines, ''].join('\n'), { mode: 0o600 });
  await run(process.execPath, [
    launcher,
    'user',
    'import',
    file,
    '--topology',
    topologyFile,
    '--state',
    state,
  ]);
}

/** Whether this user may open the documented ports; otherwise the tests move them all. */
export function lowPortsAreFree(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.61.0.1', port: 80 }, () => server.close(() => resolve(true)));
  });
}
