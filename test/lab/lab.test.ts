import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { cannot, run, TestLab, usher } from './support/lab.ts';

const options = { skip: cannot ?? false };

/** What is there of a lab on this machine: namespaces, files over /etc, records. */
function remains(name: string): readonly string[] {
  return ['/run/netns', '/etc/netns', '/run/usher/labs']
    .filter((directory) => existsSync(directory))
    .flatMap((directory) =>
      readdirSync(directory)
        .filter((entry) => entry.startsWith(name))
        .map((entry) => join(directory, entry)),
    );
}

/** Lines of a topology for more members of a pool. */
const members = (pool: string, block: number, count: number): string =>
  Array.from(
    { length: count },
    (_, index) =>
      `      - { fqdn: ${pool}${index + 3}.contoso.net, address: 127.10.${block}.${index + 31} }\n`,
  ).join('');

/** Flows of the site: one for good, one that is over. */
const site = `
policy:
  - { name: ssh, from: [administration], to: [hosts], service: ssh, owner: ops, reason: Shell. }
  - { name: migration, from: [administration], to: [hosts], ports: [9999], owner: ops, reason: Move., expires: 2020-01-01 }
`;

describe('a lab', options, () => {
  const lab = new TestLab('a');
  after(() => lab.close());
  afterEach(() => lab.usher(['down']));

  test('comes up with every host at work, answers through its firewalls, and leaves nothing behind', async () => {
    const up = await lab.usher(['up', 'examples/contoso.yaml']);
    assert.equal(up.status, 0, up.err);
    assert.match(up.out, /8 hosts up after [\d.]+ s/u);
    const status = await lab.usher(['status', '--json']);
    assert.equal(status.status, 0, status.out);

    const web = 'https://dirpool01.contoso.net/autodiscover/autodiscoverservice.svc/root';
    const asked = `fetch('${web}').then(({status}) => console.log(status), (e) => console.log(e.cause.code))`;
    const ca = join(lab.state, 'labs', lab.name, 'pki', 'ca.crt');
    const fetch = (station: string) =>
      lab.inside(station, 'env', `NODE_EXTRA_CA_CERTS=${ca}`, process.execPath, '-e', asked);
    assert.equal((await fetch('internalClients')).out, '200\n');
    // The outside knows the name no more than the way.
    assert.notEqual((await fetch('outside')).out, '200\n');

    const rules = await lab.usher(['exec', 'dir01', '--', 'nft', 'list', 'table', 'inet', 'usher']);
    assert.match(rules.out, /comment "DH-06\/member/u);

    const down = await lab.usher(['down']);
    assert.equal(down.status, 0, down.err);
    assert.deepEqual(remains(lab.name), []);
  });

  test('says which host has fallen', async () => {
    assert.equal((await lab.usher(['up', 'examples/single-director.yaml'])).status, 0);
    const { out } = await lab.usher(['status', '--json']);
    const parsed: unknown = JSON.parse(out);
    assert.ok(typeof parsed === 'object' && parsed !== null && 'stations' in parsed);
    const pid = Number(/"dir01\.fabrikam\.net"[^}]*?"processes": \[\s*(\d+)/u.exec(out)?.[1]);
    process.kill(pid, 'SIGKILL');
    for (let tries = 0; existsSync(`/proc/${pid}`) && tries < 100; tries++) await pause(20);
    const fallen = await lab.usher(['status']);
    assert.equal(fallen.status, 1);
    assert.match(fallen.out, /dir01\.fabrikam\.net .*down/u);
  });

  test('is removed by down when its start was killed midway', async () => {
    const child = spawn(
      process.execPath,
      [usher, 'lab', 'up', '--name', lab.name, '--state', lab.state, 'examples/contoso.yaml'],
      { stdio: 'ignore' },
    );
    while (!existsSync(`/run/netns/${lab.name}-wire`)) await pause(5);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.notDeepEqual(remains(lab.name), []);
    const down = await lab.usher(['down']);
    assert.equal(down.status, 0, down.err);
    assert.deepEqual(remains(lab.name), []);
  });

  test('cleans away an interrupted start when it comes up, and says so', async () => {
    const record = `/run/usher/labs/${lab.name}.json`;
    assert.equal((await lab.usher(['up', 'examples/single-director.yaml'])).status, 0);
    const text = readFileSync(record, 'utf8');
    // As if the tool had died before its last step.
    writeFileSync(record, text.replace('"state":"up"', '"state":"making"'));
    const again = await lab.usher(['up', 'examples/single-director.yaml']);
    assert.equal(again.status, 0, again.err);
    assert.match(again.err, /interrupted start .* was cleaned away/u);
  });

  test('refuses to come up twice, under a bad name, over namespaces of others', async () => {
    assert.equal((await lab.usher(['up', 'examples/single-director.yaml'])).status, 0);
    const twice = await lab.usher(['up', 'examples/single-director.yaml']);
    assert.equal(twice.status, 2);
    assert.match(twice.err, /up already.*\n.*lab down.*\[USHER_LAB_UP\]/u);
    await lab.usher(['down']);

    const bad = await lab.usher(['up', '--name', '../x', 'examples/contoso.yaml']);
    assert.match(bad.err, /\[USHER_LAB_NAME\]/u);

    const foreign = `${lab.name}-gateway`;
    await run('ip', ['netns', 'add', foreign]);
    const over = await lab.usher(['up', 'examples/single-director.yaml']);
    await run('ip', ['netns', 'del', foreign]);
    assert.match(over.err, /\[USHER_LAB_NAMESPACE\]/u);
    assert.deepEqual(remains(lab.name), []);
  });

  test('tells who is not root, and who asks for what is not there', async () => {
    const user = await lab.usher(['up', 'examples/contoso.yaml'], { uid: 65_534 });
    assert.equal(user.status, 2);
    assert.match(user.err, /\[USHER_LAB_ROOT\]/u);
    assert.match((await lab.usher(['status'])).err, /\[USHER_LAB_ABSENT\]/u);
    assert.match((await lab.usher(['exec', 'dir01', '--', 'true'])).err, /\[USHER_LAB_ABSENT\]/u);
    assert.match((await lab.usher(['exec', 'dir01'])).err, /\[USHER_USAGE\]/u);
  });

  test('of fifteen hosts comes up', async (context) => {
    const file = join(lab.state, 'fifteen.yaml');
    const text = readFileSync('examples/contoso.yaml', 'utf8')
      .replace(/^.*fqdn: dir02.*\n/mu, (line) => line + members('dir', 1, 4))
      .replace(/^.*fqdn: fe02.*\n/mu, (line) => line + members('fea', 2, 3));
    writeFileSync(file, text + site);
    // Certificates first, as of a deployment that was up before.
    assert.equal((await lab.usher(['up', file])).status, 0);
    await lab.usher(['down']);
    const up = await lab.usher(['up', file]);
    assert.equal(up.status, 0, up.err);
    const [times = ''] = /15 hosts up after [\d.]+ s/u.exec(up.out) ?? [];
    assert.notEqual(times, '', up.out);
    context.diagnostic(`${times}; ${/wires .*/u.exec(up.out)?.[0]}`);
    // A flow of the site that is over has no rules, and who started the lab is told.
    assert.match(up.err, /SITE-migration was valid until 2020-01-01: its rules are left out/u);
    const rules = await lab.usher(['exec', 'dir01', '--', 'nft', 'list', 'table', 'inet', 'usher']);
    assert.match(rules.out, /SITE-ssh/u);
    assert.doesNotMatch(rules.out, /SITE-migration/u);
  });
});
