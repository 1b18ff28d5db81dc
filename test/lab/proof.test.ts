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

/** The row by which servers reach the Edge. */
const outbound = ({ rows }: { rows: z.infer<typeof report>['rows'] }) =>
  rows.find(({ id }) => id === 'DH-P1');

/** Devices packets found at fault. */
const blamed = ({ devices }: { devices: z.infer<typeof report>['devices'] }) =>
  devices.filter(({ findings }) => findings.length > 0).map(({ device }) => device);

describe('the Contoso deployment behind its own firewalls', options, () => {
  const lab = new TestLab('p');
  before(async () => {
    const { status, err } = await lab.usher(['up', 'examples/contoso.yaml']);
    assert.equal(status, 0, err);
  });
  after(() => lab.close());

  test('has every row open, every device closed to all else, and lets two users meet through the Edge', async () => {
    const { status, ok, rows, refused, devices, conversation } = await verified(lab);
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

  test('writes the proof as one HTML page and as JUnit', async () => {
    const html = join(lab.state, 'proof.html');
    const junit = join(lab.state, 'proof.xml');
    const { status } = await lab.usher(['verify', '--devices', '--html', html, '--junit', junit]);
    assert.equal(status, 0);
    assert.ok(existsSync(html) && existsSync(junit));
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
    // Front End to Edge, port 5061: first the gateway drops it, then the Edge itself.
    const block = (station: string, hook: string): Promise<unknown> =>
      lab.inside(
        station,
        'nft',
        `add table inet t; add chain inet t c { type filter hook ${hook} priority 5; }; add rule inet t c ip daddr 10.10.8.11 tcp dport 5061 ct state new drop`,
      );
    const free = (station: string): Promise<unknown> =>
      lab.inside(station, 'nft', 'delete table inet t');
    await block('gateway', 'forward');
    const onTheWay = await verified(lab);
    await free('gateway');
    await block('edge01.contoso.net', 'input');
    const byTheHost = await verified(lab);
    await free('edge01.contoso.net');
    assert.equal(outbound(onTheWay)?.verdict, 'dropped');
    assert.match(outbound(onTheWay)?.evidence ?? '', /dropped on the way/u);
    assert.match(outbound(byTheHost)?.evidence ?? '', /its filter or the way back drops/u);
    assert.deepEqual(blamed(onTheWay), ['gateway']);
    assert.deepEqual(blamed(byTheHost), ['edge01.contoso.net']);
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
