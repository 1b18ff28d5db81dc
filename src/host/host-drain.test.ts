import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ManualClock } from '#base';
import { loadPlan } from '#ports';
import { findHost } from '#topology';
import { HostDrain } from './host-drain.ts';
import { KeptFile, keptPath } from './kept-file.ts';

describe('the drain an operator asks of a host', () => {
  const fqdn = 'dir01.contoso.net';
  let state = '';
  let path = '';

  before(async () => {
    state = await mkdtemp(join(tmpdir(), 'usher-drain-'));
    path = keptPath(state, fqdn);
  });
  after(() => rm(state, { recursive: true, force: true }));

  const refusing: boolean[] = [];
  const role = {
    refuseNew: (refuse: boolean) => void refusing.push(refuse),
    load: () => ({ unfinished: 1, connections: 2 }),
  };
  const ask = async (drain: HostDrain, verb: 'status' | 'drain' | 'resume') => {
    const loaded = loadPlan(await readFile('examples/contoso.yaml', 'utf8'), 'contoso.yaml', {});
    assert.ok(loaded.ok);
    const host = findHost(loaded.plan.topology, fqdn);
    assert.ok(host);
    const request = verb === 'drain' ? { verb, deadline: 0, force: true } : { verb };
    return await drain.control(request, host, role);
  };

  test('is none before anybody asked', async () => {
    const drain = await HostDrain.open(path, new ManualClock(1000));
    assert.equal(drain.active, false);
    assert.deepEqual(await ask(drain, 'status'), {
      host: fqdn,
      role: 'director',
      state: 'up',
      since: null,
      unfinished: 1,
      connections: 2,
      workers: 1,
    });
    assert.deepEqual(refusing, []);
  });

  test('begins once, and the next process goes on with it until somebody resumes', async () => {
    const clock = new ManualClock(1000);
    const drain = await HostDrain.open(path, clock);
    await ask(drain, 'drain');
    clock.advance(60_000);
    const again = JSON.stringify(await ask(drain, 'drain'));
    assert.match(again, /"state":"draining","since":"1970-01-01T00:00:01\.000Z"/u);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const next = await HostDrain.open(path, clock);
    assert.equal(next.active, true);
    await ask(next, 'resume');
    assert.equal((await HostDrain.open(path, clock)).active, false);
    assert.deepEqual(refusing, [true, true, false]);
  });

  for (const text of ['{', '[]', 'null', '{"drainedSince":"noon"}']) {
    test(`is not guessed from a damaged file: ${text}`, async () => {
      const damaged = keptPath(state, 'damaged');
      await writeFile(damaged, text);
      await assert.rejects(HostDrain.open(damaged, new ManualClock()), { code: 'USHER_KEPT_FILE' });
    });
  }

  test('many values saved at once leave the last one', async () => {
    const file = new KeptFile(keptPath(state, 'busy'));
    await Promise.all([1, 2, 3, 4].map((value) => file.save(value)));
    assert.equal(await file.read(), 4);
  });

  test('a file that cannot be written is a clear error', async () => {
    const file = new KeptFile(keptPath(join(path, 'below-a-file'), 'x'));
    await assert.rejects(file.save(1), { code: 'USHER_KEPT_WRITE', exitStatus: 1 });
  });
});
