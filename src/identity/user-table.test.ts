import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { User, Verifiers } from './user.ts';
import { UserTable } from './user-table.ts';

const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
const alice: User = {
  aor: 'alice@contoso.com',
  displayName: 'Älice Wonder 😀',
  homePool: 'fepool01.contoso.net',
  enabled: true,
};

function plain({ aor, displayName, homePool, enabled }: User): User {
  return { aor, displayName, homePool, enabled };
}

describe('the table of users', () => {
  test('gives back whom it was given, with the verifiers there are', () => {
    const table = new UserTable();
    assert.equal(table.add(alice, { MD5: { local: md5 } }), true);
    const found = table.find(alice.aor);
    assert.ok(found);
    assert.deepEqual(plain(found), alice);
    assert.equal(found.verifier('MD5', 'local'), md5);
    assert.equal(found.verifier('MD5', 'aor'), undefined);
    assert.equal(found.verifier('SHA-256', 'local'), undefined);
    assert.equal(table.find('alice@contoso.co'), undefined);
    assert.equal(table.size, 1);
  });

  test('finds each of many, whatever they are called, and nobody else', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'b', 'c', 'é', '.', '-', '0', '😀'),
      minLength: 1,
      maxLength: 12,
    });
    const person = fc.record({
      aor: name.map((local) => `${local}@contoso.com`),
      displayName: fc.string({ unit: 'grapheme', maxLength: 20 }),
      homePool: fc.constantFrom('fepool01.contoso.net', 'fe03.contoso.net'),
      enabled: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.uniqueArray(person, { selector: ({ aor }) => aor }), name, (people, other) => {
        const table = new UserTable();
        const kept = people.filter((user) => table.add(user, {}));
        for (const user of people) {
          const found = table.find(user.aor);
          assert.deepEqual(found && plain(found), kept.includes(user) ? plain(user) : undefined);
        }
        const beyond = people.filter((user) => !kept.includes(user));
        assert.ok(beyond.every(({ aor }) => /[^\0-ÿ]/u.test(aor)));
        if (!people.some(({ aor }) => aor === other)) assert.equal(table.find(other), undefined);
      }),
    );
  });

  test('grows, and forgets all at once; whom it had handed out stays the same', () => {
    const table = new UserTable();
    const verifiers: Verifiers = { 'SHA-256': { local: 'a'.repeat(64), aor: 'b'.repeat(64) } };
    for (let n = 0; n < 20_000; n += 1) {
      table.add({ ...alice, aor: `user${n}@contoso.com`, enabled: n % 2 === 0 }, verifiers);
    }
    assert.equal(table.size, 20_000);
    const found = table.find('user19999@contoso.com');
    assert.equal(found?.enabled, false);
    assert.equal(table.find('user20000@contoso.com'), undefined);
    table.clear();
    assert.equal(table.size, 0);
    assert.equal(table.find('user19999@contoso.com'), undefined);
    assert.equal(found?.aor, 'user19999@contoso.com');
    assert.equal(found?.verifier('SHA-256', 'aor'), 'b'.repeat(64));
  });

  test('does not keep one user twice, nor a text that is too long', () => {
    const table = new UserTable();
    table.add(alice, {});
    assert.equal(table.add({ ...alice, enabled: false }, {}), false);
    assert.equal(table.find(alice.aor)?.enabled, true);
    const long = { ...alice, aor: 'bob@contoso.com', displayName: 'x'.repeat(70_000) };
    assert.equal(table.add(long, {}), false);
    assert.equal(table.find(long.aor), undefined);
  });
});
