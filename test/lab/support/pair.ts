import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { servicePort, type Plan } from '#ports';
import type { EngineName } from '#topology';
import { poolSecret } from '#trust';
import { Bench, Client } from '../../../src/balancer/balancer.fixture.ts';
import { FakeMember } from '../../../src/balancer/member.fixture.ts';
import { run, usher } from './lab.ts';

/** Seconds between two advertisements of VRRP, as Usher writes them. */
export const advertInterval = 1;

/** How long something may take on a machine that is busy, in milliseconds. */
const patience = 90_000;

const ip = (...words: readonly string[]): string => execFileSync('ip', words, { encoding: 'utf8' });

/** Waits for a condition, looking ten times a second. */
export async function see(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + patience;
  while (performance.now() < end) {
    if (await holds()) return;
    await pause(100);
  }
  assert.fail(`it does not come: ${what}`);
}

/** A program of one machine, with what it wrote. */
class Running {
  readonly #child: ChildProcess;
  log = '';

  constructor(namespace: string, words: readonly string[]) {
    this.#child = spawn('ip', ['netns', 'exec', namespace, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (bytes: Buffer) => (this.log += bytes.toString()));
    }
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    await gone;
  }
}

/** One machine of the pair: a namespace with a balancer and a keepalived in it. */
export class Machine {
  readonly fqdn: string;
  readonly #namespace: string;
  /** The end of its wire in the namespace of clients and members. */
  readonly #plug: string;
  readonly #pair: Pair;
  #balancer: Running | undefined;
  #keepalived: Running | undefined;

