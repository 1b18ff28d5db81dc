import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadPlan } from '#ports';
import { compareSockets } from './closure.ts';
import type { OpenSocket } from './sockets.ts';

const file = 'examples/contoso.yaml';
const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
assert.ok(loaded.ok);
const { plan } = loaded;

/** Exactly the sockets the plan asks for. */
const asked: readonly OpenSocket[] = [...plan.listeners, ...plan.virtualServices].map(
  ({ address, port }, index) => ({ protocol: 'tcp', address, port, inode: String(index) }),
);
const own = new Set(asked.map(({ inode }) => inode));
const director = plan.listeners[0]?.address ?? '';

test('the sockets the plan asks for are closed around', () => {
  const closed = compareSockets(plan, asked, own);
  assert.deepEqual(closed.unexpectedlyOpen, []);
  assert.equal(closed.probed, asked.length);
});

test('one more port on an address of the deployment is found', () => {
  const extra: OpenSocket = { protocol: 'tcp', address: director, port: 9, inode: 'x' };
  const [found] = compareSockets(plan, [...asked, extra], own).unexpectedlyOpen;
  assert.deepEqual([found?.address, found?.port], [director, 9]);
});

test('a UDP socket on an address of the deployment is found, even on the port of a row', () => {
  const [listener] = plan.listeners;
  assert.ok(listener !== undefined);
  const { address, port } = listener;
  const extra: OpenSocket = { protocol: 'udp', address, port, inode: 'x' };
  assert.equal(compareSockets(plan, [...asked, extra], own).unexpectedlyOpen.length, 1);
});

test('another program that listens on every address is told, not blamed on the deployment', () => {
  const ssh: OpenSocket = { protocol: 'tcp', address: '0.0.0.0', port: 22, inode: 'ssh' };
  const closed = compareSockets(plan, [...asked, ssh], own);
  assert.deepEqual(closed.unexpectedlyOpen, []);
  assert.match(closed.remarks[0]?.en ?? '', /port 22/u);
});

test('a process of the deployment that listens on every address is a failure', () => {
  const leak: OpenSocket = { protocol: 'tcp', address: '::', port: 9999, inode: '0' };
  assert.equal(compareSockets(plan, [...asked, leak], own).unexpectedlyOpen.length, 1);
});
