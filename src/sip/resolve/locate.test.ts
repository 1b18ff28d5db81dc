import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '#base';
import { inOrder, locate } from './locate.ts';
import type { Naptr, Resolver, Srv, Wanted } from './locate.ts';

/** A zone: records by name. */
interface Zone {
  readonly naptr?: Readonly<Record<string, readonly Naptr[]>>;
  readonly srv?: Readonly<Record<string, readonly Srv[]>>;
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
}

function resolverOf(zone: Zone, asked: string[] = []): Resolver {
  const look =
    <Found>(kind: string, records: Readonly<Record<string, readonly Found[]>> = {}) =>
    (name: string) => {
      asked.push(`${kind} ${name}`);
      return Promise.resolve(records[name] ?? []);
    };
  return {
    naptr: look('NAPTR', zone.naptr),
    srv: look('SRV', zone.srv),
    addresses: look('A', zone.addresses),
  };
}

const defaultPort = 15_061;

async function found(wanted: Wanted, zone: Zone, asked?: string[]): Promise<readonly string[]> {
  const { by, places } = await locate(wanted, {
    resolver: resolverOf(zone, asked),
    random: () => 0.5,
    clock: new ManualClock(),
    patience: 1000,
    defaultPort,
  });
  return [by, ...places.map(({ address, port }) => `${address} ${port}`)];
}

const fails = () => Promise.reject(new Error('queryNaptr ESERVFAIL example.com'));

const naptr = (
  service: string,
  replacement: string,
  order = 10,
  preference = 10,
  flags = 's',
): Naptr => ({ order, preference, flags, service, replacement });
const srv = (name: string, priority = 0, weight = 0, port = 15_443): Srv => ({
  priority,
  weight,
  port,
  name,
});

suite('the servers of a domain (RFC 3263 4)', () => {
  const addresses = { 'a.example': ['192.0.2.1'], 'b.example': ['192.0.2.2', '2001:db8::2'] };

  test('an address is taken as it is, with its port or the default one, and nobody is asked', async () => {
    const asked: string[] = [];
    assert.deepEqual(await found({ host: '192.0.2.9' }, {}, asked), ['address', '192.0.2.9 15061']);
    assert.deepEqual(await found({ host: '[2001:db8::9]', port: 9 }, {}, asked), [
      'address',
      '2001:db8::9 9',
    ]);
    assert.deepEqual(asked, []);
  });

  test('a port asks for addresses only', async () => {
    const asked: string[] = [];
    assert.deepEqual(await found({ host: 'b.example', port: 9 }, { addresses }, asked), [
      'port',
      '192.0.2.2 9',
      '2001:db8::2 9',
    ]);
    assert.deepEqual(asked, ['A b.example']);
  });

  test('NAPTR records lead on by order and preference, those for other transports not', async () => {
    const zone: Zone = {
      naptr: {
        'example.com': [
          naptr('SIP+D2U', '_sip._udp.example.com', 1),
          naptr('SIPS+D2T', '_late.example.com', 30),
          naptr('sips+d2t', '_second.example.com', 20, 20, 'S'),
          naptr('SIPS+D2T', '_first.example.com', 20, 10),
          naptr('SIPS+D2T', '_regexp.example.com', 1, 1, 'u'),
        ],
      },
      // The preferred one has no servers: the next is asked.
      srv: { '_second.example.com': [srv('b.example', 2), srv('a.example', 1, 0, 7)] },
      addresses,
    };
    const asked: string[] = [];
    assert.deepEqual(await found({ host: 'example.com' }, zone, asked), [
      'NAPTR',
      '192.0.2.1 7',
      '192.0.2.2 15443',
      '2001:db8::2 15443',
    ]);
    assert.deepEqual(asked.slice(0, 3), [
      'NAPTR example.com',
      'SRV _first.example.com',
      'SRV _second.example.com',
    ]);
  });

  test('without NAPTR records _sips._tcp leads on, and without that the domain itself', async () => {
    const withSrv: Zone = { srv: { '_sips._tcp.example.com': [srv('a.example')] }, addresses };
    assert.deepEqual(await found({ host: 'example.com' }, withSrv), ['SRV', '192.0.2.1 15443']);
    assert.deepEqual(await found({ host: 'a.example' }, { addresses }), [
      'host',
      '192.0.2.1 15061',
    ]);
    assert.deepEqual(await found({ host: 'nowhere.example' }, {}), ['host']);
  });

  test('a record that names the root says that there is no such service', async () => {
    const zone: Zone = { srv: { '_sips._tcp.example.com': [srv('.')] }, addresses };
    assert.deepEqual(await found({ host: 'example.com' }, zone), ['SRV']);
  });

  test('hundreds of servers are followed to the tenth, and to the twentieth address', async () => {
    const many = Array.from({ length: 300 }, (_, index) => srv(`s${index}.example`));
    const each = Object.fromEntries(
      many.map(({ name }) => [name, ['192.0.2.1', '192.0.2.2', '192.0.2.3']]),
    );
    const asked: string[] = [];
    const zone: Zone = { srv: { '_sips._tcp.example.com': many }, addresses: each };
    assert.equal((await found({ host: 'example.com' }, zone, asked)).length, 1 + 20);
    assert.equal(asked.length, 2 + 10);
  });

  test('a DNS that says nothing is waited for no longer than told, one that fails not at all', async () => {
    const clock = new ManualClock();
    const never = new Promise<never>(() => {});
    const silent: Resolver = { naptr: () => never, srv: () => never, addresses: () => never };
    const finding = { random: Math.random, clock, patience: 1000, defaultPort };
    const waiting = locate({ host: 'example.com' }, { ...finding, resolver: silent });
    clock.advance(1000);
    await assert.rejects(waiting, /the DNS said nothing about example\.com in 1000 ms/u);
    const failing: Resolver = { naptr: fails, srv: fails, addresses: fails };
    await assert.rejects(
      locate({ host: 'example.com' }, { ...finding, resolver: failing }),
      /ESERVFAIL/u,
    );
    assert.equal(clock.pending, 0);
  });
});

suite('the order of SRV records (RFC 2782)', () => {
  const record = fc.record({
    priority: fc.integer({ min: 0, max: 3 }),
    weight: fc.integer({ min: 0, max: 65_535 }),
    port: fc.constant(1),
    name: fc.string(),
  });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('loses and doubles none, and never puts a higher priority before a lower one', () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 20 }),
        fc.infiniteStream(random),
        (records, luck) => {
          const ordered = inOrder(records, () => luck.next().value ?? 0);
          assert.equal(new Set(ordered).size, new Set(records).size);
          assert.equal(ordered.length, records.length);
          for (const [index, { priority }] of ordered.entries()) {
            assert.ok(priority >= (ordered[index - 1]?.priority ?? 0));
          }
        },
      ),
    );
  });

  test('draws each first as often as its weight says, those of weight 0 hardly ever', () => {
    const records = [srv('heavy', 0, 75), srv('light', 0, 25), srv('last', 0, 0)];
    const first = new Map<string, number>();
    // Every luck there is, in equal steps.
    for (let step = 0; step < 1010; step += 1) {
      const name = inOrder(records, () => step / 1010)[0]?.name ?? '';
      first.set(name, (first.get(name) ?? 0) + 1);
    }
    assert.deepEqual(Object.fromEntries(first), { last: 10, light: 250, heavy: 750 });
  });
});
