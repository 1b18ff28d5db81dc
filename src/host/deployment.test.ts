import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { UsherError } from '#base';
import { loadPlan } from '#ports';
import { Child } from './child.ts';
import { Deployment } from './deployment.ts';
import type { Behaviour } from './host.fixture.ts';
import type { Assignment } from './protocol.ts';

const program = fileURLToPath(new URL('host.fixture.ts', import.meta.url));
const file = 'examples/contoso.yaml';
const loaded = loadPlan(readFileSync(file, 'utf8'), file, {});
assert.ok(loaded.ok);
const { plan } = loaded;

const assignmentOf = (fqdn: string, stateDirectory: string): Assignment => {
  const { topology, portOffset } = plan;
  return { kind: 'assignment', fqdn, topology, portOffset, stateDirectory, workers: 1 };
};

interface Stage {
  readonly state: string;
  /** What the deployment told, as `HOST step`. */
  readonly told: readonly string[];
  /** Resolves once it has told this. */
  readonly hears: (what: string) => Promise<void>;
  /** What the hosts noted, in order. */
  readonly events: () => readonly string[];
  readonly deployment: Deployment;
}

function stage(t: TestContext, behaviour: Readonly<Record<string, Behaviour>> = {}): Stage {
  const state = mkdtempSync(join(tmpdir(), 'usher-deployment-'));
  const wrong = Object.entries(behaviour).map(([fqdn, what]) => `${fqdn}: ${what}`);
  writeFileSync(join(state, 'behaviour'), wrong.join('\n'));
  const told: string[] = [];
  const heard = new EventTarget();
  const deployment = new Deployment({
    plan,
    stateDirectory: state,
    program,
    progress(host, step, detail) {
      told.push(`${host.fqdn} ${step}${detail === undefined ? '' : ` ${detail}`}`);
      heard.dispatchEvent(new Event(`${host.fqdn} ${step}`));
    },
  });
  t.after(async () => {
    await deployment.close();
    rmSync(state, { recursive: true, force: true });
  });
  return {
    state,
    told,
    hears: async (what) => {
      if (!told.some((each) => each.startsWith(what))) await once(heard, what);
    },
    events: () => readFileSync(join(state, 'events'), 'utf8').trim().split('\n'),
    deployment,
  };
}

describe('a deployment', { concurrency: 2 }, () => {
  test('starts those who are asked before those who ask, and stops in the reverse order', async (t) => {
    const { deployment, events, state } = stage(t);
    await deployment.start();
    assert.equal(deployment.pids().size, 8);
    await deployment.drain(1000);
    const order = (kind: string): readonly string[] =>
      events()
        .filter((event) => event.endsWith(` ${kind}`))
        .map((event) => event.slice(0, 2));
    assert.deepEqual(order('start').slice(0, 6), ['fe', 'fe', 'fe', 'di', 'di', 'lb']);
    assert.deepEqual(order('drain').slice(2), ['lb', 'di', 'di', 'fe', 'fe', 'fe']);
    assert.equal(deployment.pids().size, 0);
    assert.equal(statSync(join(state, 'run')).mode & 0o777, 0o700);
    assert.equal(statSync(join(state, 'run', 'fe01.contoso.net.log')).mode & 0o777, 0o600);
  });

  test('fails with the reason of the host that cannot load, and leaves nobody running', async (t) => {
    const { deployment, told } = stage(t, { 'rp01.contoso.net': 'refuses' });
    await assert.rejects(
      deployment.start(),
      (error) => error instanceof UsherError && error.code === 'USHER_CREDENTIALS_MISSING',
    );
    assert.equal(deployment.pids().size, 0);
    assert.ok(!told.some((each) => each.includes('restarted')));
  });

  test('names the log of a host that ends without a word', async (t) => {
    const { deployment, state } = stage(t, { 'fe01.contoso.net': 'ends at once' });
    await assert.rejects(deployment.start(), (error) => {
      assert.ok(error instanceof UsherError);
      assert.equal(error.code, 'USHER_HOST_DIED');
      assert.match(error.message, /exit status 7/u);
      assert.ok(error.remedy.includes(join(state, 'run', 'fe01.contoso.net.log')));
      return true;
    });
  });

  test('puts a host that falls back up, and says so', async (t) => {
    const { deployment, hears, told } = stage(t, { 'dir02.contoso.net': 'falls once' });
    await deployment.start();
    await hears('dir02.contoso.net restarted');
    assert.ok(told.includes('dir02.contoso.net died exit status 9'));
    assert.equal(deployment.pids().size, 8);
    assert.match(JSON.stringify(deployment.dump()), /"dir02.contoso.net".{0,60}"restarts":1/u);
  });

  test('puts nobody back up once it is draining', async (t) => {
    const { deployment, hears, events } = stage(t, { 'dir02.contoso.net': 'falls once' });
    await deployment.start();
    await hears('dir02.contoso.net died');
    await deployment.drain(1000);
    assert.equal(deployment.pids().size, 0);
    const starts = events().filter((event) => event === 'dir02.contoso.net start');
    assert.ok(starts.length <= 2);
  });

  test('names the hosts that keep their old certificates', async (t) => {
    const { deployment } = stage(t, { 'edge01.contoso.net': 'keeps' });
    await deployment.start();
    assert.deepEqual(await deployment.reload(), ['edge01.contoso.net']);
  });
});

describe('a host process', () => {
  test('that clings to life is ended by force', async (t) => {
    const { state } = stage(t, { 'fe01.contoso.net': 'clings' });
    const falls: string[] = [];
    const child = new Child({
      program,
      assignment: assignmentOf('fe01.contoso.net', state),
      died: (how) => falls.push(how),
    });
    await child.load();
    await child.start();
    await child.close();
    assert.equal(child.pid, undefined);
    assert.deepEqual(falls, []);
    await child.close();
  });

  test('that is not there has nothing to read again and nothing to drain', async () => {
    const assignment = assignmentOf('fe01.contoso.net', '.');
    const child = new Child({ program, assignment, died: () => assert.fail('it never ran') });
    assert.equal(await child.reload(), true);
    await child.drain(10);
    await child.close();
  });

  test('that cannot be started rejects like one that ends early', async (t) => {
    const { state } = stage(t);
    const missing = join(state, 'no-such-program.js');
    assert.ok(!existsSync(missing));
    const logFile = join(state, 'log');
    const assignment = assignmentOf('fe01.contoso.net', state);
    const child = new Child({ program: missing, assignment, logFile, died: () => {} });
    await assert.rejects(
      child.load(),
      (error) => error instanceof UsherError && error.code === 'USHER_HOST_DIED',
    );
    assert.match(readFileSync(logFile, 'utf8'), /no-such-program/u);
  });
});
