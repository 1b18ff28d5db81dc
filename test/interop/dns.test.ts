import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Program } from './support/process.ts';
import { findProgram, needs } from './support/programs.ts';

const skip = needs(['dnsmasq', 'dnsmasq-base']);
const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const topology = fileURLToPath(new URL('../../examples/contoso.yaml', import.meta.url));

/** Runs `usher dns`; its exit status and what it printed. */
async function dns(...args: readonly string[]): Promise<{ status: number; out: string }> {
  const call = [launcher, 'dns', topology, '--lang', 'en', ...args];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, call);
    return { status: 0, out: stdout };
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && 'stdout' in error, String(error));
    return { status: Number(error.code), out: String(error.stdout) };
  }
}

/** Options of dnsmasq that serve the records `usher dns` prints. */
async function served(): Promise<readonly string[]> {
  const { out } = await dns('--json');
  const { records }: { records: { name: string; type: string; data: string }[] } = JSON.parse(out);
  return records.map(({ name, type, data }) => {
    const owner = name.replace(/\.$/u, '');
    const fields = data.split(' ').map((field) => field.replaceAll('"', '').replace(/\.$/u, ''));
    if (type === 'NAPTR') return `--naptr-record=${[owner, ...fields].join(',')}`;
    if (type !== 'SRV') return `--host-record=${owner},${data}`;
    const [priority, weight, port, target] = fields;
    return `--srv-host=${[owner, target, port, priority, weight].join(',')}`;
  });
}

describe('dnsmasq serves the records Usher prints', { skip }, () => {
  const port = randomInt(20_000, 30_000);
  const running: Program[] = [];

  /** Serves these records at another port; resolves when it does. */
  async function serve(at: number, options: readonly string[]): Promise<string> {
    const server = new Program(findProgram('dnsmasq') ?? 'dnsmasq', [
      '--no-daemon',
      '--conf-file=/dev/null',
      '--no-resolv',
      '--no-hosts',
      '--bind-interfaces',
      '--listen-address=127.0.0.1',
      '--local=/#/',
      '--user=',
      '--pid-file=',
      `--port=${at}`,
      ...options,
    ]);
    running.push(server);
    await server.see(/started, version/u, 10);
    return `127.0.0.1:${at}`;
  }

  let records: readonly string[];
  before(async () => {
    records = await served();
  });
  after(async () => {
    for (const server of running) await server[Symbol.asyncDispose]();
  });

  test('the check follows NAPTR, SRV and addresses to the Edge', async () => {
    const { status, out } = await dns('--check', '--server', await serve(port, records));
    assert.match(
      out,
      /^✔ contoso\.com {2}by NAPTR and SRV records\n(?: +127\.20\.0\.11:\d+ .*\n){2}/u,
    );
    assert.equal(status, 0);
  });

  test('without the NAPTR record it finds the SRV records', async () => {
    const others = records.filter((option) => !option.startsWith('--naptr'));
    const { status, out } = await dns('--check', '--server', await serve(port + 1, others));
    assert.match(out, /^✔ contoso\.com {2}by SRV records\n/u);
    assert.equal(status, 0);
  });

  test('a server that is no Edge is named, and so is a domain without any', async () => {
    const astray = [
      ...records,
      '--srv-host=_sips._tcp.contoso.com,old.contoso.com,5,5,5',
      '--host-record=old.contoso.com,192.0.2.5',
    ];
    const wrong = await dns('--check', '--server', await serve(port + 2, astray));
    assert.match(wrong.out, /192\.0\.2\.5:5 {2}old\.contoso\.com {2}no Edge/u);
    assert.equal(wrong.status, 1);
    const empty = await dns('--check', '--server', await serve(port + 3, []));
    assert.match(empty.out, /^✘ contoso\.com {2}no server/u);
    assert.equal(empty.status, 1);
  });
});