  constructor(pair: Pair, fqdn: string, address: string, letter: string) {
    this.#pair = pair;
    this.fqdn = fqdn;
    this.#namespace = `vip-${process.pid}-${pair.net}${letter}`;
    this.#plug = `p${pair.net}${letter}`;
    ip('netns', 'add', this.#namespace);
    const far = ['name', 'eth0', 'netns', this.#namespace];
    ip('link', 'add', this.#plug, 'master', pair.bridge, 'type', 'veth', 'peer', ...far);
    ip('link', 'set', this.#plug, 'up');
    for (const words of [
      'link set lo up',
      'link set eth0 up',
      `address add ${address}/24 dev eth0`,
      `route add ${pair.clients}.0/24 dev eth0`,
    ]) {
      ip('-n', this.#namespace, ...words.split(' '));
    }
    this.inside('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0');
    this.inside('sysctl', '-qw', 'net.ipv4.conf.all.send_redirects=0');
  }

  inside(...words: readonly string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.#namespace, ...words], { encoding: 'utf8' });
  }

  /** Its own packet filter as Usher writes it: everything else is dropped. */
  async filter(): Promise<void> {
    const rules = await this.#pair.usher(
      'firewall',
      'render',
      '--target=nftables',
      `--host=${this.fqdn}`,
    );
    this.inside('nft', '-f', this.#pair.file(`${this.fqdn}.nft`, rules));
  }

  /** Starts `usher serve`; resolves when it serves. */
  async serve(): Promise<void> {
    const { directory, topology } = this.#pair;
    const words = [process.execPath, usher, 'serve', this.fqdn, topology, '--state', directory];
    const balancer = new Running(this.#namespace, words);
    this.#balancer = balancer;
    await see(`${this.fqdn} serves`, () => balancer.log.includes('"msg":"serving"'));
  }

  /** Starts keepalived with the configuration Usher writes for this machine. */
  async watch(): Promise<void> {
    const { fqdn } = this;
    const words = ['balancer', 'render', '--target=keepalived-vrrp', '--interface=eth0'];
    const text = await this.#pair.usher(...words, `--balancer=${fqdn}`);
    const file = this.#pair.file(`${fqdn}.keepalived.conf`, text);
    const pids = ['pid', 'vrrp_pid', 'checkers_pid'].map(
      (name) => `--${name}=${file.replace(/conf$/u, name)}`,
    );
    const options = ['--vrrp', '--dont-fork', '--log-console', ...pids];
    this.#keepalived = new Running(this.#namespace, [
      'keepalived',
      `--use-file=${file}`,
      ...options,
    ]);
  }

  /** True while the VIP is an address of this machine. */
  async hasVip(): Promise<boolean> {
    const { out } = await run('ip', ['-n', this.#namespace, '-o', 'address', 'show']);
    return out.includes(` ${this.#pair.vip}/32 `);
  }

  /** How often keepalived has said that it waits behind the other one. */
  get timesBackup(): number {
    return this.#keepalived?.log.match(/Entering BACKUP STATE/gu)?.length ?? 0;
  }

  /** What `usher balancer status` says of the pair. */
  async says(): Promise<string> {
    const words = ['balancer', 'status', `--host=${this.fqdn}`, '--json'];
    return /"vip": "(\w+)"/u.exec(await this.#pair.usher(...words))?.[1] ?? '';
  }

  /** How many client addresses its balancer knows to be bound to a member. */
  async knows(): Promise<number> {
    const status = await this.#pair.usher('balancer', 'status', `--host=${this.fqdn}`, '--json');
    const counts = status.matchAll(/"boundClients": (\d+)/gu);
    return Math.max(0, ...[...counts].map(([, count]) => Number(count)));
  }

  /** What its balancer has written. */
  get log(): string {
    return this.#balancer?.log ?? '';
  }

  /** Stops its balancer in order. */
  async stop(): Promise<void> {
    await this.#balancer?.end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#balancer?.end('SIGKILL');
  }

  /** Pulls its cable, or plugs it in. */
  cable(state: 'up' | 'down'): void {
    ip('link', 'set', this.#plug, state);
  }

  async close(): Promise<void> {
    await this.#keepalived?.end('SIGTERM');
    await this.#balancer?.end('SIGKILL');
    ip('netns', 'delete', this.#namespace);
  }
}

/** Two balancers, two members and clients on one wire; members and clients are in this namespace. */
export class Pair {
  readonly net: number;
  readonly bridge: string;
  readonly clients: string;
  readonly #bench: Bench;
  readonly #plan: Plan;
  #members: readonly FakeMember[] = [];
  readonly machines: Machine[] = [];

  private constructor(bench: Bench, net: number) {
    this.net = net;
    this.bridge = `br${net}`;
    this.clients = `10.30.${net}`;
    this.#bench = bench;
    this.#plan = bench.load(0);
    writeFileSync(this.topology, bench.whereabouts().text);
  }

  /** `net`: the third byte of its addresses, which nobody else here has. */
  static async open(engine: EngineName, net: number): Promise<Pair> {
    const bench = await Bench.open((text) =>
      text
        .replaceAll('127.10.1.', `10.10.${net}.`)
        .replaceAll('127.30.0.0', '10.30.0.0')
        .replaceAll('127.', '10.')
        .replace(
          /^ {4}balancer: .*$/mu,
          '    balancer: lb01.contoso.net\n    standby: lb02.contoso.net',
        )
        // Nothing here is about members that fail, and a busy machine is slow to answer.
        .replace('probeInterval: 2 ', 'probeInterval: 10 ')
        .replace('engine: embedded', `engine: ${engine}`)
        .replace(
          'balancers:\n',
          `balancers:\n  - { fqdn: lb02.contoso.net, address: 10.10.${net}.6 }\n`,
        ),
    );
    await poolSecret(bench.whereabouts().directory);
    const pair = new Pair(bench, net);
    await pair.#begin();
    return pair;
  }

  async #begin(): Promise<void> {
    ip('link', 'add', this.bridge, 'type', 'bridge');
    for (const last of [11, 12]) this.#own(`10.10.${this.net}.${last}/24`);
    for (const client of this.clientAddresses) this.#own(`${client}/32`);
    ip('link', 'set', this.bridge, 'up');
    this.#members = await Promise.all(
      ['dir01', 'dir02'].map((name) =>
        FakeMember.open(this.#bench, this.#plan, `${name}.contoso.net`),
      ),
    );
    for (const [index, letter] of ['a', 'b'].entries()) {
      const address = `10.10.${this.net}.${5 + index}`;
      this.machines.push(new Machine(this, `lb0${index + 1}.contoso.net`, address, letter));
    }
  }

  #own(address: string): void {
    ip('address', 'add', address, 'dev', this.bridge);
  }

  get directory(): string {
    return this.#bench.whereabouts().directory;
  }

  get topology(): string {
    return join(this.directory, 'topology.yaml');
  }

  get vip(): string {
    return `10.10.${this.net}.10`;
  }

  get clientAddresses(): readonly string[] {
    return Array.from({ length: 20 }, (_, index) => `${this.clients}.${index + 1}`);
  }

  /** Writes a file of the pair and says where it is. */
  file(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    return path;
  }

  /** Runs a command of Usher on the topology of the pair; resolves with what it printed. */
  async usher(...words: readonly string[]): Promise<string> {
    const all = [usher, ...words.slice(0, 2), this.topology, ...words.slice(2)];
    // The members are in this process, so it must not stand still meanwhile.
    const { out, err } = await run(process.execPath, [...all, '--state', this.directory]);
    assert.notEqual(out, '', err);
    return out;
  }

  /** A session on the internal plain site. */
  session(from: string): Promise<Client> {
    return Client.open(this.vip, servicePort(this.#plan, 'webInternalPlain'), from);
  }

  /** Which member answers a client on the internal plain site; undefined when nobody does in time. */
  async whoAnswers(from: string, timeout = patience): Promise<string | undefined> {
    const socket = connect({
      host: this.vip,
      port: servicePort(this.#plan, 'webInternalPlain'),
      localAddress: from,
      timeout,
    });
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    try {
      socket.write('WHO\n');
      const [bytes]: unknown[] = await once(socket, 'data');
      return String(bytes).trim();
    } catch {
      return undefined;
    } finally {
      socket.destroy();
    }
  }

  /** Which member each of the client addresses is with. */
  async everybody(): Promise<readonly (string | undefined)[]> {
    return await Promise.all(this.clientAddresses.map((from) => this.whoAnswers(from)));
  }

  /**
   * Asks again and again, while `work` is done and until the VIP is at `heir` and answers there; resolves
   * with the longest time between two answers, in milliseconds.
   */
  async gapDuring(heir: Machine, work: () => void | Promise<void>): Promise<number> {
    let last = performance.now();
    let longest = 0;
    const done = new AbortController();
    const asking = (async () => {
      while (!done.signal.aborted) {
        const answer = await this.whoAnswers(`${this.clients}.1`, 1000);
        if (answer !== undefined) {
          longest = Math.max(longest, performance.now() - last);
          last = performance.now();
        }
        await pause(20);
      }
    })();
    await work();
    await see(`${heir.fqdn} takes the VIP over`, () => heir.hasVip());
    const taken = performance.now();
    await see('the VIP answers again', () => last > taken);
    done.abort();
    await asking;
    return longest;
  }

  async close(): Promise<void> {
    for (const machine of this.machines) await machine.close();
    await Promise.all(this.#members.map((member) => member.close()));
    ip('link', 'delete', this.bridge);
    await this.#bench.close();
  }
}
