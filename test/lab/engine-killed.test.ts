import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { servicePort, virtualServicesOf, type Plan } from '#ports';
import { findHost, type EngineName } from '#topology';
import { poolSecret } from '#trust';
import { Bench, Client } from '../../src/balancer/balancer.fixture.ts';
import { FakeMember } from '../../src/balancer/member.fixture.ts';
import { needs } from '../interop/support/programs.ts';
import { run, usher, type Ended } from './support/lab.ts';
import { notOurs } from './support/namespace.ts';

const balancer = 'lb01.contoso.net';

/** Two members, and a balancer in a process of its own. */
class Stand {
  readonly #bench: Bench;
  readonly #plan: Plan;
  readonly #members: readonly FakeMember[];
  readonly #file: string;
  #process: ChildProcess | undefined;
  /** What the balancer has written since it was started. */
  log = '';

  private constructor(
    bench: Bench,
    plan: Plan,
    members: readonly FakeMember[],
    engine: EngineName,
  ) {
    this.#bench = bench;
    this.#plan = plan;
    this.#members = members;
    const { directory, text } = bench.whereabouts();
    this.#file = join(directory, 'topology.yaml');
    writeFileSync(this.#file, text.replace('engine: embedded', `engine: ${engine}`));
  }

  static async open(engine: EngineName, names = ['dir01', 'dir02']): Promise<Stand> {
    const bench = await Bench.open();
    await poolSecret(bench.whereabouts().directory);
    const plan = bench.load(0);
    const members = await Promise.all(
      names.map((name) => FakeMember.open(bench, plan, `${name}.contoso.net`)),
    );
    return new Stand(bench, plan, members, engine);
  }

  /** Starts the balancer; resolves when it serves. */
  async serve(): Promise<void> {
    const { directory } = this.#bench.whereabouts();
    const words = [usher, 'serve', balancer, this.#file, '--state', directory];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    this.log = '';
    child.stdout.on('data', (bytes: Buffer) => (this.log += bytes.toString()));
    for (let tries = 0; tries < 600; tries += 1) {
      if (this.log.includes('"msg":"serving"')) return;
      await pause(50);
    }
    assert.fail(`it does not serve:\n${this.log}`);
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Connects to the plain web site, internal (with affinity) or external. */
  client(service: 'webInternalPlain' | 'webExternalPlain', from: string): Promise<Client> {
    const [virtual] = virtualServicesOf(this.#plan, balancer);
    return Client.open(virtual?.address ?? '', servicePort(this.#plan, service), from);
  }

  /** Which member answers a client address; undefined when nobody takes the connection. */
  async whoAnswers(from: string): Promise<string | undefined> {
    try {
      const client = await this.client('webInternalPlain', from);
      const answer = await client.ask('WHO');
      client.close();
      return answer;
    } catch {
      return undefined;
    }
  }

  /** The address of a host of the topology. */
  addressOf(fqdn: string): string {
    return findHost(this.#plan.topology, fqdn)?.addresses[0] ?? '';
  }

  /** What `usher balancer status` says, and how it ends. */
  status(): Promise<Ended> {
    const { directory } = this.#bench.whereabouts();
    const words = ['balancer', 'status', this.#file, '--state', directory, '--lang', 'en'];
    return run(process.execPath, [usher, ...words]);
  }

  async close(): Promise<void> {
    await this.end('SIGTERM');
    await Promise.all(this.#members.map((member) => member.close()));
    await this.#bench.close();
  }
}

const clients = Array.from({ length: 20 }, (_, index) => `127.30.7.${index + 1}`);

const missing = {
  nftables: needs(['nft', 'nftables'], ['conntrack', 'conntrack']),
  haproxy: needs(['haproxy', 'haproxy'], ['setpriv', 'util-linux']),
};

describe('a balancer that is killed', () => {
  test(
    'leaves sessions and affinity to its successor, when the kernel carries them',
    { skip: notOurs() || missing.nftables },
    async () => {
      const stand = await Stand.open('nftables');
      try {
        await stand.serve();
        const bound = await Promise.all(clients.map((from) => stand.whoAnswers(from)));
        const session = await stand.client('webExternalPlain', '127.30.8.1');
        const host = await session.ask('WHO');
        await stand.end('SIGKILL');
        assert.equal(await session.ask('STILL'), host);
        assert.deepEqual(await Promise.all(clients.map((from) => stand.whoAnswers(from))), bound);
        await stand.serve();
        assert.equal(await session.ask('STILL'), host);
        assert.deepEqual(await Promise.all(clients.map((from) => stand.whoAnswers(from))), bound);
        await stand.end('SIGTERM');
        assert.equal(await session.end(), 'ECONNRESET');
        assert.doesNotMatch(
          execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' }),
          /usher_vip/u,
        );
      } finally {
        await stand.close();
      }
    },
  );

  test('takes its HAProxy along', { skip: notOurs() || missing.haproxy }, async () => {
    const stand = await Stand.open('haproxy');
    try {
      await stand.serve();
      assert.match((await stand.whoAnswers('127.30.7.1')) ?? '', /^dir0[12]/u);
      await stand.end('SIGKILL');
      let answer: string | undefined = '';
      for (let tries = 0; tries < 200 && answer !== undefined; tries += 1) {
        answer = await stand.whoAnswers('127.30.7.1');
        await pause(50);
      }
      assert.equal(answer, undefined, 'nobody serves the VIP any more');
      await stand.serve();
      assert.match((await stand.whoAnswers('127.30.7.1')) ?? '', /^dir0[12]/u);
    } finally {
      await stand.close();
    }
  });
});

describe('a balancer that starts while a member cannot be reached', () => {
  for (const engine of ['embedded', 'nftables', 'haproxy'] as const) {
    const lacking = engine === 'embedded' ? false : missing[engine];
    const skip = notOurs() || needs(['nft', 'nftables']) || lacking;
    test(`warns, says which and why, and serves with the rest: ${engine}`, { skip }, async () => {
      const stand = await Stand.open(engine, ['dir02']);
      const away = stand.addressOf('dir01.contoso.net');
      const rules = [
        'table inet away {',
        'chain out {',
        'type filter hook output priority 0',
        `ip daddr ${away} reject with icmp type host-unreachable`,
        '}',
        '}',
        '',
      ].join('\n');
      try {
        execFileSync('nft', ['-f', '-'], { input: rules });
        await stand.serve();
        const warning = stand.log
          .split('\n')
          .find((line) => line.includes('"member":"dir01.contoso.net"') && line.includes('"sip"'));
        assert.match(warning ?? stand.log, /"level":40,.*"to":"down".*EHOSTUNREACH/u);
        const { status, out } = await stand.status();
        assert.equal(status, 1);
        assert.match(out, /^dir01\.contoso\.net +sip .* down .*EHOSTUNREACH/mu);
        const answers = await Promise.all(clients.map((from) => stand.whoAnswers(from)));
        assert.deepEqual(new Set(answers), new Set(['dir02.contoso.net']));
      } finally {
        await stand.close();
        execFileSync('nft', ['add', 'table', 'inet', 'away']);
        execFileSync('nft', ['delete', 'table', 'inet', 'away']);
      }
    });
  }
});
