import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lowPortsAreFree } from './support/deployment.ts';
import { Program } from './support/process.ts';

const run = promisify(execFile);
const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const single = fileURLToPath(new URL('../../examples/single-director.yaml', import.meta.url));

const trust = `
trust:
  caFile: certificates/ca.crt
  certificateDirectory: certificates
  crlFile: certificates/ca.crl
`;

describe('a site brings its own certificates, in a directory beside its topology', () => {
  let directory = '';
  let site = '';
  let topologyFile = '';
  let offset = 0;

  before(async () => {
    offset = (await lowPortsAreFree()) ? 0 : 10_000;
    directory = mkdtempSync(join(tmpdir(), 'usher-own-certificates-'));
    site = join(directory, 'site');
    mkdirSync(site);
    topologyFile = join(site, 'topology.yaml');
    const topology = readFileSync(single, 'utf8').replaceAll('127.11.', '127.16.');
    writeFileSync(topologyFile, topology);
    // The CA of the site is another installation's: this one gets what it issued, not its key.
    const authority = join(directory, 'authority');
    await run(process.execPath, [launcher, 'pki', 'init', topologyFile, '--state', authority]);
    const certificates = join(site, 'certificates');
    cpSync(join(authority, 'pki', 'hosts'), certificates, { recursive: true });
    for (const file of ['ca.crt', 'ca.crl']) {
      cpSync(join(authority, 'pki', file), join(certificates, file));
    }
    writeFileSync(topologyFile, topology + trust);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** Runs `up --once` from a directory the paths of the topology do not start at. */
  const up = (state: string): Program =>
    new Program(
      process.execPath,
      [
        launcher,
        'up',
        topologyFile,
        '--once',
        '--lang',
        'en',
        '--state',
        state,
        '--port-offset',
        String(offset),
      ],
      { cwd: directory },
    );

  test('the deployment comes up with them and proves itself; Usher issues nothing', async () => {
    const state = join(directory, 'state');
    await using program = up(state);
    assert.equal(await program.ended(), 0, program.output);
    assert.match(program.output, /✔ (\d+) of \1 rows open/u);
    assert.match(program.output, /every one was refused/u);
    assert.doesNotMatch(program.output, /certificates issued/u);
    assert.equal(existsSync(join(state, 'pki', 'ca.key')), false);
  });

  test('usher pki show finds them good', async () => {
    const args = [launcher, 'pki', 'show', topologyFile, '--check', '--lang', 'en'];
    const { stdout } = await run(process.execPath, [...args, '--state', join(directory, 'state')]);
    assert.equal(stdout.match(/\bgood\b/gu)?.length, 4, stdout);
  });

  test('a key that is missing stops the start with the name of its file and status 2', async () => {
    rmSync(join(site, 'certificates', 'rp01.fabrikam.net.key'));
    await using program = up(join(directory, 'state'));
    assert.equal(await program.ended(), 2, program.output);
    assert.match(program.output, /certificates\/rp01\.fabrikam\.net\.key.*no such file/u);
    assert.match(program.output, /USHER_CREDENTIALS_MISSING/u);
    assert.doesNotMatch(program.output, /put back up/u);
  });
});
