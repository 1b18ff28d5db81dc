import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ManualClock, alone, type Siblings } from '#base';
import { MemoryWire, request } from '../proxy/memory.fixture.ts';
import type { Peer } from '../transport/connection.ts';
import { defaultSipLimits } from '../transport/limits.ts';
import type { SipLimits } from '../transport/limits.ts';
import { Gatekeeper } from './gatekeeper.ts';
import { saysEmergency } from './priority.ts';

const gateway = { kind: 'server', fqdn: 'gw.example.net' } as const;
const edge: Peer = { kind: 'server', fqdn: 'edge.example.net' };
const client: Peer = { kind: 'client' };

function gatekeeper(
  limits: Partial<SipLimits> = {},
  clock = new ManualClock(1_000_000),
  siblings: Siblings = alone(clock),
): Gatekeeper {
  return new Gatekeeper({
    clock,
    limits: { ...defaultSipLimits, maxUnfinished: 160, ...limits },
    seed: 1,
    siblings,
    vouches: (fqdn) => fqdn === gateway.fqdn,
    peerRate: (fqdn) => (fqdn === gateway.fqdn ? { burst: 3, perSecond: 1 } : undefined),
  });
}

function wire(peer: Peer, address = '192.0.2.1'): MemoryWire {
  const local = { address: '127.0.0.1', port: 15_061 };
  return new MemoryWire('w', peer, 'sip', local, { address, port: 40_000 });
}

const bye = () => request('BYE', { toTag: 'b1' });
const registers = () => request('REGISTER', { toTag: 'b1' });
const ask = () => request('OPTIONS', { uri: 'sip:proxy.example.net' });
const help = () => request('INVITE', { uri: 'urn:service:sos' });

/** What becomes of that many requests of a kind. */
function turned(
  keeper: Gatekeeper,
  count: number,
  from: MemoryWire,
  make = () => request('MESSAGE'),
  unfinished = 0,
): (string | undefined)[] {
  return Array.from({ length: count }, () => keeper.turnsAway(make(), from, unfinished)?.code);
}

const taken = (codes: readonly (string | undefined)[]): number =>
  codes.filter((code) => code === undefined).length;

const withPriority = (value: string) => request('MESSAGE', { more: [['Priority', value]] });

/** An event loop that comes to every timer that late while requests come in. */
function strained(late: number, looks: number, requests: number): Gatekeeper {
  const clock = new LateClock(1_000_000, late);
  const keeper = gatekeeper({}, clock);
  keeper.start();
  for (let look = 0; look < looks; look += 1) {
    turned(keeper, requests, wire(edge));
    clock.advance(100 + late);
  }
  keeper.close();
  return keeper;
}

/** How many of a hundred requests it then refuses. */
const refused = (late: number, make?: () => ReturnType<typeof request>): number =>
  100 - taken(turned(strained(late, 60, 60), 100, wire(edge), make));

/** How many of a hundred new requests, and of a hundred inside dialogs, are taken. */
const takenAt = (unfinished: number): [number, number] => [
  taken(turned(gatekeeper(), 100, wire(edge), undefined, unfinished)),
  taken(turned(gatekeeper(), 100, wire(edge), bye, unfinished)),
];

