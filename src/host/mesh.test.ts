import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { closeAll, newProcessName, systemClock } from '#base';
import { Mesh } from './mesh.ts';

const host = 'dir01.contoso.net';
let stateDirectory = '';
let running: Mesh[] = [];

beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'usher-mesh-'));
});
afterEach(async () => {
  await closeAll(running);
  running = [];
  rmSync(stateDirectory, { recursive: true, force: true });
});

const socketOf = (worker: number): string => join(stateDirectory, 'run', `${host}.${worker}.sock`);

async function opened(worker: number, workers = 3): Promise<Mesh> {
  const name = newProcessName();
  const mesh = new Mesh({ host, stateDirectory, name, worker, workers, clock: systemClock });
  running.push(mesh);
  await mesh.open();
  return mesh;
}

/** As many workers as a pool starts: all are loaded before the first is started. */
async function circle(workers: number): Promise<Mesh[]> {
  const numbers = Array.from({ length: workers }, (_, number) => number);
  const meshes = await Promise.all(numbers.map((number) => opened(number, workers)));
  await Promise.all(meshes.map((mesh) => mesh.start()));
  return meshes;
}

/** The next thing this one hears about a topic. */
function heard(mesh: Mesh, topic: string): Promise<readonly [message: unknown, from: string]> {
  const { promise, resolve } = Promise.withResolvers<readonly [unknown, string]>();
  const stop = mesh.hear(topic, (message, from) => resolve([message, from]));
  return promise.finally(stop);
}

function joins(mesh: Mesh, name: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (mesh.others.has(name)) resolve();
  const stop = mesh.watch({ joined: (other) => other === name && resolve() });
  return promise.finally(stop);
}

function leaves(mesh: Mesh, name: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (!mesh.others.has(name)) resolve();
  const stop = mesh.watch({ left: (other) => other === name && resolve() });
  return promise.finally(stop);
}

test('after the start every worker of a host can speak to every other', async () => {
  const meshes = await circle(3);
  for (const from of meshes) {
    for (const to of meshes.filter((each) => each !== from)) {
      const hears = heard(to, 'news');
      assert.ok(from.tell(to.name, 'news', { seen: [1, 'two\n'] }));
      assert.deepEqual(await hears, [{ seen: [1, 'two\n'] }, from.name]);
    }
  }
});

test('what is told arrives in order, and what all are told arrives at each', async () => {
  const [first, ...others] = await circle(3);
  const numbers = Array.from({ length: 1000 }, (_, number) => number);
  const all = others.map(async (mesh) => {
    const got: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    mesh.hear('count', (number) => {
      if (got.push(number) === numbers.length) resolve();
    });
    await promise;
    return got;
  });
  for (const number of numbers) first?.tellAll('count', number);
  assert.deepEqual(await Promise.all(all), [numbers, numbers]);
});

test('a question is answered by whom it was put to; nobody answers for one that is not there', async () => {
  const [first, second] = await circle(2);
  assert.ok(first && second);
  second.answer('sum', (terms) => (Array.isArray(terms) ? terms.length : 0));
  assert.equal(await first.ask(second.name, 'sum', [1, 2, 3]), 3);
  assert.equal(await first.ask(second.name, 'unheard of', 1), null);
  assert.equal(await first.ask(newProcessName(), 'sum', [1]), undefined);
});

test('a worker that dies is missed at once, and whoever waits for its answer goes on', async () => {
  const [first, second] = await circle(2);
  assert.ok(first && second);
  second.answer('never', () => {
    void second.close();
    return null;
  });
  const gone = leaves(first, second.name);
  await first.ask(second.name, 'never', null);
  await gone;
  assert.equal(first.tell(second.name, 'news', 1), false);
});

test('a worker that is replaced is found again, under its new name', async () => {
  const [low, middle, high] = await circle(3);
  assert.ok(low && middle && high);
  await middle.close();
  await Promise.all([leaves(low, middle.name), leaves(high, middle.name)]);
  const replaced = await opened(1);
  await replaced.start();
  for (const other of [low, high]) {
    await joins(other, replaced.name);
    assert.deepEqual([...other.others].toSorted(), namesBut(other, [low, replaced, high]));
    const hears = heard(replaced, 'news');
    other.tellAll('news', other.name);
    assert.deepEqual(await hears, [other.name, other.name]);
  }
});

test('a worker that ends after its successor has begun takes nothing from it', async () => {
  const [low, late] = await circle(2);
  assert.ok(low && late);
  const successor = await opened(1, 2);
  await successor.start();
  // The one before is still there, and nothing is said to it any more.
  await joins(low, successor.name);
  const hears = heard(successor, 'news');
  assert.ok(low.tell(successor.name, 'news', 1));
  await hears;
  await late.close();
  const another = await opened(0, 2);
  await low.close();
  await another.start();
  await joins(another, successor.name);
  assert.deepEqual([...another.others], [successor.name]);
});

function namesBut(mesh: Mesh, all: readonly Mesh[]): string[] {
  return all
    .filter((each) => each !== mesh)
    .map(({ name }) => name)
    .toSorted();
}

test('a sibling that does not read is cut off before it costs much memory, and found again', async () => {
  const [first, second] = await circle(2);
  assert.ok(first && second);
  const gone = leaves(second, first.name);
  const text = 'x'.repeat(500_000);
  let told = 0;
  // Within one turn of the event loop nothing is written, so nothing can be read.
  while (first.tell(second.name, 'news', text)) told += 1;
  assert.equal(told, 16);
  assert.ok(first.congested(second.name));
  await gone;
  await joins(second, first.name);
  assert.equal(first.congested(second.name), false);
});

test('one thing that is longer than a line may be ends the link, not the process', async () => {
  const [first, second] = await circle(2);
  assert.ok(first && second);
  const gone = leaves(second, first.name);
  assert.equal(first.tell(second.name, 'news', 'x'.repeat(1_048_577)), false);
  await gone;
  await joins(second, first.name);
});

test('only the owner of the state directory reaches the sockets', async () => {
  await opened(0);
  assert.equal(statSync(socketOf(0)).mode & 0o777, 0o600);
  assert.equal(statSync(join(stateDirectory, 'run')).mode & 0o777, 0o700);
});

const name = newProcessName();
for (const [what, said] of [
  ['a number that is no sibling', `[7,"${name}"]\n`],
  ['the number of the one it speaks to', `[0,"${name}"]\n`],
  ['a name that is none', '[1,"../../etc"]\n'],
  ['no number', 'hello\n'],
  ['a line without end', 'x'.repeat(1_100_000)],
  ['no JSON after its name', `[1,"${name}"]\n{\n`],
  ['something no sibling says', `[1,"${name}"]\n["shout","news",1]\n`],
] as const) {
  test(`a link that says ${what} is cut`, async () => {
    await opened(0);
    const stranger = connect({ path: socketOf(0) });
    const closed = new Promise<void>((resolve) => void stranger.once('close', () => resolve()));
    // It may be cut before it has written everything.
    stranger.on('error', () => {});
    stranger.write(said);
    stranger.resume();
    await closed;
  });
}

test('a state directory too deep for a socket is told with a way out', async () => {
  const deep = { host, stateDirectory: `/${'deep/'.repeat(30)}`, worker: 0, workers: 2 };
  const mesh = new Mesh({ ...deep, name: newProcessName(), clock: systemClock });
  await assert.rejects(mesh.open(), { code: 'USHER_CONTROL_PATH' });
});
