import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadPlan, type Listener } from '#ports';
import { issueCertificate, pkiPaths } from '#trust';
import type { KeyFiles } from '../load/key-files.ts';
import { Started } from '../machine/program.ts';

const run = promisify(execFile);
const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const loader = fileURLToPath(new URL('../load/main.ts', import.meta.url));
const topology = readFileSync(new URL('topology.yaml', import.meta.url), 'utf8');

/** How many users there are: user0 with the password pw0, and so on. */
export const userCount = 100_000;
export const domain = 'contoso.test';

/** A socket of the deployment. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/**
 * A state directory of its own with certificates, 100,000 users and the topology; the same certificates
 * serve Usher, its peers and the driver. Everything goes when it is disposed of.
 */
export class Bed implements AsyncDisposable {
  readonly state: string = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  readonly topologyFile = join(this.state, 'topology.yaml');
  readonly director: Place;
  readonly frontEnds: readonly Place[];
  readonly #started = new Set<Started>();

  private constructor() {
    writeFileSync(this.topologyFile, topology);
    const loaded = loadPlan(topology, this.topologyFile);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
    const { pools } = loaded.plan.topology;
    const director = loaded.plan.listeners.find(isSip);
    if (director === undefined) throw new Error('The topology has no Director');
    this.director = director;
    this.frontEnds = pools
      .filter(({ role }) => role === 'frontEnd')
      .flatMap(({ members }) =>
        members.flatMap(({ addresses: [address] }) =>
          address === undefined ? [] : [{ address, port: director.port }],
        ),
      );
  }

  static async make(): Promise<Bed> {
    const bed = new Bed();
    try {
      await bed.#usher('pki', 'init', bed.topologyFile);
      await bed.#importUsers();
      await bed.#issue('client', [`client.${domain}`]);
      await bed.#issue('sink', [`fe01.${domain}`, `fe02.${domain}`]);
      return bed;
    } catch (error) {
      await bed[Symbol.asyncDispose]();
      throw error;
    }
  }

  path(name: string): string {
    return join(this.state, name);
  }

  /**
   * Certificate of a host of the topology; `client`: an internal client's, which names no host; `sink`:
   * that of all Front Ends.
   */
  files(name: string): KeyFiles {
    const { hosts, caCertificate } = pkiPaths(this.state);
    const at = (end: string): string =>
      name === 'client' || name === 'sink'
        ? this.path(`${name}.${end}`)
        : join(hosts, `${name}.${domain}.${end}`);
    return { certificate: at('crt'), key: at('key'), ca: caCertificate };
  }

  /** Starts a program that ends with the bed. */
  start(name: string, command: string, args: readonly string[]): Started {
    const started = new Started(name, command, args, this.path(`${name}.log`));
    this.#started.add(started);
    return started;
  }

  /** The Director with the algorithms of Digest in this order. */
  async startUsher(digest: readonly string[]): Promise<Started> {
    const text = topology.replace(/^ {2}digest: .*$/mu, `  digest: [${digest.join(', ')}]`);
    writeFileSync(this.topologyFile, text);
    const where = [this.topologyFile, '--state', this.state];
    const started = this.start('usher', process.execPath, [
      launcher,
      'serve',
      `dir01.${domain}`,
      ...where,
    ]);
    await started.see(/"msg":"serving"/u);
    return started;
  }

  /** The answering sink, in the place of every Front End. */
  async startSink(): Promise<Started> {
    const { certificate, key, ca } = this.files('sink');
    const places = this.frontEnds.map(({ address, port }) => `${address}:${port}`);
    const started = this.start('sink', process.execPath, [
      loader,
      'uas',
      ...places,
      '--cert',
      certificate,
      '--key',
      key,
      '--ca',
      ca,
    ]);
    await started.see(new RegExp(`answering on ${places.at(-1) ?? ''}`, 'u'));
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#started].map((started) => started.end()));
    rmSync(this.state, { recursive: true, force: true });
  }

  async #usher(...args: readonly string[]): Promise<void> {
    await run(process.execPath, [launcher, ...args, '--lang', 'en', '--state', this.state]);
  }

  async #importUsers(): Promise<void> {
    const lines = Array.from({ length: userCount }, (_, n) => {
      return `user${n}@${domain},fe0${1 + (n % 2)}.${domain},pw${n}`;
    });
    const file = this.path('users.csv');
    writeFileSync(file, ['aor,homePool,password', ...lines, ''].join('\n'), { mode: 0o600 });
    await this.#usher('user', 'import', file, '--topology', this.topologyFile);
  }

  async #issue(name: string, names: readonly [string, ...string[]]): Promise<void> {
    const { caKey, caCertificate } = pkiPaths(this.state);
    const authority = {
      key: readFileSync(caKey, 'utf8'),
      certificate: readFileSync(caCertificate, 'utf8'),
    };
    const made = await issueCertificate(authority, { subject: names[0], names }, new Date());
    writeFileSync(this.path(`${name}.crt`), made.certificate);
    writeFileSync(this.path(`${name}.key`), made.key, { mode: 0o600 });
  }
}

function isSip({ host, service }: Listener): boolean {
  return service === 'sip' && host === `dir01.${domain}`;
}
