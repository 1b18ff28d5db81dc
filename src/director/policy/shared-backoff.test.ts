import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { ManualClock, SiblingCircle, type CircleMember } from '#base';
import { SharedBackoff } from './shared-backoff.ts';
import { signInLimits } from './sign-in-backoff.ts';

const user = 'alice@contoso.com';
const source = '192.0.2.7';

let members: readonly CircleMember[];
let processes: readonly SharedBackoff[];

beforeEach(() => {
  const circle = new SiblingCircle(new ManualClock());
  members = [circle.join(), circle.join(), circle.join()];
  processes = members.map((member) => new SharedBackoff(member));
});

/** What was told has arrived. */
async function told(): Promise<void> {
  for (let i = 0; i < 4; i++) await Promise.resolve();
}

test('whoever guesses at every process in turn is slowed down as at one', async () => {
  for (let guess = 0; guess <= signInLimits.pair.tolerated; guess += 1) {
    for (const process of processes)
      assert.equal(process.wait(user, source, 0), 0, `guess ${guess}`);
    processes[guess % processes.length]?.failed(user, source, 0);
    await told();
  }
  for (const process of processes) {
    assert.equal(process.wait(user, source, 0), signInLimits.pair.pause);
  }
});

test('the right password clears the slate everywhere', async () => {
  const [one, two] = processes;
  for (let guess = 0; guess <= signInLimits.pair.tolerated; guess += 1)
    one?.failed(user, source, 0);
  await told();
  two?.succeeded(user, source);
  await told();
  for (const process of processes) assert.equal(process.wait(user, source, 0), 0);
});

test('a right password after no wrong one is told nobody', () => {
  let heard = 0;
  members[1]?.hear('director:sign-in', () => (heard += 1));
  processes[0]?.succeeded(user, source);
  return told().then(() => assert.equal(heard, 0));
});

test('what no process of this version tells counts for nothing', async () => {
  for (const said of [null, 'x', [1, 2, 3], [user], [user, source, 'now']]) {
    members[0]?.tellAll('director:sign-in', said);
  }
  await told();
  assert.equal(processes[1]?.size, 0);
});
