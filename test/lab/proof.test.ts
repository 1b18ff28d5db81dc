import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { cannot, TestLab } from './support/lab.ts';

const options = { skip: cannot ?? false };

const report = z.object({
  ok: z.boolean(),
  rows: z.array(z.object({ id: z.string(), verdict: z.string(), evidence: z.string() })),
  refused: z.array(z.object({ refused: z.boolean() })),
  devices: z.array(z.object({ device: z.string(), findings: z.array(z.unknown()) })),
  pairs: z
    .object({
      pairs: z.number(),
      probed: z.number(),
      admitted: z.number(),
      findings: z.array(z.unknown()),
    })
    .nullable(),
  conversation: z.object({ ok: z.boolean(), steps: z.array(z.string()) }).nullable(),
});

/** What `usher lab verify` says, and its exit status. */
async function verified(lab: TestLab, ...words: readonly string[]) {
  const { status, out, err } = await lab.usher(['verify', '--json', ...words]);
  assert.notEqual(out, '', err);
  return { status, ...report.parse(JSON.parse(out)) };
}

const stations = z.object({
  stations: z.array(z.object({ name: z.string(), processes: z.array(z.number()) })),
});

async function processOf(lab: TestLab, host: string): Promise<number> {
  const { out } = await lab.usher(['status', '--json']);
  const found = stations.parse(JSON.parse(out)).stations.find(({ name }) => name === host);
  const [pid] = found?.processes ?? [];
  assert.ok(pid !== undefined, host);
  return pid;
}

describe('the Contoso deployment behind its own firewalls', options, () => {
  const lab = new TestLab('p');
  before(async () => {
    const { status, err } = await lab.usher(['up', 'examples/contoso.yaml']);
    assert.equal(status, 0, err);
  });
  after(() => lab.close());

  test('has every row open, every device closed to all else, and lets two users meet through the Edge', async () => {
    const html = join(lab.state, 'proof.html');
    const junit = join(lab.state, 'proof.xml');
    const found = await verified(lab, '--html', html, '--junit', junit);
    const { status, ok, rows, refused, devices, conversation } = found;
    assert.ok(existsSync(html) && existsSync(junit));
    const closed = rows.filter(({ verdict }) => verdict !== 'open');
    assert.deepEqual(closed, []);
    assert.deepEqual(
      rows.filter(({ evidence }) => evidence.startsWith('no source')),
      [],
    );
    assert.deepEqual(
      devices.flatMap(({ findings }) => findings),
      [],
    );
    assert.ok(refused.length > 0 && refused.every((each) => each.refused));
    assert.equal(conversation?.ok, true, conversation?.steps.join('\n') ?? 'nobody met');
    assert.ok(ok);
    assert.equal(status, 0);
  });

  test('goes on letting users meet when a Director is killed, and says which rows have lost their listener', async () => {
    const pid = await processOf(lab, 'dir01.contoso.net');
    process.kill(pid, 'SIGKILL');
    while (existsSync(`/proc/${pid}`)) await pause(10);
    const { status, rows, devices, conversation } = await verified(lab);
    assert.equal(conversation?.ok, true, conversation?.steps.join('\n') ?? 'nobody met');
    assert.equal(status, 1);
    const logging = rows.find(({ id }) => id === 'DH-07');
    assert.equal(logging?.verdict, 'noListener');
    assert.match(logging?.evidence ?? '', /the packet arrived at 10\.10\.1\.11/u);
    assert.equal(rows.find(({ id }) => id === 'DH-06')?.verdict, 'open');
    // The firewalls are as they were: only the listener is gone.
    assert.deepEqual(
      devices.flatMap(({ findings }) => findings),
      [],
    );
  });

  test('tells a row that is dropped on the way from one its host drops', async () => {
    // Servers to the Edge: the gateway drops. Directors to a Front End: the Front End itself does.
    const block = (station: string, hook: string, address: string): Promise<unknown> =>
      lab.inside(
        station,
        'nft',
        `add table inet t; add chain inet t c { type filter hook ${hook} priority 5; }; add rule inet t c ip daddr ${address} tcp dport 5061 ct state new drop`,
      );
    await block('gateway', 'forward', '10.10.8.11');
    await block('fe03.contoso.net', 'input', '10.10.3.11');
    const { rows, devices } = await verified(lab);
    const row = (wanted: string) => rows.find(({ id }) => id === wanted);
    assert.equal(row('DH-P1')?.verdict, 'dropped');
    assert.match(row('DH-P1')?.evidence ?? '', /dropped on the way/u);
    assert.equal(row('IS03a')?.verdict, 'dropped');
    assert.match(row('IS03a')?.evidence ?? '', /its filter or the way back drops/u);
    const blamed = devices.filter(({ findings }) => findings.length > 0);
    assert.deepEqual(
      blamed.map(({ device }) => device),
      ['gateway', 'fe03.contoso.net'],
    );
  });
});

for (const example of ['single-director', 'dns-balanced']) {
  describe(`the example ${example} behind its own firewalls`, options, () => {
    const lab = new TestLab(example[0] ?? '');
    after(() => lab.close());

    test('has every row open and every device closed to all else', async () => {
      const up = await lab.usher(['up', `examples/${example}.yaml`]);
      assert.equal(up.status, 0, up.err);
      const { ok, rows, devices, conversation } = await verified(lab);
      assert.deepEqual(
        rows.filter(({ verdict }) => verdict !== 'open'),
        [],
      );
      assert.deepEqual(
        devices.flatMap(({ findings }) => findings),
        [],
      );
      assert.equal(conversation?.ok, true, conversation?.steps.join('\n') ?? 'nobody met');
      assert.ok(ok);
    });

    if (example !== 'single-director') return;
    test('has no other of the 65,535 ports open to the outside, nor to an Edge that was taken over', async (context) => {
      const { pairs } = await verified(lab, '--devices', '--from', 'outside', 'edge01');
      assert.deepEqual(pairs?.findings, []);
      assert.ok(pairs.admitted > 0);
      assert.equal(pairs.probed, pairs.pairs * 65_535);
      context.diagnostic(
        `${pairs.pairs} pairs, ${pairs.probed} packets, ${pairs.admitted} let through`,
      );
    });
  });
}
