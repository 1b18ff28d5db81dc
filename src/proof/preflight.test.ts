import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { loadPlan, type Plan } from '#ports';
import { hostsOf } from '#topology';
import { findObstacles, obstacleError } from './preflight.ts';

const contoso = readFileSync('examples/contoso.yaml', 'utf8');

/** Contoso away from the documented ports and addresses, where nothing else of the suite listens. */
function planAt(shift: number): Plan {
  const text = contoso.replaceAll(/127\.(\d+)\./gu, (_, net) => `127.${Number(net) + shift}.`);
  const loaded = loadPlan(text, 'moved.yaml', { portOffset: 11_000 });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.plan;
}

test('a port that is taken is named with row, host and address', async () => {
  const plan = planAt(91);
  const host = hostsOf(plan.topology).find(({ role }) => role === 'director');
  const listener = plan.listeners.find((each) => each.host === host?.fqdn);
  assert.ok(host !== undefined && listener !== undefined);
  const server = createServer().listen(listener.port, listener.address);
  await once(server, 'listening');
  try {
    const obstacles = await findObstacles(plan, [host]);
    assert.equal(obstacles.length, 1);
    const error = obstacleError(obstacles, 'en', 'linux');
    assert.equal(error.exitStatus, 2);
    assert.equal(error.code, 'USHER_PORT_TAKEN');
    assert.ok(error.message.includes(`${listener.address}:${listener.port}`));
    assert.ok(error.message.includes(listener.flows[0]?.id ?? '?'));
  } finally {
    server.close();
  }
});

test('with nothing in the way there are no obstacles', async () => {
  const plan = planAt(92);
  assert.deepEqual(await findObstacles(plan, hostsOf(plan.topology)), []);
});

test('ports that need a right come with three ways out', () => {
  const error = obstacleError(
    [{ reason: 'permission', host: 'dir01', address: '127.0.0.1', port: 80, rows: ['DH-04'] }],
    'en',
    'linux',
  );
  assert.equal(error.code, 'USHER_PORT_FORBIDDEN');
  for (const way of ['--port-offset', 'sysctl', 'sudo usher up']) {
    assert.ok(error.remedy.includes(way), way);
  }
});

test('a port that its holder would share is taken all the same', async () => {
  const plan = planAt(93);
  const host = hostsOf(plan.topology).find(({ role }) => role === 'director');
  const listener = plan.listeners.find((each) => each.host === host?.fqdn);
  assert.ok(host !== undefined && listener !== undefined);
  const { address, port } = listener;
  const server = createServer().listen({ host: address, port, reusePort: true });
  await once(server, 'listening');
  try {
    const obstacles = await findObstacles(plan, [host]);
    assert.deepEqual(
      obstacles.map(({ reason }) => reason),
      ['taken'],
    );
  } finally {
    server.close();
  }
});
