import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ManualClock } from '#base';
import { readHead } from './record.ts';
import { bodyWanted } from './policy.ts';
import { alwaysOn, policyOf, scenarioDefaults, type Scenario } from './scenario.ts';
import { ScenarioBook } from './scenario-book.ts';

function scenario(name: string, of: Partial<Scenario> = {}): Scenario {
  return {
    name,
    ...scenarioDefaults(name),
    uri: null,
    startedAt: 0,
    endsAt: null,
    startedBy: 'dir01.contoso.net',
    ...of,
  };
}

async function directory(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'usher-scenarios-'));
  t.after(() => rm(made, { recursive: true }));
  return join(made, 'logs');
}

const message = readHead('MESSAGE sip:bob@x SIP/2.0\r\nFrom: <sip:alice@x>\r\nTo: <sip:bob@x>\r\n');
const invite = readHead('INVITE sip:bob@x SIP/2.0\r\nContent-Type: application/sdp\r\n');

test('AlwaysOn keeps no bodies; call scenarios keep SDP but never what people write', () => {
  const always = policyOf([scenario(alwaysOn)]);
  const calls = policyOf([scenario(alwaysOn), scenario('IncomingAndOutgoingCall')]);
  assert.ok(always && calls);
  assert.equal(bodyWanted(always, invite), false);
  assert.equal(bodyWanted(calls, invite), true);
  assert.equal(bodyWanted(calls, message), false);
});

test('Text messages are kept only where asked for, and only of the person asked for', () => {
  const policy = policyOf([scenario('Complaint', { bodies: 'all', uri: 'sip:Alice@x' })]);
  assert.ok(policy);
  assert.equal(bodyWanted(policy, message), true);
  assert.equal(bodyWanted(policy, { ...message, from: 'carol@x' }), false);
});

test('The running scenarios add up to the highest level, and none record nothing', () => {
  assert.equal(policyOf([scenario(alwaysOn), scenario('Authentication')])?.level, 'Verbose');
  assert.equal(policyOf([]), null);
});

test('AlwaysOn runs from the first start on and survives a restart', async (t) => {
  const path = await directory(t);
  const clock = new ManualClock(5000);
  const book = new ScenarioBook(path, clock);
  await book.start();
  assert.deepEqual(
    book.current().map(({ name, endsAt }) => [name, endsAt]),
    [[alwaysOn, null]],
  );
  await book.put(scenario('Authentication', { endsAt: 10_000 }));
  book.close();
  const again = new ScenarioBook(path, clock);
  await again.start();
  assert.equal(again.current().length, 2);
  clock.advance(6000);
  assert.equal(again.current().length, 1, 'its time is over');
  again.close();
});

test('A stopped AlwaysOn stays stopped', async (t) => {
  const path = await directory(t);
  const book = new ScenarioBook(path, new ManualClock());
  await book.start();
  assert.equal(await book.remove(alwaysOn), true);
  assert.equal(await book.remove(alwaysOn), false);
  book.close();
  const again = new ScenarioBook(path, new ManualClock());
  await again.start();
  assert.equal(again.policy(), null);
  again.close();
});

test('Extending changes the end of what has one', async (t) => {
  const book = new ScenarioBook(await directory(t), new ManualClock());
  await book.start();
  await book.put(scenario('A', { endsAt: 1000 }));
  assert.deepEqual(
    (await book.extend(undefined, 9000)).map(({ name, endsAt }) => [name, endsAt]),
    [['A', 9000]],
  );
  assert.deepEqual(await book.extend(alwaysOn, 9000), []);
  book.close();
});

test('A change made by another process of the host is seen', async (t) => {
  const path = await directory(t);
  const [one, other] = [
    new ScenarioBook(path, new ManualClock()),
    new ScenarioBook(path, new ManualClock()),
  ];
  await one.start();
  await other.start();
  await one.put(scenario('A'));
  await other.refresh();
  assert.equal(other.current().length, 2);
  assert.equal((await stat(join(path, 'scenarios.json'))).mode & 0o777, 0o600);
  one.close();
  other.close();
});

test('A file nobody can read is refused at the start and reported later', async (t) => {
  const path = await directory(t);
  const book = new ScenarioBook(path, new ManualClock());
  await book.start();
  await writeFile(join(path, 'scenarios.json'), '{"scenarios":[{"name":"../x"}]}');
  await book.refresh();
  assert.match(book.fault ?? '', /scenarios\.json/);
  assert.equal(book.current().length, 1, 'what was known stays in force');
  book.close();
  await assert.rejects(new ScenarioBook(path, new ManualClock()).start(), /USHER_|cannot be read/);
  assert.match(await readFile(join(path, 'scenarios.json'), 'utf8'), /\.\.\/x/);
});
