import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TestDeployment } from './support/deployment.ts';
import { Program } from './support/process.ts';
import { findProgram, needs } from './support/programs.ts';

const run = promisify(execFile);
const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const contoso = readFileSync(new URL('../../examples/contoso.yaml', import.meta.url), 'utf8');
const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';
const root = process.getuid?.() === 0;

/** Contoso, and Contoso with everything that may differ. */
const topologies: Readonly<Record<string, string>> = {
  contoso,
  other: contoso.replace(
    /^ {4}nat: source.*$/mu,
    '$&\n    balancing: { scheduling: maglev, connectionsPerMember: 900, affinity: { webInternal: none, sip: source } }',
  ),
  turns: contoso.replace(
    /^ {4}nat: source.*$/mu,
    '$&\n    balancing: { scheduling: roundRobin, slowStart: 0, onFailure: keep }',
  ),
};

/** How the last check of a server ended in `show stat`; a member may reset a peer it refuses. */
const verdict = /^(?:L\d|SOCKERR$)/u;

/** Contoso with two balancers, in IPv4 and IPv6. */
const pair = contoso
  .replace(/^ {4}balancer: .*$/mu, '    balancer: lb01.contoso.net\n    standby: lb02.contoso.net')
  .replace('engine: embedded', 'engine: haproxy')
  .replace('balancers:\n', 'balancers:\n  - { fqdn: lb02.contoso.net, address: 127.10.1.6 }\n');
const pair6 = pair
  .replaceAll(/127\.(\d+)\.(\d+)\.(\d+)\/24/gu, 'fd00:$1:$2::/64')
  .replaceAll(/127\.(\d+)\.0\.0\/16/gu, 'fd00:$1::/32')
  .replaceAll(/127\.(\d+)\.(\d+)\.(\d+)/gu, 'fd00:$1:$2::$3');
const pairs: Readonly<Record<string, string>> = { pair, pair6 };

/** What a target is tried with. nginx opens the addresses as it checks, and loopback has no such IPv6. */
function topologiesFor(target: string): Readonly<Record<string, string>> {
  if (target === 'keepalived-vrrp') return pairs;
  return target === 'nginx' ? { ...topologies, pair } : { ...topologies, ...pairs };
}

/** A program that judges a configuration. */
interface Validator {
  readonly target: string;
  readonly skip: string | false;
  /** Words for the render, beside the usual. */
  readonly options?: readonly string[];
  /** The words of the call; none of them may print a complaint. */
  readonly check: (file: string, directory: string) => readonly string[];
  /** What may be printed by a program content with the file. */
  readonly content: RegExp;
}

const validators: readonly Validator[] = [
  {
    target: 'haproxy',
    skip: needs(['haproxy', 'haproxy']),
    // Its own `zero-warning` makes a warning an error.
    check: (file) => ['haproxy', '-c', '-f', file],
    content: /^Configuration file is valid\s*$/u,
  },
  {
    target: 'nginx',
    skip: existsSync(streamModule)
      ? needs(['nginx', 'nginx-light'])
      : 'the stream module of nginx is missing (apt install libnginx-mod-stream)',
    check: (file, directory) => {
      const whole = join(directory, 'whole.conf');
      writeFileSync(
        whole,
        `load_module ${streamModule};\npid ${directory}/pid;\nerror_log stderr;\nevents { worker_connections 64; }\ninclude ${file};\n`,
      );
      return ['nginx', '-t', '-q', '-e', 'stderr', '-c', whole];
    },
    content: /^$/u,
  },
  {
    target: 'nftables',
    skip: root ? needs(['nft', 'nftables'], ['unshare', 'util-linux']) : 'needs root',
    // Loaded twice into a kernel of its own: the second replaces the first in one transaction.
    check: (file) => [
      'unshare',
      '-n',
      'sh',
      '-c',
      'nft -c -f "$1" && nft -f "$1" && nft -f "$1" && nft list ruleset >"$1.listed"',
      'sh',
      file,
    ],
    content: /^$/u,
  },
  {
    target: 'keepalived',
    skip: root ? needs(['keepalived', 'keepalived'], ['unshare', 'util-linux']) : 'needs root',
    check: (file) => ['unshare', '-nfp', '--mount-proc', 'keepalived', '--config-test', '-f', file],
    content: /^$/u,
  },
  {
    target: 'keepalived-vrrp',
    skip: root
      ? needs(['keepalived', 'keepalived'], ['unshare', 'util-linux'], ['ip', 'iproute2'])
      : 'needs root',
    // It wants the interface to be there, and one that is not `lo`.
    check: (file) => [
      'unshare',
      '-nfp',
      '--mount-proc',
      'sh',
      '-c',
      'ip link add eth0 type veth peer name eth1 && exec keepalived --config-test -f "$1"',
      'sh',
      file,
    ],
    options: ['--interface=eth0', '--balancer=lb02.contoso.net'],
    content: /^$/u,
  },
];

