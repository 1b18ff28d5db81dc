import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadPlan } from '#ports';
import { familyOf, hostsOf } from '#topology';
import { Program } from '../interop/support/process.ts';
import { needs } from '../interop/support/programs.ts';
import { inBothFamilies } from './support/both-families.ts';
import { notOurs } from './support/namespace.ts';

const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const skip = notOurs() || needs(['ip', 'iproute2'], ['nft', 'nftables']);

/** Contoso in both families; the addresses of IPv6 have to be given to the machine, those of IPv4 it has. */
const text = inBothFamilies(
  readFileSync(new URL('../../examples/contoso.yaml', import.meta.url), 'utf8'),
);

function addresses(): readonly string[] {
  const loaded = loadPlan(text, 'contoso.yaml');
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const { topology } = loaded.plan;
  const hosts = hostsOf(topology).flatMap((host) => [
    ...host.addresses,
    ...(host.external?.addresses ?? []),
  ]);
  return [...hosts, ...topology.pools.flatMap(({ vips }) => vips)].filter(
    (address) => familyOf(address) === 6,
  );
}

/** Gives the machine the addresses, or takes them from it. */
function onLoopback(verb: 'add' | 'del'): void {
  const lines = addresses().map((address) => `addr ${verb} ${address}/128 dev lo`);
  execFileSync('ip', ['-6', '-batch', '-'], { input: lines.join('\n') });
}

describe('a deployment in both address families, on one machine', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'usher-both-'));
  const file = join(directory, 'topology.yaml');
  before(() => {
    writeFileSync(file, text);
    onLoopback('add');
  });
  after(() => {
    execFileSync('nft', ['-f', '-'], { input: 'table ip6 dual_cut\ndelete table ip6 dual_cut\n' });
    onLoopback('del');
    rmSync(directory, { recursive: true, force: true });
  });

  const up = async (): Promise<{ readonly status: number | string; readonly output: string }> => {
    const words = ['up', file, '--once', '--lang', 'en', '--state', join(directory, 'state')];
    await using program = new Program(process.execPath, [launcher, ...words]);
    return { status: await program.ended(), output: program.output };
  };

  test('comes up with every row open in both, and two users meet', async () => {
    const { status, output } = await up();
    assert.equal(status, 0, output);
    assert.match(output, /✔ (\d+) of \1 rows open/u);
    assert.match(output, /met through the Edge/u);
  });

  test('fails rows that IPv6 does not get through, and its servers go on by IPv4', async () => {
    // Front Ends refuse IPv6, whoever asks.
    const front = addresses().filter((address) => /^fd00:10:[23]:/u.test(address));
    const rules = `table ip6 dual_cut {
      chain output {
        type filter hook output priority 0
        ip6 daddr { ${front.join(', ')} } tcp flags & (syn | ack) == syn reject with tcp reset
      }
    }`;
    execFileSync('nft', ['-f', '-'], { input: rules });
    const { status, output } = await up();
    assert.equal(status, 1, output);
    assert.match(output, /✘ DH-03 .*no listener/u);
    assert.match(output, /dir01\.contoso\.net → fe01\.contoso\.net \(fd00:10:2::11:\d+\)/u);
    assert.match(output, /✔ DH-06 .*open/u);
    assert.match(output, /alice@contoso\.com MESSAGE → 200 OK/u);
    assert.match(output, /met through the Edge/u);
  });
});
