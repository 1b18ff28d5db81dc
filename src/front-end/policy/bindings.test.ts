import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bindings } from './bindings.ts';
import type { Binding, ContactUpdate, Registration } from './bindings.ts';

const aor = 'alice@contoso.com';
const phone = 'sip:alice@192.0.2.1;transport=tls';
const laptop = 'sip:alice@192.0.2.2;transport=tls';

function contact(uri: string, more: Partial<ContactUpdate> = {}): ContactUpdate {
  return { uri, q: 1, instance: undefined, regId: undefined, lifetime: 3600, ...more };
}

let calls = 0;
function registration(
  contacts: Registration['contacts'],
  more: Partial<Registration> = {},
): Registration {
  return { contacts, path: [], connection: undefined, callId: `c${++calls}`, cseq: 1, ...more };
}

const uris = (list: readonly Binding[]): string[] => list.map(({ uri }) => uri);

test('a contact registered is found', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone)]), 0);
  assert.deepEqual(uris(bindings.of(aor, 0)), [phone]);
  assert.equal(bindings.size, 1);
});

test('a user nobody registered has no bindings', () => {
  assert.deepEqual(new Bindings().of(aor, 0), []);
});

test('fetching changes nothing', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone)]), 0);
  const result = bindings.update(aor, registration([]), 1000);
  assert.ok(result.kind === 'ok');
  assert.deepEqual(uris(result.bindings), [phone]);
  assert.equal(result.bindings[0]?.expiresAt, 3_600_000);
});

test('a refresh replaces the binding and lengthens its life', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone)], { callId: 'c', cseq: 1 }), 0);
  bindings.update(aor, registration([contact(phone)], { callId: 'c', cseq: 2 }), 10_000);
  assert.deepEqual(
    bindings.of(aor, 10_000).map(({ expiresAt }) => expiresAt),
    [3_610_000],
  );
});

test('contacts that differ in a way RFC 3261 19.1.4 ignores are one binding', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact('sip:%61lice@EXAMPLE.net;transport=TLS')]), 0);
  bindings.update(aor, registration([contact('sip:alice@example.net;transport=tls;x=1')]), 0);
  assert.equal(bindings.of(aor, 0).length, 1);
});

test('two contacts of one request are two bindings', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone), contact(laptop)]), 0);
  assert.deepEqual(uris(bindings.of(aor, 0)), [phone, laptop]);
});

test('expires 0 removes one binding and leaves the other', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone), contact(laptop)]), 0);
  bindings.update(aor, registration([contact(phone, { lifetime: 0 })]), 1);
  assert.deepEqual(uris(bindings.of(aor, 1)), [laptop]);
});

test('setting one and removing another in one request does both', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone)]), 0);
  bindings.update(aor, registration([contact(laptop), contact(phone, { lifetime: 0 })]), 1);
  assert.deepEqual(uris(bindings.of(aor, 1)), [laptop]);
});

test('removing what is not there is no fault', () => {
  const result = new Bindings().update(aor, registration([contact(phone, { lifetime: 0 })]), 0);
  assert.deepEqual(result, { kind: 'ok', bindings: [] });
});

test('the star removes everything', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone), contact(laptop)]), 0);
  assert.deepEqual(bindings.update(aor, registration('*'), 1), { kind: 'ok', bindings: [] });
  assert.equal(bindings.users, 0);
});

for (const [what, contacts] of [
  ['a refresh', [contact(phone)]],
  ['a removal', [contact(phone, { lifetime: 0 })]],
  ['the star', '*'],
] as const) {
  test(`${what} overtaken by a later request of the same client changes nothing`, () => {
    const bindings = new Bindings();
    bindings.update(aor, registration([contact(phone)], { callId: 'c', cseq: 7 }), 0);
    const late = registration(contacts, { callId: 'c', cseq: 7 });
    assert.equal(bindings.update(aor, late, 1).kind, 'outOfOrder');
    assert.deepEqual(uris(bindings.of(aor, 1)), [phone]);
  });
}

test('a new Call-ID starts counting anew, even with the same CSeq', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone)], { callId: 'a', cseq: 7 }), 0);
  const rebooted = registration([contact(phone)], { callId: 'b', cseq: 7 });
  assert.equal(bindings.update(aor, rebooted, 1).kind, 'ok');
});

test('one contact out of order leaves the others of its request unregistered', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone)], { callId: 'c', cseq: 7 }), 0);
  const mixed = registration([contact(laptop), contact(phone)], { callId: 'c', cseq: 3 });
  assert.equal(bindings.update(aor, mixed, 1).kind, 'outOfOrder');
  assert.deepEqual(uris(bindings.of(aor, 1)), [phone]);
});

test('a client that reconnects replaces its flow, whatever its new address', () => {
  const bindings = new Bindings();
  const flow = { instance: '<urn:uuid:1>', regId: '1' };
  bindings.update(aor, registration([contact(phone, flow)], { path: ['<sip:old@edge>'] }), 0);
  bindings.update(aor, registration([contact(laptop, flow)], { path: ['<sip:new@edge>'] }), 1);
  const [only, ...others] = bindings.of(aor, 1);
  assert.equal(others.length, 0);
  assert.equal(only?.uri, laptop);
  assert.deepEqual(only?.path, ['<sip:new@edge>']);
});

