import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ManualClock, SiblingCircle, newProcessName, type CircleMember } from '#base';
import { NonceCounts } from './nonce-counts.ts';
import { NonceMint } from './nonce.ts';

const key = Buffer.alloc(32, 5);
let numbers = 0;

/** A nonce of a process of this name. */
const nonceOf = (name: string): string =>
  new NonceMint(key, 'contoso.com', { name, next: () => (numbers += 1) }, 1000).issue(0);

describe('nonce counts at several processes of one host', () => {
  let members: readonly CircleMember[];
  let counts: readonly NonceCounts[];

  beforeEach(() => {
    const circle = new SiblingCircle(new ManualClock());
    members = Array.from({ length: 3 }, () => circle.join());
    counts = members.map((member) => new NonceCounts(member));
  });

  test('a client that stays with the process that challenged it costs no question', () => {
    const [one] = counts;
    assert.ok(one);
    const nonce = nonceOf(one.name);
    assert.deepEqual(
      [one.accept(nonce, 1), one.accept(nonce, 2), one.accept(nonce, 1)],
      [true, true, false],
    );
  });

  test('what one process has accepted every other refuses', async () => {
    for (const issuer of counts) {
      const nonce = nonceOf(issuer.name);
      for (const [at, process] of counts.entries()) {
        assert.equal(await process.accept(nonce, at + 1), true);
        for (const other of counts) assert.equal(await other.accept(nonce, at + 1), false);
      }
    }
  });

  test('so it is with a nonce of another host, and of a process that is gone', async () => {
    const nonce = nonceOf(newProcessName());
    const accepted = [];
    for (const process of counts) accepted.push(await process.accept(nonce, 1));
    assert.deepEqual(accepted, [true, false, false]);
  });

  test('while the process that keeps the counts cannot be asked nothing is accepted', async () => {
    const [one, two] = counts;
    assert.ok(one && two);
    const asked = two.accept(nonceOf(one.name), 1);
    members[0]?.leave();
    assert.equal(await asked, false);
  });

  test('what no process of this version asks is refused', async () => {
    const [one, two] = members;
    assert.ok(one && two);
    for (const asked of [null, 'x', [1, 2], ['x', 'y'], []]) {
      assert.equal(await one.ask(two.name, 'digest:count', asked), false);
    }
  });
});
