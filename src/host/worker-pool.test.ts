import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadPlan } from '#ports';
import { findHost } from '#topology';
import { WorkerPool, workersFor } from './worker-pool.ts';

const file = 'examples/contoso.yaml';
const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
assert.ok(loaded.ok);
const { topology } = loaded.plan;
const host = findHost(topology, 'edge01.contoso.net');
assert.ok(host);

/** A pool of three processes that play workers, and what they noted: `WORKER event`, in order. */
function stage(t: TestContext) {
  const state = mkdtempSync(join(tmpdir(), 'usher-workers-'));
  writeFileSync(join(state, 'behaviour'), '');
  const back = Promise.withResolvers<number>();
  const fallen: number[] = [];
  assert.ok(host);
  const pool = new WorkerPool({
    host,
    program: fileURLToPath(new URL('host.fixture.ts', import.meta.url)),
    topology,
    stateDirectory: state,
    portOffset: 0,
    count: 3,
    died: (worker) => fallen.push(worker),
    back: back.resolve,
  });
  t.after(async () => {
    await pool.close();
    rmSync(state, { recursive: true, force: true });
  });
  const events = (): readonly string[] =>
    readFileSync(join(state, 'events'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.replace(`${host.fqdn} `, ''));
  return { pool, events, fallen, back: back.promise };
}

function kill(pool: WorkerPool, worker: number): void {
  const pid = pool.pids.get(worker);
  assert.ok(pid !== undefined);
  process.kill(pid, 'SIGKILL');
}

const each = (event: string): string[] => [0, 1, 2].map((worker) => `${worker} ${event}`);

test('all workers are loaded before one is started, and drained before one is closed', async (t) => {
  const { pool, events } = stage(t);
  await pool.start();
  await pool.drain(1000);
  await pool.close();
  const phases = events();
  for (const [index, phase] of ['loads', 'start', 'drain', 'close'].entries()) {
    assert.deepEqual(phases.slice(3 * index, 3 * index + 3).toSorted(), each(phase));
  }
});

test('a worker that is killed is replaced, and the others hear nothing of it', async (t) => {
  const { pool, events, fallen, back } = stage(t);
  await pool.start();
  kill(pool, 1);
  assert.equal(await back, 1);
  assert.deepEqual(fallen, [1]);
  const since = events().slice(6);
  assert.deepEqual(since, ['1 loads', '1 start']);
});

test('a worker that falls while it drains keeps nobody waiting', async (t) => {
  const { pool, fallen } = stage(t);
  await pool.start();
  const drained = pool.drain(60_000);
  kill(pool, 2);
  await drained;
  await pool.close();
  assert.deepEqual(fallen, []);
});

test('Director, Front End and Edge take as many processes as are wanted, balancer and reverse proxy one', () => {
  for (const role of ['director', 'frontEnd', 'edge'] as const)
    assert.equal(workersFor(role, 4), 4);
  for (const role of ['balancer', 'reverseProxy'] as const) assert.equal(workersFor(role, 4), 1);
});
