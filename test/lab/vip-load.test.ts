import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { isBalancerStatus, type BalancerStatus } from '#balancer';
import { needs } from '../interop/support/programs.ts';
import { cannot, run, TestLab, usher } from './support/lab.ts';
import type { LoadPlan, LoadReport } from './support/sip-load.ts';

const contoso = readFileSync(new URL('../../examples/contoso.yaml', import.meta.url), 'utf8');
const program = join(import.meta.dirname, 'support', 'sip-load.ts');
const directors = ['dir01.contoso.net', 'dir02.contoso.net'];
const edge = 'edge01.contoso.net';
/** Seconds between two probes. */
const probeInterval = 4;
const connections = 12;

const engines = {
  nftables: needs(['nft', 'nftables'], ['conntrack', 'conntrack']),
  haproxy: needs(['haproxy', 'haproxy'], ['setpriv', 'util-linux']),
};

for (const [engine, missing] of Object.entries(engines)) {
  describe(`SIP load through the VIP of the ${engine} engine`, { skip: cannot ?? missing }, () => {
    const lab = new TestLab(engine.slice(0, 1));
    const state = join(lab.state, 'labs', lab.name);
    const topology = join('/run/usher/labs', `${lab.name}.yaml`);
    const started: ChildProcess[] = [];

    before(async () => {
      const file = join(lab.state, 'topology.yaml');
      writeFileSync(
        file,
        contoso
          .replace('engine: embedded', `engine: ${engine}`)
          .replace('probeInterval: 2 ', `probeInterval: ${probeInterval} `),
      );
      const up = await lab.usher(['up', file]);
      assert.equal(up.status, 0, up.err);
      for (const host of directors) await becomes(host, 'up');
    });
    after(async () => {
      for (const child of started) child.kill('SIGKILL');
      await lab.close();
    });

    async function balancer(...words: string[]): Promise<BalancerStatus> {
      const [verb = '', ...rest] = words;
      const all = ['balancer', verb, ...rest, topology, '--state', state, '--json'];
      const { out, err } = await run(process.execPath, [usher, ...all]);
      assert.notEqual(out, '', err);
      const status: unknown = JSON.parse(out);
      assert.ok(isBalancerStatus(status), out);
      return status;
    }

    async function pool(verb: string, host: string, ...rest: string[]): Promise<void> {
      const all = ['pool', verb, host, ...rest, '--state', state];
      const { status, err } = await run(process.execPath, [usher, ...all]);
      assert.equal(status, 0, err);
    }

    async function becomes(host: string, wanted: string): Promise<void> {
      for (let tries = 0; tries < 60; tries += 1) {
        if (sipOf(await balancer('status'), host).state === wanted) return;
        await pause(250);
      }
      assert.fail(`${host} does not become ${wanted}`);
    }

    /** Load from the Edge's place, with its certificate; what it came to, once `work` is done. */
    async function loadDuring(work: () => Promise<void>): Promise<LoadReport> {
      const { address, port } = (await balancer('status')).services.find(
        ({ service }) => service === 'sip',
      ) ?? { address: '', port: 0 };
      const own = join(state, 'pki', 'hosts', edge);
      const plan: LoadPlan = {
        address,
        port,
        certificate: `${own}.crt`,
        key: `${own}.key`,
        ca: join(state, 'pki', 'ca.crt'),
        connections,
        pace: 5,
      };
      const words = ['netns', 'exec', `${lab.name}-${edge}`, process.execPath, program];
      const child = spawn('ip', [...words, JSON.stringify(plan)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      started.push(child);
      const printed = text(child.stdout);
      await pause(1000);
      try {
        await work();
      } finally {
        await pause(1000);
        child.stdin.end();
      }
      const report: LoadReport = JSON.parse(await printed);
      return report;
    }

    async function processesOf(host: string): Promise<readonly number[]> {
      const { out } = await run('ip', ['netns', 'pids', `${lab.name}-${host}`]);
      return out.trim().split('\n').filter(Boolean).map(Number);
    }

    async function kill(host: string): Promise<void> {
      for (const pid of await processesOf(host)) process.kill(pid, 'SIGKILL');
    }

    async function putBack(host: string): Promise<void> {
      const words = ['netns', 'exec', `${lab.name}-${host}`, process.execPath, usher];
      const serve = ['serve', host, topology, '--state', state];
      started.push(spawn('ip', [...words, ...serve], { stdio: 'ignore' }));
      await becomes(host, 'up');
    }

    test('loses no request while Directors are drained in turn, who are left before the deadline', async (t) => {
      const report = await loadDuring(async () => {
        for (const host of directors) {
          const draining = balancer('drain', host, '--deadline', '30');
          await becomes(host, 'draining');
          // The Director itself says so, too: its peers go elsewhere.
          await pool('drain', host, '--deadline', '30');
          const { connections: left, cut } = sipOf(await draining, host);
          assert.deepEqual({ host, left, cut }, { host, left: 0, cut: 0 });
          await pool('resume', host);
          await balancer('resume', host);
          await becomes(host, 'up');
        }
      });
      t.diagnostic(`${report.answered} answered, ${report.moved} connections moved`);
      assert.ok(report.moved >= connections);
      assert.deepEqual([report.lost, report.wrong], [[], []]);
    });

    test('loses what was with a killed Director and nothing else, and goes on within two probes', async (t) => {
      const report = await loadDuring(async () => {
        for (const host of directors) {
          await kill(host);
          await becomes(host, 'down');
          await pause(1000);
          await putBack(host);
        }
      });
      const longest = Math.max(...report.gaps) / 1000;
      t.diagnostic(
        `${report.answered} answered, ${report.lost.length} lost, longest gap ${(longest / probeInterval).toFixed(2)} probe intervals`,
      );
      assert.deepEqual(report.wrong, []);
      // Each connection has one request outstanding at most, and breaks once a kill at most.
      assert.ok(report.lost.length <= 2 * connections, `${report.lost.length} requests lost`);
      assert.ok(report.gaps.length > 0, 'some connection was with the Director that was killed');
      assert.ok(longest < 2 * probeInterval, `${longest} s without an answer`);
    });
  });
}

/** The SIP service of a member. */
function sipOf(status: BalancerStatus, host: string) {
  const members = status.services.find(({ service }) => service === 'sip')?.members;
  return members?.find((member) => member.host === host) ?? assert.fail(`no ${host}`);
}
