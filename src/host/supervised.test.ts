import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Order } from './protocol.ts';

const program = fileURLToPath(new URL('supervised.fixture.ts', import.meta.url));

interface Supervised {
  readonly tell: (order: Order) => void;
  /** The next report. */
  readonly report: () => Promise<unknown>;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly leave: () => void;
  /** Exit status and everything said, once it has ended. */
  readonly ended: Promise<{ status: number | null; said: readonly string[]; log: string }>;
}

/** Starts the host of the fixture with this process as its supervisor. */
function supervise(t: TestContext, flaw = 'none'): Supervised {
  const child: ChildProcess = fork(program, [flaw], { silent: true, execArgv: [] });
  t.after(() => void child.kill('SIGKILL'));
  const { stdout, stderr } = child;
  assert.ok(stdout !== null && stderr !== null);
  const reports: unknown[] = [];
  let heard = Promise.withResolvers<void>();
  child.on('message', (message) => {
    reports.push(message);
    heard.resolve();
  });
  const ended = Promise.all([once(child, 'exit'), text(stdout), text(stderr)]).then(
    ([[status], said, log]) => ({
      status: typeof status === 'number' ? status : null,
      said: said.trim().split('\n'),
      log,
    }),
  );
  return {
    tell: (order) => void child.send(order),
    async report() {
      while (reports.length === 0) {
        await heard.promise;
        heard = Promise.withResolvers<void>();
      }
      return reports.shift();
    },
    kill: (signal) => void child.kill(signal),
    leave: () => child.disconnect(),
    ended,
  };
}

describe('a supervised host', { concurrency: 2 }, () => {
  test('does as it is told, and ends with status 0', async (t) => {
    const host = supervise(t);
    assert.deepEqual(await host.report(), { kind: 'loaded' });
    host.tell({ kind: 'start' });
    assert.deepEqual(await host.report(), { kind: 'started' });
    host.tell({ kind: 'reload' });
    assert.deepEqual(await host.report(), { kind: 'reloaded', ok: true });
    host.tell({ kind: 'control', request: { verb: 'status' } });
    const answer = { ok: true, value: 'status' } as const;
    assert.deepEqual(await host.report(), { kind: 'controlled', answer });
    host.tell({ kind: 'drain', deadline: 50 });
    assert.deepEqual(await host.report(), { kind: 'drained' });
    host.tell({ kind: 'close' });
    const { status, said } = await host.ended;
    assert.equal(status, 0);
    assert.deepEqual(said, ['start', 'reload', 'control status', 'drain 50', 'close']);
  });

  test('that cannot load says why to the supervisor and in its log, and ends with status 2', async (t) => {
    const host = supervise(t, 'unloadable');
    const reason = { code: 'USHER_CREDENTIALS_MISSING', message: 'no key', remedy: 'Copy it.' };
    assert.deepEqual(await host.report(), { kind: 'failed', ...reason });
    const { status, log } = await host.ended;
    assert.equal(status, 2);
    assert.match(log, /USHER_CREDENTIALS_MISSING.*Copy it.*no key/u);
  });

  test('that fails without a known reason reports a defect', async (t) => {
    const host = supervise(t, 'broken');
    await host.report();
    host.tell({ kind: 'start' });
    const failed = JSON.stringify(await host.report());
    assert.match(failed, /USHER_UNEXPECTED.*out of luck/u);
    assert.equal((await host.ended).status, 2);
  });

  test('ends when its supervisor vanishes', async (t) => {
    const host = supervise(t);
    await host.report();
    host.leave();
    const { status, said } = await host.ended;
    assert.equal(status, 0);
    assert.deepEqual(said, ['close']);
  });

  test('drains and ends on SIGTERM of its own, and reads its certificates again on SIGHUP', async (t) => {
    const host = supervise(t, 'keeps');
    await host.report();
    host.kill('SIGHUP');
    assert.deepEqual(await host.report(), { kind: 'reloaded', ok: false });
    host.kill('SIGTERM');
    const { status, said } = await host.ended;
    assert.equal(status, 0);
    assert.deepEqual(said, ['reload', 'drain 1234', 'close']);
  });
});