describe('another load balancer may stand in the place of ours', () => {
  let directory: string;
  let pem: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'usher-balancer-'));
    pem = join(directory, 'own.pem');
    const file = join(directory, 'contoso.yaml');
    writeFileSync(file, contoso);
    await run(process.execPath, [launcher, 'pki', 'init', file, '--state', directory]);
    const own = join(directory, 'pki', 'hosts', 'lb01.contoso.net');
    writeFileSync(pem, readFileSync(`${own}.crt`, 'utf8') + readFileSync(`${own}.key`, 'utf8'), {
      mode: 0o600,
    });
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  for (const { target, skip, check, content, options } of validators) {
    test(`${target} accepts what is rendered for it without a word`, { skip }, async () => {
      for (const [name, topology] of Object.entries(topologiesFor(target))) {
        const yaml = join(directory, `${name}.yaml`);
        const file = join(directory, `${name}.${target}`);
        writeFileSync(yaml, topology);
        await run(process.execPath, [
          launcher,
          'balancer',
          'render',
          yaml,
          `--target=${target}`,
          `--out=${file}`,
          `--certificate=${pem}`,
          `--ca=${join(directory, 'pki', 'ca.crt')}`,
          ...(options ?? []),
        ]);
        const [program = '', ...words] = check(file, directory);
        const said = await run(findProgram(program) ?? '', words);
        assert.match(said.stdout + said.stderr, content, `${target}, ${name}`);
      }
    });
  }
});

describe('HAProxy in the place of the balancer', () => {
  const skip = needs(['haproxy', 'haproxy']);
  let deployment: TestDeployment | undefined;

  before(async () => {
    if (skip !== false) return;
    deployment = await TestDeployment.prepare([]);
    await deployment.up.see(/hosts up/u, 60);
  });
  after(() => deployment?.[Symbol.asyncDispose]());

  test('finds every member healthy, as it is', { skip }, async () => {
    const states = await statesWith('lb01.contoso.net');
    assert.equal(states.length, 10);
    assert.deepEqual(new Set(states.map(({ status }) => status)), new Set(['L7OK']));
  });

  test('finds no member healthy that refuses its certificate', { skip }, async () => {
    // The reverse proxy is no peer of the SIP rows; the web rows follow SIP.
    const states = await statesWith('rp01.contoso.net');
    assert.equal(states.length, 10);
    assert.ok(states.every(({ status }) => status !== 'L7OK' && status !== 'L4OK'));
  });

  /** How HAProxy judges every member when it probes with the certificate of that host. */
  async function statesWith(host: string): Promise<readonly { name: string; status: string }[]> {
    assert.ok(deployment);
    const { state } = deployment;
    const pki = join(state, 'pki');
    const [pem, file, socket] = ['pem', 'cfg', 'sock'].map((end) => join(state, `${host}.${end}`));
    const own = join(pki, 'hosts', host);
    assert.ok(pem !== undefined && file !== undefined && socket !== undefined);
    writeFileSync(pem, readFileSync(`${own}.crt`, 'utf8') + readFileSync(`${own}.key`, 'utf8'), {
      mode: 0o600,
    });
    const { stdout } = await deployment.usher(
      'balancer',
      'render',
      deployment.topologyFile,
      '--target=haproxy',
      `--certificate=${pem}`,
      `--ca=${join(pki, 'ca.crt')}`,
      `--port-offset=${deployment.portOffset}`,
    );
    // Usher's own balancer has the VIP; this one stands beside it, with a socket of the test.
    const beside = `${stdout
      .replaceAll('bind 127.10.1.10:', 'bind 127.10.1.99:')
      .replace('/run/haproxy/admin.sock', socket)
      .replace('/run/haproxy/peers.sock', `${socket}.peers`)
      .replace('log /dev/log local0', 'log stdout format raw local0')
      .replace('maxconn 20000', 'maxconn 500')}\n`;
    writeFileSync(file, beside);
    await using running = new Program(findProgram('haproxy') ?? '', ['-db', '-f', file]);
    for (let attempt = 0; attempt < 300 && running.running; attempt += 1) {
      const states = existsSync(socket) ? await checkedBy(socket) : [];
      if (states.length > 0 && states.every(({ status }) => verdict.test(status))) return states;
      await sleep(100);
    }
    throw new Error(`no verdict on every member:\n${running.output}`);
  }
});

/** `show stat` of HAProxy's socket: each server and the status of its last check. */
async function checkedBy(path: string): Promise<readonly { name: string; status: string }[]> {
  const socket = connect(path);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.end('show stat -1 4 -1\n');
  await once(socket, 'close');
  const [head = '', ...rows] = text.trim().split('\n');
  const column = head.split(',').indexOf('check_status');
  return rows.map((row) => {
    const cells = row.split(',');
    return { name: `${cells[0]}/${cells[1]}`, status: cells[column] ?? '' };
  });
}
