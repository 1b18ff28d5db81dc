import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { UsherError } from '#base';
import { loadPlan } from '#ports';
import type { CliContext } from '../context.ts';
import { init } from './init.ts';

/** Runs the command; `answers` go to its questions in order, after them an empty line each. */
async function run(
  args: readonly string[],
  answers: readonly string[] = [],
  questions: string[] = [],
) {
  const printed: string[] = [];
  const context: CliContext = {
    language: 'en',
    state: undefined,
    environment: {},
    colour: false,
    columns: 100,
    print: (text) => void printed.push(text),
    complain: () => undefined,
    ask: (question) => Promise.resolve(answers[questions.push(question) - 1] ?? ''),
    exit: () => undefined,
    interrupted: new AbortController().signal,
  };
  const command = init(context)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  await command.parseAsync([...args], { from: 'user' });
  return { text: printed.join('\n'), questions };
}

function rowIds(text: string): string[] {
  const loaded = loadPlan(text, 'new.yaml');
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.plan.flows.map((flow) => flow.id);
}

const code = (wanted: string) => (error: unknown) =>
  error instanceof UsherError && error.code === wanted;

describe('usher init', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'usher-init-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('asks for every fact and takes an empty answer as consent to the proposal', async () => {
    const { text, questions } = await run([]);
    assert.equal(questions.length, 9);
    assert.match(questions[0] ?? '', /\[contoso\.com\]/u);
    assert.ok(rowIds(text).includes('DH-09'));
  });

  it('takes the answers', async () => {
    const { text } = await run([], ['example.org', 'corp.example.org', 'dns', '3']);
    assert.ok(rowIds(text).includes('DD-06'));
    assert.match(text, /dir03\.corp\.example\.org/u);
  });

  it('proposes one Director where nothing balances the load', async () => {
    const { text, questions } = await run(['--balancing', 'none']);
    assert.match(questions[2] ?? '', /\[1\]/u);
    assert.ok(rowIds(text).includes('DS-06'));
  });

  it('does not ask for what an option gives, nor for anything with --yes', async () => {
    const some = await run(['--sip-domain', 'example.org']);
    assert.equal(some.questions.length, 8);
    const none = await run(['--yes', '--balancing', 'dns']);
    assert.deepEqual(none.questions, []);
    assert.ok(rowIds(none.text).includes('DD-01'));
  });

  it('writes a file that loads, and overwrites one only when forced', async () => {
    const file = join(directory, 'topology.yaml');
    await run(['--yes', '--out', file]);
    assert.ok(rowIds(await readFile(file, 'utf8')).length > 0);
    await writeFile(file, 'mine');
    await assert.rejects(run(['--yes', '--out', file]), code('USHER_FILE_EXISTS'));
    assert.equal(await readFile(file, 'utf8'), 'mine');
    await run(['--yes', '--out', file, '--force']);
    assert.ok(rowIds(await readFile(file, 'utf8')).length > 0);
  });

  it('refuses to overwrite before it asks anything', async () => {
    const file = join(directory, 'topology.yaml');
    await writeFile(file, 'mine');
    const questions: string[] = [];
    await assert.rejects(run(['--out', file], [], questions), code('USHER_FILE_EXISTS'));
    assert.deepEqual(questions, []);
  });

  it('stops at the question that got an impossible answer', async () => {
    const questions: string[] = [];
    await assert.rejects(run([], ['', '', 'luck'], questions), code('USHER_USAGE'));
    assert.equal(questions.length, 3);
  });

  it('says which fact cannot be used', async () => {
    await assert.rejects(run(['--yes', '--directors', 'two']), code('USHER_BAD_FACT'));
    await assert.rejects(run(['--yes', '--balancing', 'luck']), code('USHER_USAGE'));
    const nowhere = join(directory, 'missing', 'topology.yaml');
    await assert.rejects(run(['--yes', '--out', nowhere]), code('USHER_FILE'));
  });

  it('prints the JSON Schema for editors', async () => {
    const { text } = await run(['--schema']);
    const schema: unknown = JSON.parse(text);
    assert.ok(typeof schema === 'object' && schema !== null && 'properties' in schema);
  });
});
