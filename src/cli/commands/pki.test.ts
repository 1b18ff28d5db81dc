import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { UsherError, type Language } from '#base';
import type { CliContext } from '../context.ts';
import { contosoFile } from '../plan-file.ts';
import { pki } from './pki.ts';

interface Run {
  readonly out: string;
  readonly complaints: string;
  readonly status: number;
}

/** A state directory and a way to call `usher pki` on it. */
async function terminal(
  t: TestContext,
): Promise<(args: readonly string[], language?: Language) => Promise<Run>> {
  const state = await mkdtemp(join(tmpdir(), 'usher-pki-'));
  t.after(() => rm(state, { recursive: true, force: true }));
  return async (args, language = 'en') => {
    const out: string[] = [];
    const complaints: string[] = [];
    let status = 0;
    const context: CliContext = {
      language,
      state,
      environment: {},
      colour: false,
      columns: 100,
      print: (text) => void out.push(text),
      complain: (text) => void complaints.push(text),
      ask: async () => '',
      exit(next) {
        status = next;
      },
      interrupted: new AbortController().signal,
    };
    await pki(context)
      .exitOverride()
      .parseAsync([...args], { from: 'user' });
    return { out: out.join('\n'), complaints: complaints.join('\n'), status };
  };
}

describe('usher pki', () => {
  test('init, show, revoke, show --check: what is wrong ends in exit status 1', async (t) => {
    const run = await terminal(t);
    const made = await run(['init', contosoFile]);
    assert.match(made.out, /^Created a CA\.\nissued {3}dir01\.contoso\.net\n/u);
    assert.match((await run(['init', contosoFile])).out, /^Nothing to do/u);
    assert.equal((await run(['show', contosoFile, '--check'])).status, 0);

    const revoked = await run(['revoke', 'dir02.contoso.net', '--reason', 'keyCompromise']);
    assert.match(revoked.out, /^revoked {2}CN=dirpool01\.contoso\.net, serial [0-9A-F]{32}$/u);

    const shown = await run(['show', contosoFile, '--check'], 'de');
    assert.equal(shown.status, 1);
    assert.match(shown.out, /dir02\.contoso\.net +Director +\d{4}-\d\d-\d\d +gesperrt/u);
    assert.match(shown.out, /Gegenüber weisen dir02\.contoso\.net ab/u);
    assert.match(
      (await run(['init', contosoFile])).complaints,
      /^kept +dir02\.contoso\.net: revoked/u,
    );
  });

  test('show --json is for machines', async (t) => {
    const run = await terminal(t);
    await run(['init', contosoFile]);
    const { out } = await run(['show', contosoFile, '--json', '--host', 'edge01.contoso.net']);
    const read: unknown = JSON.parse(out);
    assert.ok(typeof read === 'object' && read !== null && 'hosts' in read);
    assert.ok(Array.isArray(read.hosts) && read.hosts.length === 1);
    assert.match(out, /"state": "good"/u);
    assert.match(out, /"sha256": "[0-9a-f]{64}"/u);
  });

  test('request prints the request alone, so that it can be redirected', async (t) => {
    const run = await terminal(t);
    const { out, complaints } = await run(['request', 'rp01.contoso.net', contosoFile]);
    assert.match(
      out,
      /^-----BEGIN CERTIFICATE REQUEST-----[\s\S]+-----END CERTIFICATE REQUEST-----$/u,
    );
    assert.match(complaints, /rp01\.contoso\.net\.csr/u);
  });

  test('revoke wants a host or a serial number', async (t) => {
    const run = await terminal(t);
    await assert.rejects(
      run(['revoke']),
      (error: unknown) => error instanceof UsherError && error.code === 'USHER_USAGE',
    );
  });

  test('every command explains itself in both languages', () => {
    for (const language of ['en', 'de'] as const) {
      const context: CliContext = {
        language,
        state: undefined,
        environment: {},
        colour: false,
        columns: 100,
        print: () => {},
        complain: () => {},
        ask: async () => '',
        exit: () => {},
        interrupted: new AbortController().signal,
      };
      const names = pki(context).commands.map((command) => command.name());
      assert.deepEqual(names, ['init', 'show', 'issue', 'renew', 'revoke', 'request', 'import']);
      for (const command of pki(context).commands) assert.notEqual(command.description(), '');
    }
  });
});
