import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { needs } from '../interop/support/programs.ts';
import { notOurs } from './support/namespace.ts';

const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const example = readFileSync(new URL('../../examples/contoso.yaml', import.meta.url), 'utf8');
const contoso = example.replace('engine: embedded', 'engine: nftables');
const proxied = example.replace('engine: embedded', 'engine: haproxy');
const balancer = 'lb01.contoso.net';
const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const skip =
  notOurs() ||
  needs(
    ['nft', 'nftables'],
    ['conntrack', 'conntrack'],
    ['setpriv', 'util-linux'],
    ['haproxy', 'haproxy'],
    ['sysctl', 'procps'],
  );

describe('an engine on a machine that is not ready for it', { skip }, () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'usher-refusals-'));
    chmodSync(directory, 0o755);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** Runs the balancer of a topology, which must not start; resolves with what it says. */
  async function refusal(
    topology: string,
    { as = [], path = '' }: { as?: readonly string[]; path?: string } = {},
  ): Promise<string> {
    const state = mkdtempSync(join(directory, 'state-'));
    const file = join(state, 'topology.yaml');
    writeFileSync(file, topology);
    const env = { ...process.env, PATH: `${path}:${process.env['PATH'] ?? ''}` };
    execFileSync(process.execPath, [launcher, 'pki', 'init', file, '--state', state]);
    execFileSync('chown', ['-R', as.length === 0 ? '0:0' : '65534:65534', state]);
    const [program, ...words] = [
      ...as,
      process.execPath,
      launcher,
      'serve',
      balancer,
      file,
      '--state',
      state,
    ];
    const { promise, resolve } = Promise.withResolvers<string>();
    execFile(program, words, { env, timeout: 30_000 }, (error, _output, complaint) => {
      assert.equal(error?.code, 2, complaint);
      resolve(complaint);
    });
    return await promise;
  }

  /** A program that stands before the real one on PATH. */
  function inPlaceOf(program: string, script: string): string {
    const folder = mkdtempSync(join(directory, 'bin-'));
    writeFileSync(join(folder, program), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, program), 0o755);
    return folder;
  }

  test('says that it may not change the packet filter', async () => {
    // Otherwise the ports under 1024 would be the first obstacle.
    execFileSync('sysctl', ['-qw', 'net.ipv4.ip_unprivileged_port_start=0']);
    const complaint = await refusal(contoso, { as: nobody });
    assert.match(
      complaint,
      /may not change the packet filter.*\n.*CAP_NET_ADMIN.*USHER_ENGINE_FORBIDDEN/u,
    );
  });

  test('says that nft is too old, which it has and which it needs', async () => {
    const path = inPlaceOf('nft', 'echo "nftables v0.9.0 (Fearless Fosdick)"');
    const complaint = await refusal(contoso, { path });
    assert.match(
      complaint,
      /needs nft 1\.0\.6 or newer; here is 0\.9\.0.*\n.*USHER_ENGINE_PROGRAM/u,
    );
  });

  test('says what nft refused', async () => {
    const path = inPlaceOf(
      'nft',
      'echo "nftables v1.0.6"; case $1 in -f) echo "Error: no such thing" >&2; exit 1;; esac',
    );
    const complaint = await refusal(contoso, { path });
    assert.match(
      complaint,
      /nft refused what the engine asked: Error: no such thing.*\n.*USHER_ENGINE_REFUSED/u,
    );
  });

  /** Contoso with its Director pool in another network than 127.0.0.0/8. */
  const elsewhere = contoso.replaceAll('127.10.1.', '10.99.1.');

  test('says that the VIP is not here, with its rows', async () => {
    assert.match(
      await refusal(elsewhere),
      /10\.99\.1\.10:\d+ \(lb01\.contoso\.net; DH-06\).*does not have the address/u,
    );
  });

  test('says that the machine forwards nothing to members elsewhere', async () => {
    for (const address of ['10.99.1.9/32', '10.99.1.10/32']) {
      execFileSync('ip', ['address', 'add', address, 'dev', 'lo']);
    }
    assert.match(
      await refusal(elsewhere),
      /forwards no packets.*10\.99\.1\.11.*\n.*net\.ipv4\.ip_forward=1.*USHER_FORWARDING/u,
    );
  });

  test('says that HAProxy is too old, which it has and which it needs', async () => {
    const path = inPlaceOf('haproxy', 'echo "HAProxy version 2.2.9-2 2021/03/25"');
    const complaint = await refusal(proxied, { path });
    assert.match(
      complaint,
      /needs haproxy 2\.6 or newer; here is 2\.2\.9.*\n.*USHER_ENGINE_PROGRAM/u,
    );
  });

  test('says what HAProxy refused', async () => {
    const path = inPlaceOf(
      'haproxy',
      'case $1 in -v) echo "HAProxy version 2.6.12";; *) echo "[ALERT]    (7) : config : no such thing" >&2; exit 1;; esac',
    );
    const complaint = await refusal(proxied, { path });
    assert.match(
      complaint,
      /haproxy refused its configuration: config : no such thing.*\n.*USHER_ENGINE_REFUSED/u,
    );
  });
});