suite('the gatekeeper', () => {
  test('counts all connections of one client address together, and of one IPv6 network', () => {
    const keeper = gatekeeper({ sourceRate: { burst: 4, perSecond: 1 } });
    assert.equal(taken(turned(keeper, 3, wire(client))), 3);
    assert.deepEqual(turned(keeper, 2, wire(client)), [undefined, 'source-rate']);
    assert.equal(taken(turned(keeper, 9, wire(client, '192.0.2.2'))), 4);
    assert.equal(taken(turned(keeper, 4, wire(client, '2001:db8::1'))), 4);
    assert.equal(taken(turned(keeper, 1, wire(client, '2001:db8::2'))), 0);
    assert.equal(keeper.dump().bySource, 7);
  });

  test('holds a trusted server to its rate, on all its connections, and no other server', () => {
    const keeper = gatekeeper();
    assert.equal(taken(turned(keeper, 5, wire(gateway))), 3);
    assert.deepEqual(turned(keeper, 1, wire(gateway)), ['peer-rate']);
    assert.equal(taken(turned(keeper, 5000, wire(edge))), 5000);
    assert.deepEqual(keeper.dump().byPeer, { 'gw.example.net': 3 });
  });

  test('finds room for what belongs to a dialog when new requests have used up theirs', () => {
    const keeper = gatekeeper();
    turned(keeper, 3, wire(gateway));
    assert.equal(taken(turned(keeper, 5, wire(gateway), bye)), 3);
    assert.equal(taken(turned(keeper, 1, wire(gateway), registers)), 0);
  });

  test('takes emergencies of those it believes on a budget of their own, and of nobody else', () => {
    const limits = {
      emergencyRate: { burst: 2, perSecond: 1 },
      sourceRate: { burst: 1, perSecond: 1 },
    };
    const keeper = gatekeeper(limits);
    turned(keeper, 3, wire(gateway));
    assert.equal(taken(turned(keeper, 5, wire(gateway), help)), 2);
    assert.equal(taken(turned(keeper, 5, wire(client), help)), 1);
    assert.equal(keeper.dump().emergencies, 2);
  });

  test('answers a trusted server that asks whether we live under any load, and no Edge or client', () => {
    const keeper = gatekeeper();
    assert.equal(taken(turned(keeper, 50, wire(gateway), ask, 160)), 50);
    assert.equal(taken(turned(keeper, 50, wire(edge), ask, 160)), 0);
    assert.equal(taken(turned(keeper, 50, wire(client), ask, 160)), 0);
  });
});

suite('under overload', () => {
  test('the more requests are unfinished, the more new ones are refused, then those in dialogs', () => {
    assert.deepEqual(takenAt(80), [100, 100]);
    assert.deepEqual(takenAt(90), [75, 100]);
    assert.deepEqual(takenAt(120), [0, 100]);
    assert.deepEqual(takenAt(130), [0, 75]);
    assert.deepEqual(takenAt(160), [0, 0]);
  });

  test('an emergency is the last to be refused, and everything is counted by its class', () => {
    const keeper = gatekeeper();
    assert.equal(taken(turned(keeper, 5, wire(gateway), help, 159)), 5);
    assert.equal(taken(turned(keeper, 5, wire(gateway), help, 160)), 0);
    turned(keeper, 4, wire(edge), undefined, 160);
    turned(keeper, 3, wire(edge), bye, 160);
    assert.deepEqual(keeper.dump().shed, { new: 4, dialog: 3, emergency: 5 });
  });

  test('a lasting delay of the event loop refuses new requests, a longer one those in dialogs too', () => {
    assert.equal(refused(90), 0);
    assert.ok(refused(175) >= 45 && refused(175) <= 50);
    assert.equal(refused(400), 100);
    assert.equal(refused(240, bye), 0);
    assert.ok(refused(625, bye) > 40);
  });

  test('one long stall refuses nobody, nor does a slow machine with nothing to refuse', () => {
    assert.equal(taken(turned(strained(450, 1, 60), 100, wire(edge))), 100);
    assert.equal(taken(turned(strained(2_000, 60, 10), 100, wire(edge))), 100);
  });

  test('a clock that jumps an hour is no delay', () => {
    assert.equal(taken(turned(strained(3_600_000, 5, 60), 100, wire(edge))), 100);
  });
});

test('an emergency says so in its Request-URI, its To or its Priority, in letters of either case', () => {
  assert.ok(saysEmergency(request('INVITE', { uri: 'urn:service:sos' })));
  assert.ok(saysEmergency(request('INVITE', { uri: 'URN:Service:SOS.fire' })));
  assert.ok(saysEmergency(withPriority('Emergency')));
  assert.ok(!saysEmergency(withPriority('urgent')));
  assert.ok(!saysEmergency(request('INVITE', { uri: 'urn:service:sosnot' })));
  assert.ok(!saysEmergency(request('INVITE')));
});

/** Timers come that many milliseconds after they are due. */
class LateClock extends ManualClock {
  readonly #late: number;

  constructor(now: number, late: number) {
    super(now);
    this.#late = late;
  }

  override after(milliseconds: number, run: () => void): () => void {
    return super.after(milliseconds + this.#late, run);
  }
}