test('a second flow of the same instance is a second binding', () => {
  const bindings = new Bindings();
  for (const regId of ['1', '2']) {
    bindings.update(aor, registration([contact(phone, { instance: '<urn:uuid:1>', regId })]), 0);
  }
  assert.equal(bindings.of(aor, 0).length, 2);
});

test('bindings end by themselves, to the millisecond', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone, { lifetime: 60 })]), 0);
  assert.equal(bindings.of(aor, 59_999).length, 1);
  assert.equal(bindings.of(aor, 60_000).length, 0);
});

test('a sweep drops what has ended, a bounded number of users at a time', () => {
  const bindings = new Bindings();
  for (let i = 0; i < 100; i++) {
    bindings.update(`user${i}@contoso.com`, registration([contact(phone, { lifetime: 60 })]), 0);
  }
  assert.equal(bindings.sweep(60_000, 30), 30);
  assert.equal(bindings.size, 70);
  for (let i = 0; i < 4; i++) bindings.sweep(60_000, 30);
  assert.equal(bindings.size, 0);
  assert.equal(bindings.users, 0);
});

test('a user has at most so many bindings, and refreshes still pass', () => {
  const bindings = new Bindings({ perUser: 2, total: 10 });
  bindings.update(aor, registration([contact(phone), contact(laptop)]), 0);
  const third = registration([contact('sip:alice@192.0.2.3')]);
  assert.equal(bindings.update(aor, third, 1).kind, 'tooMany');
  assert.equal(bindings.update(aor, registration([contact(phone)]), 1).kind, 'ok');
  assert.deepEqual(uris(bindings.of(aor, 1)).length, 2);
});

test('the server has at most so many bindings', () => {
  const bindings = new Bindings({ perUser: 5, total: 2 });
  bindings.update('a@contoso.com', registration([contact(phone)]), 0);
  bindings.update('b@contoso.com', registration([contact(phone)]), 0);
  assert.equal(bindings.update('c@contoso.com', registration([contact(phone)]), 0).kind, 'tooMany');
  assert.equal(bindings.update('a@contoso.com', registration([contact(phone)]), 0).kind, 'ok');
});

test('what was registered over a connection goes with it', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone)], { connection: 'one' }), 0);
  bindings.update(aor, registration([contact(laptop)], { connection: 'two' }), 0);
  bindings.removeConnection('one');
  assert.deepEqual(uris(bindings.of(aor, 0)), [laptop]);
  bindings.removeConnection('unknown');
  assert.equal(bindings.size, 1);
});

test('a binding that moved to another connection does not go with the old one', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone)], { connection: 'old' }), 0);
  bindings.update(aor, registration([contact(phone)], { connection: 'new' }), 1);
  bindings.removeConnection('old');
  assert.deepEqual(uris(bindings.of(aor, 1)), [phone]);
});

test('a binding found dead is removed, unless its client has refreshed it meanwhile', () => {
  const bindings = new Bindings();
  bindings.update(aor, registration([contact(phone)]), 0);
  const [dead] = bindings.of(aor, 0);
  assert.ok(dead);
  bindings.update(aor, registration([contact(phone)]), 1);
  bindings.remove(aor, dead);
  assert.equal(bindings.of(aor, 1).length, 1);
  const [fresh] = bindings.of(aor, 1);
  assert.ok(fresh);
  bindings.remove(aor, fresh);
  assert.equal(bindings.of(aor, 1).length, 0);
});

test('however updates, closures and sweeps mix, the count is the sum of the bindings', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('set' as const),
      user: fc.integer({ min: 0, max: 3 }),
      place: fc.integer({ min: 0, max: 4 }),
      connection: fc.integer({ min: 0, max: 2 }),
      lifetime: fc.constantFrom(0, 60, 3600),
    }),
    fc.record({ kind: fc.constant('star' as const), user: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ kind: fc.constant('close' as const), connection: fc.integer({ min: 0, max: 2 }) }),
    fc.record({ kind: fc.constant('sweep' as const), budget: fc.integer({ min: 1, max: 3 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const bindings = new Bindings({ perUser: 4, total: 12 });
      let now = 0;
      for (const action of steps) {
        now += 30_000;
        if (action.kind === 'close') bindings.removeConnection(`c${action.connection}`);
        else if (action.kind === 'sweep') bindings.sweep(now, action.budget);
        else {
          const contacts =
            action.kind === 'star'
              ? '*'
              : [contact(`sip:u@192.0.2.${action.place}`, { lifetime: action.lifetime })];
          const connection = action.kind === 'star' ? undefined : `c${action.connection}`;
          bindings.update(`u${action.user}`, registration(contacts, { connection }), now);
        }
      }
      // A second round finishes the sweep the steps may have left half done.
      for (let round = 0; round < 2; round++) bindings.sweep(now, 100);
      const found = [0, 1, 2, 3].flatMap((user) => bindings.of(`u${user}`, now));
      assert.equal(bindings.size, found.length);
      assert.ok(found.every(({ expiresAt }) => expiresAt > now));
    }),
    { numRuns: 200 },
  );
});
