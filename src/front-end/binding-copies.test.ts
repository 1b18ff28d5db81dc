import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { ManualClock, SiblingCircle, type CircleMember } from '#base';
import { BindingCopies } from './binding-copies.ts';
import { Bindings } from './policy/bindings.ts';

const aor = 'alice@contoso.com';
const phone = 'sip:alice@192.0.2.1';
const laptop = 'sip:alice@192.0.2.2';

let clock: ManualClock;
let circle: SiblingCircle;

/** One process of a Front End, as far as bindings go. */
class Process {
  readonly siblings: CircleMember;
  readonly bindings: Bindings;
  readonly copies: BindingCopies;
  #calls = 0;

  constructor() {
    this.siblings = circle.join();
    this.bindings = new Bindings(undefined, (changes) => this.copies.tell(changes));
    this.copies = new BindingCopies(this.siblings, clock, this.bindings);
  }

  /** Registers over a connection of this process, or along a Path when there is none. */
  register(uri: string, lifetime = 3600, connection?: number, user = aor): void {
    this.#calls += 1;
    const contact = { uri, q: 0.5, instance: '<urn:uuid:1>', regId: uri.slice(-1), lifetime };
    const by =
      connection === undefined
        ? { path: ['<sip:token@edge01.contoso.net;lr>'], connection: undefined }
        : { path: [], connection: `${this.siblings.name}${connection}` };
    const callId = `${this.siblings.name}-${this.#calls}`;
    const asked = { contacts: [contact], ...by, callId, cseq: 1 };
    assert.equal(this.bindings.update(user, asked, clock.now()).kind, 'ok');
  }

  /** Where the user can be reached, in an order that does not matter. */
  get places(): unknown[] {
    return this.bindings
      .of(aor, clock.now())
      .map((binding) => ({ ...binding }))
      .toSorted((a, b) => (a.uri < b.uri ? -1 : 1));
  }
}

/** What was told has arrived. */
async function told(): Promise<void> {
  for (let i = 0; i < 4; i++) await Promise.resolve();
}

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  circle = new SiblingCircle(clock);
});

test('who registers at one process is known to all, with everything that was said', async () => {
  const [one, two] = [new Process(), new Process()];
  one.register(phone, 3600, 7);
  two.register(laptop);
  await told();
  assert.equal(one.places.length, 2);
  assert.deepEqual(two.places, one.places);
});

test('a refresh, a removal, the star and the end of a connection arrive, too', async () => {
  const [one, two] = [new Process(), new Process()];
  const alike = async (count: number): Promise<void> => {
    await told();
    assert.equal(one.places.length, count);
    assert.deepEqual(two.places, one.places);
    clock.advance(1000);
  };
  one.register(phone, 3600, 1);
  one.register(laptop, 3600, 2);
  await alike(2);
  one.register(phone, 600, 1);
  await alike(2);
  one.bindings.removeConnection(`${one.siblings.name}2`);
  await alike(1);
  one.register(phone, 0, 1);
  await alike(0);
  two.register(phone);
  two.register(laptop);
  await alike(2);
  const everything = {
    contacts: '*',
    path: [],
    connection: undefined,
    callId: 'x',
    cseq: 1,
  } as const;
  one.bindings.update(aor, everything, clock.now());
  await alike(0);
});

test('a client that moved to another process is not removed with its old connection', async () => {
  const [one, two] = [new Process(), new Process()];
  one.register(phone, 3600, 1);
  await told();
  clock.advance(10);
  two.register(phone, 3600, 1);
  one.bindings.removeConnection(`${one.siblings.name}1`);
  await told();
  assert.equal(one.places.length, 1);
  assert.deepEqual(one.places, two.places);
});

test('a binding that proved dead is dropped by all', async () => {
  const [one, two] = [new Process(), new Process()];
  one.register(phone);
  await told();
  const [dead] = two.bindings.of(aor, clock.now());
  assert.ok(dead);
  two.bindings.remove(aor, dead);
  await told();
  assert.deepEqual([one.places, two.places], [[], []]);
});

test('copies expire by themselves', async () => {
  const [one, two] = [new Process(), new Process()];
  one.register(phone, 60);
  await told();
  clock.advance(60_000);
  assert.deepEqual([one.places, two.places], [[], []]);
});

test('a process that joins is told all there is, page by page', async () => {
  const one = new Process();
  for (let user = 0; user < 1000; user += 1)
    one.register(phone, 3600, user, `u${user}@contoso.com`);
  const late = new Process();
  for (let turn = 0; turn < 10; turn += 1) {
    await told();
    clock.advance(1);
  }
  assert.equal(late.bindings.size, 1000);
  assert.equal(clock.pending, 0);
});

test('a process opens its sockets when the others have told all they have, and no sooner', async () => {
  const one = new Process();
  for (let user = 0; user < 300; user += 1) one.register(phone, 3600, user, `u${user}@contoso.com`);
  const late = new Process();
  let known = 0;
  const started = late.copies.start().then(() => (known = late.bindings.size));
  await told();
  assert.equal(known, 0);
  clock.advance(1);
  await started;
  assert.equal(known, 300);
});

test('a process does not wait for one that dies meanwhile, nor for ever', async () => {
  const [one, two] = [new Process(), circle.join()];
  const late = new Process();
  const started = late.copies.start();
  one.siblings.leave();
  await told();
  // The other one never tells anything.
  assert.deepEqual([...late.siblings.others], [two.name]);
  clock.advance(10_000);
  await started;
});

test('a process that is alone waits for nobody', async () => {
  await new Process().copies.start();
  assert.equal(clock.pending, 0);
});

test('with a process that dies go the bindings of its clients, not those of clients of an Edge', async () => {
  const [one, two] = [new Process(), new Process()];
  one.register(phone, 3600, 1);
  one.register(laptop);
  await told();
  one.siblings.leave();
  assert.deepEqual(
    two.bindings.of(aor, clock.now()).map(({ uri }) => uri),
    [laptop],
  );
});

test('what no process of this version tells changes nothing', async () => {
  const [one, two] = [new Process(), new Process()];
  one.register(phone);
  await told();
  for (const said of [null, 'x', [[]], [[['put', aor], [], []]], [[[], [1, 2, 3, 4], ['x']]]]) {
    one.siblings.tellAll('front-end:bindings', said);
  }
  await told();
  assert.equal(two.places.length, 1);
});

test('whatever happens at two processes at a time, their copies end up alike', async () => {
  const step = fc.record({
    at: fc.integer({ min: 0, max: 1 }),
    place: fc.integer({ min: 1, max: 3 }),
    lifetime: fc.constantFrom(0, 3600),
    connection: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    closes: fc.boolean(),
    /** Whether the others hear of it before the next thing happens. */
    heard: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      circle = new SiblingCircle(clock);
      const processes = [new Process(), new Process()];
      for (const { at, place, lifetime, connection, closes, heard } of steps) {
        const process = processes[at];
        assert.ok(process);
        if (closes) process.bindings.removeConnection(`${process.siblings.name}${place}`);
        else process.register(`sip:alice@192.0.2.${place}`, lifetime, connection);
        if (heard) await told();
        clock.advance(1);
      }
      await told();
      assert.deepEqual(processes[0]?.places, processes[1]?.places);
    }),
    { numRuns: 300 },
  );
});
