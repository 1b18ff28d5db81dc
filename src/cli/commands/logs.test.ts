import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { channel, systemClock, type Language } from '#base';
import { LogAgent } from '#logging';
import { buildRequest, type ConnectionEvent, type MessageSeen, type SipFaultEvent } from '#sip';
import { findHost } from '#topology';
import { ensurePki, loadCredentials } from '#trust';
import type { CliContext } from '../context.ts';
import { contosoFile, readPlan } from '../plan-file.ts';
import { logs } from './logs.ts';

const messages = channel<MessageSeen>('usher:test:cli-messages');
const sources = {
  messages,
  connections: channel<ConnectionEvent>('usher:test:cli-connections'),
  faults: channel<SipFaultEvent>('usher:test:cli-faults'),
  refusals: channel<{
    listener: { address: string; port: number; service: string };
    remote: string;
    admission: { code: string; message: string };
  }>('usher:test:cli-refusals'),
};
const director = 'dir01.contoso.net';
const evil = '\u001b]0;owned\u0007';

function say(callId: string): void {
  messages.publish({
    at: Date.now(),
    direction: 'in',
    local: '127.10.1.11:1',
    remote: '127.0.0.1:2',
    peer: { kind: 'client' },
    label: 'sip',
    message: buildRequest({
      method: 'OPTIONS',
      uri: 'sip:contoso.com',
      headers: [
        ['From', '<sip:alice@contoso.com>;tag=1'],
        ['To', '<sip:contoso.com>'],
        ['Call-ID', callId],
        ['CSeq', '1 OPTIONS'],
        ['Subject', evil],
      ],
    }),
  });
}

describe('usher logs', () => {
  /** Away from the real ports, so that a running deployment is not disturbed. */
  const offset = String(1000 + Math.floor(Math.random() * 14_000));
  let state = '';
  let agent: LogAgent;

  async function run(
    args: readonly string[],
    language: Language = 'en',
  ): Promise<{ out: string; complaints: string; status: number }> {
    const out: string[] = [];
    const complaints: string[] = [];
    let status = 0;
    const context: CliContext = {
      language,
      state,
      environment: { USHER_PORT_OFFSET: offset, LANG: 'en_GB.UTF-8' },
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
    const command = logs(context).exitOverride();
    for (const inner of command.commands) inner.exitOverride();
    await command.parseAsync([...args], { from: 'user' });
    return { out: out.join('\n'), complaints: complaints.join('\n'), status };
  }

  before(async () => {
    state = await mkdtemp(join(tmpdir(), 'usher-logs-'));
    const context = { language: 'en', environment: {} } as const;
    const plan = readPlan(
      {
        ...context,
        state,
        colour: false,
        columns: 80,
        print() {},
        complain() {},
        exit() {},
        ask: async () => '',
        interrupted: new AbortController().signal,
      },
      contosoFile,
      Number(offset),
    );
    await ensurePki(state, plan.topology, new Date());
    const host = findHost(plan.topology, director);
    assert.ok(host);
    const credentials = await loadCredentials(state, plan.topology, director);
    agent = new LogAgent({
      plan,
      host,
      credentials,
      clock: systemClock,
      stateDirectory: state,
      sources,
    });
    await agent.start();
    say('first@x');
  });

  after(async () => {
    await agent.close();
    await rm(state, { recursive: true });
  });

  test('search prints what was said, and shows escape sequences instead of obeying them', async () => {
    const found = await run([
      'search',
      contosoFile,
      '--host',
      director,
      '--uri',
      'alice',
      '--full',
    ]);
    assert.match(found.out, /dir01\.contoso\.net ◀ 127\.0\.0\.1:2 {2}OPTIONS sip:contoso\.com/);
    assert.match(found.out, /Subject: \\x1b\]0;owned\\x07/);
    assert.doesNotMatch(found.out.replaceAll('\n', ''), /\p{Cc}/u);
    assert.equal(found.complaints, '1 record from 1 host');
    assert.equal(found.status, 0);
  });

  test('A host that does not answer is named and makes the exit status 1', async () => {
    const found = await run(['search', contosoFile, '--call-id', 'first@x'], 'de');
    assert.equal(found.status, 1);
    assert.match(found.complaints, /^1 Aufzeichnung von 1 Host$/m);
    assert.match(found.complaints, /^dir02\.contoso\.net: nicht erreichbar: .*ECONNREFUSED/m);
  });

  test('Nothing found says how far back was looked', async () => {
    const found = await run(['search', contosoFile, '--host', director, '--uri', 'nobody']);
    assert.match(
      found.complaints,
      /^Nothing found since 20\d\d-.*Z; --since looks further back\.$/,
    );
    assert.equal(found.status, 0);
  });

  test('--ladder draws the call, --svg writes it as well', async () => {
    const svg = join(state, 'call.svg');
    const args = ['--host', director, '--call-id', 'first@x', '--ladder', '--svg', svg];
    const found = await run(['search', contosoFile, ...args]);
    assert.match(found.out, /alice +dir01/);
    assert.match(found.out, /├──+ OPTIONS ──+▶│/);
    assert.match(await readFile(svg, 'utf8'), /<svg .*<\/svg>/s);
  });

  test('--json gives one record a line and the outcome of every agent last', async () => {
    const found = await run(['search', contosoFile, '--host', director, '--json']);
    const lines = found.out.split('\n').map((line): unknown => JSON.parse(line));
    assert.equal(Object(lines[0])['callId'], 'first@x');
    assert.equal(Object(Object(lines[1])['agents'])[0].kind, 'ok');
  });

  test('Scenarios start, show in the status and stop', async () => {
    const only = [contosoFile, '--host', director];
    const started = await run(['start', ...only, '--scenario', 'Test', '--bodies', 'ALL']);
    assert.match(started.out, /AlwaysOn \(Info\); Test \(Verbose, all, until 20\d\d-.*Z\)/);
    const status = await run(['status', ...only]);
    assert.match(status.out, /dir01\.contoso\.net +Director +recording +AlwaysOn, Test/);
    assert.equal((await run(['update', ...only, '--duration', '2h'])).status, 0);
    assert.equal((await run(['flush', ...only])).status, 0);
    assert.equal((await run(['stop', ...only, '--scenario', 'Test'])).status, 0);
    const again = await run(['stop', ...only, '--scenario', 'Test']);
    assert.deepEqual([again.status, /No scenario Test/.test(again.complaints)], [1, true]);
  });

  test('What is mistyped is told with what is allowed', async () => {
    const only = [contosoFile, '--host', director];
    const usage = { code: 'USHER_USAGE' };
    await assert.rejects(run(['search', ...only, '--since', 'yesterday']), usage);
    await assert.rejects(run(['search', ...only, '--level', 'Loud']), usage);
    await assert.rejects(run(['start', ...only, '--scenario', 'x', '--duration', '90']), usage);
    await assert.rejects(run(['search', contosoFile, '--host', 'rp01.contoso.net']), {
      code: 'USHER_NO_LOG_AGENT',
    });
    await assert.rejects(run(['search', contosoFile, '--pool', 'x']), {
      code: 'USHER_UNKNOWN_POOL',
    });
  });
});
