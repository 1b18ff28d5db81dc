import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsherError } from '#base';
import type { Language } from '#base';
import type { CliContext } from '../context.ts';
import { ports } from './ports.ts';

async function run(args: readonly string[], language: Language = 'en') {
  const printed: string[] = [];
  const complained: string[] = [];
  const context: CliContext = {
    language,
    state: undefined,
    environment: {},
    colour: false,
    columns: 100,
    print: (text) => void printed.push(text),
    complain: (text) => void complained.push(text),
    ask: () => Promise.reject(new Error('usher ports asks nothing')),
    exit: () => undefined,
    interrupted: new AbortController().signal,
  };
  const command = ports(context)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  await command.parseAsync([...args], { from: 'user' });
  return { text: printed.join('\n'), complained };
}

const code = (wanted: string) => (error: unknown) =>
  error instanceof UsherError && error.code === wanted && error.exitStatus === 2;

describe('usher ports', () => {
  it('prints the table of a topology', async () => {
    const { text } = await run(['examples/contoso.yaml']);
    assert.match(text, /DH-09/u);
    assert.doesNotMatch(text, /IS03a|DH-06\/probe/u);
  });

  it('prints every flow with --all', async () => {
    const { text } = await run(['examples/contoso.yaml', '--all']);
    assert.match(text, /IS03a/u);
    assert.match(text, /DH-06\/probe/u);
  });

  it('prints the language asked for', async () => {
    const { text } = await run(['examples/dns-balanced.yaml'], 'de');
    assert.match(text, /Jeder Director/u);
  });

  it('prints JSON for --json as for --format json', async () => {
    const short = await run(['examples/single-director.yaml', '--json']);
    const long = await run(['examples/single-director.yaml', '--format', 'json']);
    assert.equal(short.text, long.text);
    const parsed: unknown = JSON.parse(short.text);
    assert.ok(typeof parsed === 'object' && parsed !== null && 'rows' in parsed);
  });

  it('moves every port by --port-offset', async () => {
    const { text } = await run(['examples/contoso.yaml', '--port-offset', '10000']);
    assert.match(text, /SIP\/MTLS\/TCP 15061/u);
  });

  it('refuses a format that does not exist, and a file that does not', async () => {
    await assert.rejects(run(['examples/contoso.yaml', '--format', 'pdf']), code('USHER_USAGE'));
    await assert.rejects(run(['nowhere.yaml']), code('USHER_TOPOLOGY'));
  });
});
